package org.pgchorus.bench;

import org.pgchorus.config.Address;
import org.pgchorus.demo.EmbeddedServer;
import org.pgchorus.demo.Relay;
import org.pgchorus.demo.ServerOptions;
import org.pgchorus.pg.Session;

import java.time.Duration;
import java.util.List;

/** Two throw-away servers, alike, that all contestants share. One thread. */
final class Databases implements AutoCloseable {
    private final EmbeddedServer first;
    private final EmbeddedServer second;
    private final List<Relay> relays;

    /** Side by side. */
    Databases(int major) {
        this(major, Duration.ZERO, false);
    }

    /**
     * @param latency of the way between them, there and back
     * @param durable whether what is flushed has to reach the disk
     */
    Databases(int major, Duration latency, boolean durable) {
        first = EmbeddedServer.start(options(major, durable));
        try {
            second = EmbeddedServer.start(options(major, durable));
        } catch (RuntimeException e) {
            first.close();
            throw e;
        }
        relays =
                latency.isZero()
                        ? List.of()
                        : List.of(
                                Relay.start(first.address("postgres"), latency),
                                Relay.start(second.address("postgres"), latency));
    }

    private static ServerOptions options(int major, boolean durable) {
        return ServerOptions.of(major)
                .setting("fsync", durable ? "on" : "off")
                .setting("shared_buffers", "256MB")
                .setting("max_wal_size", "16GB")
                .setting("checkpoint_timeout", "1h")
                .setting("max_logical_replication_workers", "16")
                .setting("max_worker_processes", "32")
                .setting("autovacuum", "off");
    }

    /** Makes a database on both servers and runs the statements in it. */
    void create(String name, List<String> statements) {
        for (EmbeddedServer server : List.of(first, second)) {
            server.createDatabase(name);
            run(server.address(name), statements);
        }
    }

    /** Makes one on the target's server only. */
    void createTarget(String name, List<String> statements) {
        second.createDatabase(name);
        run(target(name), statements);
    }

    /** Takes it away again. */
    void dropTarget(String name) {
        run(target("postgres"), List.of("DROP DATABASE %s WITH (FORCE)".formatted(name)));
    }

    Address source(String database) {
        return first.address(database);
    }

    Address target(String database) {
        return second.address(database);
    }

    /** As seen from the other end. */
    Address fromAfar(Address direct) {
        if (relays.isEmpty()) {
            return direct;
        }
        return relays.get(direct.port() == first.port() ? 0 : 1).address(direct);
    }

    static void run(Address address, List<String> statements) {
        try (Session session = Session.open(address, "pgchorus bench")) {
            session.execute("SET synchronous_commit = off");
            statements.forEach(session::execute);
        }
    }

    static String ask(Address address, String question) {
        try (Session session = Session.open(address, "pgchorus bench")) {
            return session.value(question);
        }
    }

    @Override
    public void close() {
        relays.forEach(Relay::close);
        first.close();
        second.close();
    }
}
