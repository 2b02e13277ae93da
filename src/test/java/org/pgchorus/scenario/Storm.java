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
 * Clients that write at random on all nodes of a group: {@link StormChanges}, a log without a key,
 * and values that are followed one by one ({@link StormTraces}).
 */
final class Storm implements AutoCloseable {
    /** The rows of all its tables, each by a question of its own. */
    static final List<String> TABLES =
            List.of(
                    "SELECT id, v, n, md5(big) FROM hot ORDER BY id",
                    "SELECT a, b, v FROM pair ORDER BY a, b",
                    "SELECT line FROM log ORDER BY line",
                    "SELECT * FROM person ORDER BY id",
                    "SELECT * FROM tally ORDER BY id",
                    "SELECT * FROM parent ORDER BY id",
                    "SELECT * FROM child ORDER BY id",
                    "SELECT * FROM ward ORDER BY id",
                    "SELECT * FROM traced ORDER BY id",
                    "SELECT * FROM summed ORDER BY id");

    static final String SCHEMA =
            StormChanges.SCHEMA + StormTraces.SCHEMA + "CREATE TABLE log (line text NOT NULL);";

    /** Expected while servers are killed, and rows, unique values and parents fought over. */
    private static final List<String> EXPECTED =
            List.of("23503", "23505", "40001", "40P01", "57P01", "57P02", "57P03", "08", "55P03");

    /** Faster than links can follow for long. */
    private static final int PACE_MILLIS = 8;

    private final TestGroup group;
    private final Random random;
    private final List<Thread> clients;
    private final Queue<String> acknowledged = new ConcurrentLinkedQueue<>();
    private final StormTraces traces = new StormTraces();
    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private final AtomicLong transactions = new AtomicLong();
    private final AtomicInteger lines = new AtomicInteger();
    private final int paceMillis;
    private volatile boolean stop;

    /** Clients on every node. */
    Storm(TestGroup group, long seed, int clientsPerNode) {
        this(group, group.size(), seed, clientsPerNode);
    }

    /** Clients on the first nodes. */
    Storm(TestGroup group, int nodes, long seed, int clientsPerNode) {
        this(group, nodes, seed, clientsPerNode, PACE_MILLIS);
    }

    /**
     * @param paceMillis clients wait less than that between transactions, half of it in the mean
     */
    Storm(TestGroup group, int nodes, long seed, int clientsPerNode, int paceMillis) {
        this.group = group;
        this.paceMillis = paceMillis;
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

    /** What is known of the values that are followed. */
    StormTraces traces() {
        return traces;
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
        boolean traced = dice.nextInt(3) == 0;
        try {
            for (int i = dice.nextInt(3); i >= 0; i--) {
                StormChanges.any(connection, dice);
            }
            if (logs) {
                log(connection, line);
            }
            if (traced) {
                StormTraces.Write write = traces.write(connection, node, dice);
                commit(connection, write);
            } else {
                connection.commit();
            }
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
        pause(dice.nextInt(paceMillis));
    }

    private void commit(Connection connection, StormTraces.Write write) throws SQLException {
        boolean confirmed = false;
        try {
            connection.commit();
            confirmed = true;
        } finally {
            if (confirmed) {
                traces.confirm(write);
            } else {
                traces.doubt(write);
            }
        }
    }

    private static void log(Connection connection, String line) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("INSERT INTO log VALUES (?)")) {
            statement.setString(1, line);
            statement.executeUpdate();
        }
    }
}
