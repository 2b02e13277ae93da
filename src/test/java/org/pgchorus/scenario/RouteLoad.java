package org.pgchorus.scenario;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Clients that insert rows through a balancer, and come again whenever their session ends. What was
 * acknowledged is remembered.
 */
final class RouteLoad implements AutoCloseable {
    private static final int CLIENTS = 6;
    private static final long PACE_MILLIS = 5;
    private static final long AGAIN_MILLIS = 50;

    /** Each load has ids of its own. */
    private static final AtomicLong RANGES = new AtomicLong();

    private static final long RANGE = 1_000_000_000L;

    private final int port;
    private final Properties properties;
    private final Set<Long> acknowledged = ConcurrentHashMap.newKeySet();
    private final AtomicLong ends = new AtomicLong();
    private final List<Thread> clients = new ArrayList<>();
    private volatile boolean closed;

    /**
     * @param port of the balancer on this machine
     */
    RouteLoad(int port) {
        this.port = port;
        this.properties = new Properties();
        properties.setProperty("user", "postgres");
        properties.setProperty("sslmode", "disable");
        properties.setProperty("connectTimeout", "5");
        properties.setProperty("socketTimeout", "30");
        for (int client = 0; client < CLIENTS; client++) {
            long firstId = RANGES.getAndIncrement() * RANGE;
            clients.add(Thread.ofVirtual().start(() -> insert(firstId)));
        }
    }

    private void insert(long firstId) {
        long id = firstId;
        while (!closed) {
            try (Connection connection =
                            DriverManager.getConnection(
                                    "jdbc:postgresql://127.0.0.1:%d/app".formatted(port),
                                    properties);
                    PreparedStatement insert =
                            connection.prepareStatement("INSERT INTO t VALUES (?, 'x')")) {
                while (!closed) {
                    // A new one each time: that without an answer may be there or not.
                    insert.setLong(1, ++id);
                    insert.executeUpdate();
                    acknowledged.add(id);
                    TimeUnit.MILLISECONDS.sleep(PACE_MILLIS);
                }
            } catch (SQLException ended) {
                ends.incrementAndGet();
                pause();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(AGAIN_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** How often a session ended, or could not begin. */
    long ends() {
        return ends.get();
    }

    /** Waits until so many more rows are acknowledged. */
    void awaitMore(int rows) {
        int before = acknowledged.size();
        TestGroup.await("clients go on", () -> acknowledged.size() >= before + rows);
    }

    Set<Long> acknowledged() {
        return acknowledged;
    }

    /** The same as closing, for who looks at what it has done. */
    void end() {
        close();
    }

    @Override
    public void close() {
        closed = true;
        for (Thread client : clients) {
            try {
                client.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(e);
            }
        }
    }
}
