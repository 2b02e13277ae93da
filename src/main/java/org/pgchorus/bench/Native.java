package org.pgchorus.bench;

import org.pgchorus.config.Address;
import org.pgchorus.pg.Session;

import java.time.Duration;
import java.util.List;

/** PostgreSQL's own logical replication, with the settings that make it fastest. */
final class Native implements Contestant {
    private static final int PARALLEL_SINCE = 16;

    private final Address source;
    private final Address target;
    private final String subscription;

    Native(Databases databases, Work work) {
        String database = work.database("native");
        subscription = database;
        databases.create(database, work.schema());
        source = databases.source(database);
        target = databases.target(database);
        Databases.run(source, List.of("CREATE PUBLICATION work FOR ALL TABLES"));
        try (Session session = Session.open(target, "pgchorus bench")) {
            String options =
                    session.serverVersion() >= PARALLEL_SINCE
                            ? "binary = true, origin = none, streaming = parallel"
                            : "binary = true, streaming = true";
            session.execute(
                    ("CREATE SUBSCRIPTION %s CONNECTION 'host=%s port=%d dbname=%s user=%s'"
                                    + " PUBLICATION work WITH (copy_data = false, %s)")
                            .formatted(
                                    subscription,
                                    source.host(),
                                    source.port(),
                                    source.database(),
                                    source.user(),
                                    options));
        }
    }

    @Override
    public String name() {
        return "native";
    }

    @Override
    public Address source() {
        return source;
    }

    @Override
    public Address target() {
        return target;
    }

    @Override
    public String slot() {
        return subscription;
    }

    @Override
    public void hold() throws InterruptedException {
        Databases.run(target, List.of("ALTER SUBSCRIPTION %s DISABLE".formatted(subscription)));
        Slots.awaitIdle(source, subscription);
    }

    @Override
    public void release() {
        Databases.run(target, List.of("ALTER SUBSCRIPTION %s ENABLE".formatted(subscription)));
    }

    @Override
    public Usage usage() {
        try (Session session = Session.open(target, "pgchorus bench")) {
            List<Long> workers =
                    session.query(
                            "SELECT pid FROM pg_stat_subscription WHERE subname = ? AND pid IS NOT"
                                    + " NULL",
                            row -> row.number(1),
                            subscription);
            return new Usage(
                    Cpu.of(Slots.readers(source, subscription)), Cpu.of(workers), Duration.ZERO, 0);
        }
    }

    @Override
    public void close() {
        Databases.run(
                target,
                List.of(
                        "ALTER SUBSCRIPTION %s DISABLE".formatted(subscription),
                        "DROP SUBSCRIPTION " + subscription));
    }
}
