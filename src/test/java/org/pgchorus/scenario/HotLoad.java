package org.pgchorus.scenario;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One client a node that updates, upserts and deletes rows of table {@code hot} at random, until it
 * is closed. Prints its seed.
 */
final class HotLoad implements AutoCloseable {
    private static final String UPSERT =
            """
            INSERT INTO hot (id, v) VALUES (?, ?)
            ON CONFLICT (id) DO UPDATE SET v = excluded.v, n = hot.n + 1\
            """;

    private final TestGroup group;
    private final int keys;
    private final long seed = System.nanoTime();
    private final List<Thread> clients = new ArrayList<>();
    private final AtomicLong changes = new AtomicLong();
    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private volatile boolean stop;

    /** Clients on the first nodes. */
    HotLoad(TestGroup group, int nodes, int keys) {
        System.out.println("hot load seed " + seed);
        this.group = group;
        this.keys = keys;
        for (int node = 0; node < nodes; node++) {
            alsoOn(node);
        }
    }

    /** One more client. */
    void alsoOn(int node) {
        clients.add(Thread.ofVirtual().start(() -> client(node)));
    }

    /** Waits until so many more changes were committed. */
    void awaitMore(long more) {
        long wanted = changes.get() + more;
        TestGroup.await("more changes", () -> changes.get() >= wanted || !failures.isEmpty());
    }

    private void client(int node) {
        Random dice = new Random(seed + node);
        try (Connection connection = group.connect(node)) {
            while (!stop) {
                change(connection, dice);
                changes.incrementAndGet();
                Thread.sleep(2);
            }
        } catch (SQLException | RuntimeException e) {
            failures.add(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void change(Connection connection, Random dice) throws SQLException {
        int key = 1 + dice.nextInt(keys);
        String value = Long.toHexString(dice.nextLong());
        switch (dice.nextInt(5)) {
            case 0 -> execute(connection, "DELETE FROM hot WHERE id = ?", key);
            case 1, 2 -> execute(connection, UPSERT, key, value);
            default -> execute(connection, "UPDATE hot SET v = ? WHERE id = ?", value, key);
        }
    }

    private static void execute(Connection connection, String sql, Object... values)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            statement.executeUpdate();
        }
    }

    /** Ends the clients; what any of them met is an error. */
    @Override
    public void close() {
        stop = true;
        for (Thread client : clients) {
            try {
                client.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
        if (!failures.isEmpty()) {
            throw new IllegalStateException("seed " + seed, failures.peek());
        }
    }
}
