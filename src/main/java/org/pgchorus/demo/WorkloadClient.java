package org.pgchorus.demo;

import org.pgchorus.config.NodeAddress;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;

import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * One client of the demo's shop, on one node with one connection.
 *
 * <p>In a hundred transactions: 45 place an order and log it; 15 book money on one of a few hot
 * accounts and 3 move it between two of them; 8 change some other account; 2 write a large note, so
 * that later updates leave a large value unchanged; 10 ship an order that any node placed and 2
 * delete one; 8 book a seat, 4 cancel and 3 swap one. Half of these go for the same seat at the
 * same time, whatever their node: it is booked twice, cancelled here and swapped there.
 *
 * <p>{@link #run} belongs to one thread; {@link #stop} and {@link #abort} may come from any.
 */
final class WorkloadClient implements Writers.Client {
    private static final int HOT_ACCOUNTS = 5;
    private static final int FLIGHTS = 2;
    private static final int SEATS = 36;

    /** For so long everybody runs after the same seat. */
    private static final long RUSH_MILLIS = 100;

    /** Random hexadecimal digits; more than fit into a page even when compressed. */
    private static final int NOTE_BLOCKS = 400;

    private static final long RECONNECT_MILLIS = 200;
    private static final long LATE_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** What clients of a busy shop have to expect: not serializable, deadlock, key taken. */
    private static final Set<String> EXPECTED = Set.of("40001", "40P01", "23505");

    private final Workload load;
    private final NodeAddress node;
    private final Writers.Pace pace;
    private final Random random;
    private final CountDownLatch stopped = new CountDownLatch(1);
    private volatile Session session;

    WorkloadClient(Workload load, NodeAddress node, Writers.Pace pace, long seed) {
        this.load = load;
        this.node = node;
        this.pace = pace;
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
            while (!stopped.await(next - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                attempt();
                next = Math.max(next + pace.periodNanos(), System.nanoTime() - LATE_NANOS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (PgError e) {
            load.failed("node %s: %s".formatted(node.name(), e.getMessage()));
        } finally {
            disconnect();
        }
    }

    private void attempt() throws InterruptedException {
        try {
            if (session == null) {
                session = Session.open(node.address(), "pgchorus demo");
            }
            session.inTransaction(() -> {
                if (write(random.nextInt(100)) == 0) {
                    order();
                }
                return 0;
            });
            load.committed(node.name());
        } catch (PgError e) {
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

    private void disconnect() {
        Session current = session;
        session = null;
        if (current != null) {
            current.close();
        }
    }

    /** Does what the dice say; returns how many rows it changed. */
    private int write(int dice) {
        if (dice < 45) {
            return order();
        } else if (dice < 60) {
            return book(1 + random.nextInt(HOT_ACCOUNTS), amount());
        } else if (dice < 63) {
            return transfer();
        } else if (dice < 71) {
            return book(1 + random.nextInt(Workload.ACCOUNTS), amount());
        } else if (dice < 73) {
            return note(1 + random.nextInt(HOT_ACCOUNTS));
        } else if (dice < 85) {
            return changeOrder(dice < 83);
        }
        return changeSeat(dice);
    }

    private int changeSeat(int dice) {
        long rush = System.currentTimeMillis() / RUSH_MILLIS;
        int place = random.nextBoolean() ? random.nextInt() : Long.hashCode(rush * 31);
        String flight = "CH" + (100 + Math.floorMod(place, FLIGHTS));
        String seat = seat(place);
        if (dice < 93) {
            return session.update(
                    "INSERT INTO seats VALUES (?, ?, ?)",
                    flight,
                    seat,
                    "customer %d via %s".formatted(random.nextInt(1000), node.name()));
        } else if (dice < 97) {
            return session.update("DELETE FROM seats WHERE flight = ? AND seat = ?", flight, seat);
        }
        return session.update(
                "UPDATE seats SET seat = ? WHERE flight = ? AND seat = ?",
                seat(random.nextInt()),
                flight,
                seat);
    }

    private static String seat(int place) {
        int number = Math.floorMod(place, SEATS);
        return (1 + number / 6) + String.valueOf((char) ('A' + number % 6));
    }

    private int order() {
        String id = new UUID(random.nextLong(), random.nextLong()).toString();
        int account = 1 + random.nextInt(Workload.ACCOUNTS);
        session.update(
                "INSERT INTO orders (id, account, amount, state) VALUES (?, ?, ?, 'placed')",
                id,
                account,
                amount());
        load.share(random.nextInt(), id);
        return session.update(
                "INSERT INTO events (node, what) VALUES (?, ?)",
                node.name(),
                "order %s for account %d".formatted(id, account));
    }

    private int book(int account, String amount) {
        return session.update(
                "UPDATE accounts SET balance = balance + ?::numeric, updated_by = ? WHERE id = ?",
                amount,
                node.name(),
                account);
    }

    private int transfer() {
        String amount = amount();
        int from = 1 + random.nextInt(HOT_ACCOUNTS);
        int to = 1 + random.nextInt(HOT_ACCOUNTS);
        return book(from, "-" + amount) + book(to, amount);
    }

    private int note(int account) {
        StringBuilder text = new StringBuilder("large note by ").append(node.name()).append(": ");
        for (int i = 0; i < NOTE_BLOCKS; i++) {
            text.append(Long.toHexString(random.nextLong()));
        }
        return session.update(
                "UPDATE accounts SET note = ?, updated_by = ? WHERE id = ?",
                text,
                node.name(),
                account);
    }

    private int changeOrder(boolean ship) {
        String sql =
                ship
                        ? "UPDATE orders SET state = 'shipped by ' || ?::text WHERE id = ?"
                        : "DELETE FROM orders WHERE ?::text IS NOT NULL AND id = ?";
        return load.sharedOrder(random.nextInt())
                .map(id -> session.update(sql, node.name(), id))
                .orElse(0);
    }

    private String amount() {
        return String.format(Locale.ROOT, "%.2f", 1 + random.nextInt(5000) / 100.0);
    }
}
