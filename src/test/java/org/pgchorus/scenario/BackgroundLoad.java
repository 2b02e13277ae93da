package org.pgchorus.scenario;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/** One client on each node, writing to the same rows until it is closed. */
final class BackgroundLoad implements AutoCloseable {
    private static final int KEYS = 40;

    /** Fast enough to meet everything, and slow enough for a machine that does much else. */
    private static final String PACE = "SELECT pg_sleep(0.01)";

    private final List<Thread> clients = new ArrayList<>();
    private final AtomicLong written = new AtomicLong();
    private final AtomicReference<Exception> failure = new AtomicReference<>();
    private volatile boolean closed;

    /** Writes to tables t (id, v), d (id, n) and log (line). */
    BackgroundLoad(TestGroup group) {
        long seed = System.nanoTime();
        System.out.println("background load: seed " + seed);
        for (int node = 0; node < group.size(); node++) {
            int here = node;
            Random random = new Random(seed + node);
            clients.add(Thread.ofVirtual().start(() -> write(group, here, random)));
        }
    }

    private void write(TestGroup group, int node, Random random) {
        try (Connection connection = group.connect(node);
                Statement statement = connection.createStatement()) {
            for (long i = 0; !closed; i++) {
                try {
                    statement.execute(change(node, i, random));
                    written.incrementAndGet();
                    statement.execute(PACE);
                } catch (SQLException e) {
                    // A deadlock with what is applied: the client's to repeat.
                    if (!"40P01".equals(e.getSQLState())) {
                        throw e;
                    }
                }
            }
        } catch (SQLException e) {
            failure.set(e);
        }
    }

    private static String change(int node, long number, Random random) {
        int key = 1 + random.nextInt(KEYS);
        return switch (random.nextInt(5)) {
            case 0 -> "DELETE FROM t WHERE id = " + key;
            case 1 -> "UPDATE d SET n = n + 1 WHERE id = " + (1 + random.nextInt(3));
            case 2 -> "INSERT INTO log VALUES ('%d %d')".formatted(node, number);
            default ->
                    """
                    INSERT INTO t VALUES (%d, '%d %d')
                    ON CONFLICT (id) DO UPDATE SET v = excluded.v\
                    """
                            .formatted(key, node, number);
        };
    }

    /** Waits until so many more changes are written. */
    void awaitMore(long changes) {
        long before = written.get();
        TestGroup.await("clients write", () -> written.get() >= before + changes || isBroken());
    }

    private boolean isBroken() {
        if (failure.get() != null) {
            throw new IllegalStateException(failure.get());
        }
        return false;
    }

    @Override
    public void close() {
        end();
    }

    /** Ends all clients; what they wrote is committed. */
    void end() {
        closed = true;
        for (Thread client : clients) {
            try {
                client.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(e);
            }
        }
        isBroken();
    }
}
