package org.pgchorus.bench;

import org.pgchorus.config.Address;
import org.pgchorus.pg.Session;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** PostgreSQL's own logical replication, with the settings that make it fastest. */
final class Native implements Contestant {
    /** From this version on it can go both ways, and applies in parallel. */
    static final int BOTH_WAYS_SINCE = 16;

    private final Direction there;
    private final Optional<Direction> back;

    /**
     * @param database its name on both servers
     * @param schema what is run in it before replication starts
     * @param bothWays whether the target's writes come back; from {@link #BOTH_WAYS_SINCE} on
     */
    Native(Databases databases, String database, List<String> schema, boolean bothWays) {
        databases.create(database, schema);
        Address source = databases.source(database);
        Address target = databases.target(database);
        there = new Direction(source, target, database);
        back =
                bothWays
                        ? Optional.of(new Direction(target, source, database + "_back"))
                        : Optional.empty();
        for (Direction direction : directions()) {
            subscribe(direction, databases.fromAfar(direction.source()));
        }
    }

    private List<Direction> directions() {
        List<Direction> directions = new ArrayList<>(List.of(there));
        back.ifPresent(directions::add);
        return directions;
    }

    private static void subscribe(Direction direction, Address source) {
        Databases.run(direction.source(), List.of("CREATE PUBLICATION work FOR ALL TABLES"));
        try (Session session = Session.open(direction.target(), "pgchorus bench")) {
            String options =
                    session.serverVersion() >= BOTH_WAYS_SINCE
                            ? "binary = true, origin = none, streaming = parallel"
                            : "binary = true, streaming = true";
            session.execute(
                    ("CREATE SUBSCRIPTION %s CONNECTION 'host=%s port=%d dbname=%s user=%s'"
                                    + " PUBLICATION work WITH (copy_data = false, %s)")
                            .formatted(
                                    direction.slot(),
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
    public Direction there() {
        return there;
    }

    @Override
    public Optional<Direction> back() {
        return back;
    }

    @Override
    public void hold(Direction direction) throws InterruptedException {
        alter(direction, "DISABLE");
        Slots.awaitIdle(direction);
    }

    @Override
    public void release(Direction direction) {
        alter(direction, "ENABLE");
    }

    private static void alter(Direction direction, String how) {
        Databases.run(
                direction.target(),
                List.of("ALTER SUBSCRIPTION %s %s".formatted(direction.slot(), how)));
    }

    @Override
    public Usage usage() {
        try (Session session = Session.open(there.target(), "pgchorus bench")) {
            List<Long> workers =
                    session.query(
                            "SELECT pid FROM pg_stat_subscription WHERE subname = ? AND pid IS NOT"
                                    + " NULL",
                            row -> row.number(1),
                            there.slot());
            return new Usage(Cpu.of(Slots.readers(there)), Cpu.of(workers), Duration.ZERO, 0);
        }
    }

    @Override
    public void close() {
        for (Direction direction : directions()) {
            alter(direction, "DISABLE");
            Databases.run(direction.target(), List.of("DROP SUBSCRIPTION " + direction.slot()));
        }
    }
}
