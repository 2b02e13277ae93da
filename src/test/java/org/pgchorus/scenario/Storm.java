package org.pgchorus.scenario;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Clients that write at random on all nodes of a group: inserts, updates, deletes, upserts,
 * re-inserts, key changes and large values on few keys, and a log without a key.
 */
final class Storm implements AutoCloseable {
    static final String SCHEMA =
            """
            CREATE TABLE hot (id int PRIMARY KEY, v text, n bigint NOT NULL DEFAULT 0, big text);
            CREATE TABLE pair (a int, b numeric, v text, PRIMARY KEY (a, b));
            CREATE TABLE log (line text NOT NULL);
            """;

    private static final int KEYS = 50;

    /** Expected while servers are killed and rows fought over. */
    private static final List<String> EXPECTED =
            List.of("23505", "40001", "40P01", "57P01", "57P02", "57P03", "08", "55P03");

    private final TestGroup group;
    private final Random random;
    private final List<Thread> clients;
    private final Queue<String> acknowledged = new ConcurrentLinkedQueue<>();
    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private final AtomicLong transactions = new AtomicLong();
    private final AtomicInteger lines = new AtomicInteger();
    private volatile boolean stop;

    /** Clients on every node. */
    Storm(TestGroup group, long seed, int clientsPerNode) {
        this(group, group.size(), seed, clientsPerNode);
    }

    /** Clients on the first nodes. */
    Storm(TestGroup group, int nodes, long seed, int clientsPerNode) {
        this.group = group;
        random = new Random(seed);
        clients =
                java.util.stream.IntStream.range(0, nodes * clientsPerNode)
                        .mapToObj(i -> {
                            long own = random.nextLong();
                            int node = i % nodes;
                            return Thread.ofVirtual().start(() -> client(node, new Random(own)));
                        })
                        .toList();
    }

    /** Lines of the log whose commit was confirmed to a client. */
    List<String> acknowledged() {
        return List.copyOf(acknowledged);
    }

    long transactions() {
        return transactions.get();
    }

    /** What clients met that they should not have. */
    List<Throwable> failures() {
        return List.copyOf(failures);
    }

    @Override
    public void close() {
        stop = true;
        for (Thread client : clients) {
            boolean ended = false;
            while (!ended) {
                try {
                    client.join();
                    ended = true;
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return;
                }
            }
        }
    }

    private void client(int node, Random dice) {
        while (!stop) {
            try (Connection connection = group.connect(node)) {
                connection.setAutoCommit(false);
                while (!stop) {
                    transaction(connection, node, dice);
                }
            } catch (SQLException e) {
                if (!isExpected(e)) {
                    failures.add(e);
                }
            } catch (RuntimeException | Error e) {
                failures.add(e);
                return;
            }
            pause(50);
        }
    }

    private static boolean isExpected(SQLException e) {
        String state = String.valueOf(e.getSQLState());
        return EXPECTED.stream().anyMatch(state::startsWith);
    }

    private static void pause(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void transaction(Connection connection, int node, Random dice) throws SQLException {
        String line = "line " + lines.incrementAndGet() + " of " + node;
        boolean logs = dice.nextInt(4) == 0;
        try {
            for (int i = dice.nextInt(3); i >= 0; i--) {
                change(connection, dice);
            }
            if (logs) {
                execute(connection, "INSERT INTO log VALUES (?)", line);
            }
            connection.commit();
            transactions.incrementAndGet();
            if (logs) {
                acknowledged.add(line);
            }
        } catch (SQLException e) {
            if (!isExpected(e) || String.valueOf(e.getSQLState()).startsWith("08")) {
                throw e;
            }
            connection.rollback();
        }
        pause(dice.nextInt(8));
    }

    private static void change(Connection connection, Random dice) throws SQLException {
        int key = dice.nextInt(KEYS);
        int other = dice.nextInt(KEYS);
        String value = Long.toHexString(dice.nextLong());
        switch (dice.nextInt(13)) {
            case 0 ->
                    execute(
                            connection,
                            "INSERT INTO hot VALUES (?, ?, 0, ?) ON CONFLICT DO NOTHING",
                            key,
                            value,
                            large(dice));
            case 1, 2 ->
                    execute(
                            connection,
                            "INSERT INTO hot (id, v) VALUES (?, ?)"
                                    + " ON CONFLICT (id) DO UPDATE SET v = excluded.v",
                            key,
                            value);
            case 3, 4 -> execute(connection, "UPDATE hot SET v = ? WHERE id = ?", value, key);
            case 5 -> execute(connection, "UPDATE hot SET big = ? WHERE id = ?", large(dice), key);
            case 6 -> execute(connection, "UPDATE hot SET n = n + 1 WHERE id = ?", key);
            case 7 -> execute(connection, "DELETE FROM hot WHERE id = ?", key);
            case 8 -> {
                execute(connection, "DELETE FROM hot WHERE id = ?", key);
                execute(connection, "INSERT INTO hot VALUES (?, ?, 1, ?)", key, value, large(dice));
            }
            case 9 -> execute(connection, "UPDATE hot SET id = ? WHERE id = ?", other, key);
            case 10 ->
                    execute(
                            connection,
                            "INSERT INTO pair VALUES (?, ? / 10.0, ?)"
                                    + " ON CONFLICT (a, b) DO UPDATE SET v = excluded.v",
                            key % 5,
                            other,
                            value);
            case 11 -> execute(connection, "DELETE FROM pair WHERE a = ? AND b < ?", key % 5, 2);
            default ->
                    execute(
                            connection,
                            "UPDATE pair SET b = b + 1.0, v = ? WHERE a = ?",
                            value,
                            key % 5);
        }
    }

    /** Too large and too random to be stored in the row. */
    private static String large(Random dice) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 400; i++) {
            text.append(Long.toHexString(dice.nextLong()));
        }
        return text.toString();
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
}
