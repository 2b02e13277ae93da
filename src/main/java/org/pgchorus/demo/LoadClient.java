package org.pgchorus.demo;

import org.pgchorus.config.NodeAddress;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;

import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * One client of a {@link Load}, with one connection. A transaction either writes a row of its own,
 * or, for the share that is to conflict, counts up one of a few rows that all nodes go for at the
 * same time. A node that cannot be reached is tried again and again.
 *
 * <p>{@link #run} belongs to one thread; {@link #stop} and {@link #abort} may come from any.
 */
final class LoadClient implements Writers.Client {
    private static final int CONTESTED = 8;

    /** For so long everybody goes for the same row. */
    private static final long RUSH_MILLIS = 100;

    private static final long RECONNECT_MILLIS = 200;
    private static final long LATE_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** What clients have to expect: not serializable, deadlock, key taken. */
    private static final Set<String> EXPECTED = Set.of("40001", "40P01", "23505");

    private static final String OWN =
            "INSERT INTO pgchorus_load.entry (id, node, what) VALUES (?::uuid, ?, ?)";

    private static final String CONTEST =
            """
            INSERT INTO pgchorus_load.contested (id, count, node) VALUES (?::integer, 1, ?)
            ON CONFLICT (id) DO UPDATE SET count = contested.count + 1, node = excluded.node\
            """;

    private final Load load;
    private final NodeAddress node;
    private final Writers.Pace pace;
    private final int conflicts;
    private final Random random;
    private final CountDownLatch stopped = new CountDownLatch(1);
    private volatile Session session;

    LoadClient(Load load, NodeAddress node, Writers.Pace pace, int conflicts, long seed) {
        this.load = load;
        this.node = node;
        this.pace = pace;
        this.conflicts = conflicts;
        this.random = new Random(seed);
    }

    @Override
    public void stop() {
        stopped.countDown();
    }

    @Override
    public void abort() {
        Session current = session;
        if (current != null) {
            current.abort();
        }
    }

    @Override
    public void run() {
        long next = System.nanoTime() + pace.firstAfterNanos();
        try {
            while (!stopped.await(next - System.nanoTime(), TimeUnit.NANOSECONDS)
                    && load.takeOne()) {
                attempt();
                next = Math.max(next + pace.periodNanos(), System.nanoTime() - LATE_NANOS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (PgError e) {
            load.failed(node.name(), e);
        } finally {
            disconnect();
        }
    }

    private void attempt() throws InterruptedException {
        try {
            if (session == null) {
                session = Session.open(node.address(), "pgchorus load");
                // As clients commit; the sessions of the program itself do not wait for peers.
                session.execute("RESET synchronous_commit");
            }
            write();
            load.committed(node.name());
        } catch (PgError e) {
            load.giveBack();
            if (EXPECTED.contains(e.sqlState())) {
                load.refusedOne();
            } else if (e instanceof PgError.Busy) {
                disconnect();
                stopped.await(RECONNECT_MILLIS, TimeUnit.MILLISECONDS);
            } else {
                throw e;
            }
        }
    }

    private void write() {
        if (random.nextInt(100) < conflicts) {
            long rush = System.currentTimeMillis() / RUSH_MILLIS;
            session.update(CONTEST, 1 + Math.floorMod(rush * 31, CONTESTED), node.name());
        } else {
            session.update(
                    OWN,
                    new UUID(random.nextLong(), random.nextLong()),
                    node.name(),
                    Long.toHexString(random.nextLong()).repeat(4));
        }
    }

    private void disconnect() {
        Session current = session;
        session = null;
        if (current != null) {
            current.close();
        }
    }
}
