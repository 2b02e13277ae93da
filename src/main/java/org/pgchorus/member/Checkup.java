package org.pgchorus.member;

import org.pgchorus.config.Address;
import org.pgchorus.member.Finding.Severity;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.ExamineSql;
import org.pgchorus.sql.Sql;

import java.util.ArrayList;
import java.util.List;

/**
 * All that can be found out about a database that is to be a node, for people who prepare one. Has
 * changed nothing when it is done.
 *
 * @param findings what is not as it should be
 * @param vitals what has to fit with the other databases of its group
 */
public record Checkup(List<Finding> findings, Vitals vitals) {
    /** Servers know since then which version of a collation their indexes were made with. */
    private static final int COLLATION_VERSION_SINCE = 15;

    /** Time to think of a wider type. */
    private static final double NEARLY_USED_UP = 0.75;

    /** How often the clock is read; the quickest answer counts. */
    private static final int CLOCK_READINGS = 5;

    /**
     * Examines a database.
     *
     * @param peers how many links each way it will get
     * @throws PgError if it cannot be reached
     */
    public static Checkup of(Address address, int peers) {
        String where = address.text();
        try (Session session = Session.open(address, "pgchorus check")) {
            List<TableName> tables = Catalog.userTables(session);
            List<Finding> findings =
                    new ArrayList<>(new Examiner(session, where, peers).examine(tables));
            boolean standsAlone =
                    findings.stream()
                            .map(Finding::check)
                            .anyMatch(List.of("version", "standby", "read_only")::contains);
            if (!standsAlone) {
                Service service = Service.valueOf(session.value(ExamineSql.SERVICE));
                if (findings.stream().map(Finding::check).noneMatch(Checkup::isPrivilege)) {
                    findings.addAll(PrivilegeExaminer.examineConnections(address, where, service));
                }
                findings.addAll(new ServerExaminer(session, where, service).advice());
                collations(session, where, findings);
                unlogged(session, where, findings);
                numbered(session, where, tables, findings);
            }
            return new Checkup(List.copyOf(findings), Vitals.of(session, where, clock(session)));
        }
    }

    /** Whether a right is missing already that the tried connections need. */
    private static boolean isPrivilege(String check) {
        return List.of("replication", "origins", "wal_level", "max_wal_senders").contains(check);
    }

    private static Vitals.Clock clock(Session session) {
        Vitals.Clock best = null;
        for (int i = 0; i < CLOCK_READINGS; i++) {
            long beganNanos = System.nanoTime();
            long server = Long.parseLong(session.value(ExamineSql.CLOCK_MICROS));
            long endedNanos = System.nanoTime();
            Vitals.Clock read = Vitals.Clock.between(server, beganNanos, endedNanos);
            if (best == null || read.doubtMicros() < best.doubtMicros()) {
                best = read;
            }
        }
        return best;
    }

    /** An index that was made under another version of its collation may not find its rows. */
    private static void collations(Session session, String where, List<Finding> findings) {
        record Versions(String name, String made, String now) {}
        List<Versions> changed =
                new ArrayList<>(
                        session.query(
                                ExamineSql.OTHER_COLLATIONS,
                                row -> new Versions(row.text(1), row.text(2), row.text(3))));
        String database = Sql.name(session.value(ExamineSql.DATABASE));
        changed.forEach(c ->
                findings.add(
                        new Finding(
                                where,
                                "collation_version",
                                Severity.NOTE,
                                "collation %s is of version %s, its indexes were made with %s"
                                        .formatted(c.name, c.now, c.made),
                                "REINDEX DATABASE %s; then ALTER COLLATION %s REFRESH VERSION"
                                        .formatted(database, c.name))));
        if (session.serverVersion() >= COLLATION_VERSION_SINCE) {
            session.first(
                            ExamineSql.DATABASE_COLLATION,
                            row ->
                                    new Versions(
                                            "", row.maybe(1).orElse(""), row.maybe(2).orElse("")))
                    .filter(v -> !v.made.isEmpty() && !v.made.equals(v.now))
                    .ifPresent(v ->
                            findings.add(
                                    new Finding(
                                            where,
                                            "collation_version",
                                            Severity.NOTE,
                                            ("the database's collation is of version %s, its"
                                                            + " indexes were made with %s: unique"
                                                            + " ones may let equal values in")
                                                    .formatted(v.now, v.made),
                                            ("REINDEX DATABASE %s; then ALTER DATABASE %s REFRESH"
                                                            + " COLLATION VERSION")
                                                    .formatted(database, database))));
        }
    }

    private static void unlogged(Session session, String where, List<Finding> findings) {
        session.query(ExamineSql.UNLOGGED, row -> new TableName(row.text(1), row.text(2)))
                .forEach(table ->
                        findings.add(
                                new Finding(
                                        where,
                                        "unlogged",
                                        Severity.NOTE,
                                        "table %s is UNLOGGED: it does not replicate"
                                                .formatted(table),
                                        "ALTER TABLE %s SET LOGGED".formatted(Sql.name(table)))));
    }

    /** Sequences do not replicate: each node counts for itself. */
    private static void numbered(
            Session session, String where, List<TableName> tables, List<Finding> findings) {
        record Sequence(String column, long last, long most, long increment) {
            boolean isShared() {
                return increment == 1;
            }

            boolean isNearlyUsedUp() {
                return increment > 0 && last > most * NEARLY_USED_UP;
            }
        }
        List<Sequence> sequences = new ArrayList<>();
        for (TableName table : tables) {
            Catalog.describe(session, table)
                    .ifPresent(d ->
                            sequences.addAll(
                                    session.query(
                                            ExamineSql.NUMBERED,
                                            row ->
                                                    new Sequence(
                                                            table + "." + row.text(1),
                                                            row.number(3),
                                                            row.number(4),
                                                            row.number(5)),
                                            d.table().oid())));
        }
        List<String> shared =
                sequences.stream().filter(Sequence::isShared).map(Sequence::column).toList();
        if (!shared.isEmpty()) {
            findings.add(
                    new Finding(
                            where,
                            "sequences",
                            Severity.NOTE,
                            "numbered by a sequence, of which every node has its own, so that two"
                                    + " would give out the same numbers: "
                                    + String.join(", ", shared),
                            "once the group is there: pgchorus sequence spread"));
        }
        sequences.stream()
                .filter(Sequence::isNearlyUsedUp)
                .forEach(s ->
                        findings.add(
                                new Finding(
                                        where,
                                        "sequence_range",
                                        Severity.NOTE,
                                        "%s: %d of %d numbers are used, and where each has its"
                                                        .formatted(s.column, s.last, s.most)
                                                + " own they are used up sooner",
                                        "make column and sequence bigint")));
    }
}
