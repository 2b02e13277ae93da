package org.pgchorus.member;

import org.pgchorus.member.Finding.Severity;
import org.pgchorus.model.Table;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.ExamineSql;
import org.pgchorus.sql.Sql;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Examines single tables of a database: whose they are, and how their rows are told apart. */
final class TableExaminer {
    private final Session session;
    private final String where;
    private final boolean newcomer;
    private final List<Finding> findings = new ArrayList<>();

    /**
     * @param newcomer whether clients are to begin only now: then it tells nothing that rows were
     *     updated or deleted before
     */
    TableExaminer(Session session, String where, boolean newcomer) {
        this.session = session;
        this.where = where;
        this.newcomer = newcomer;
    }

    private record Facts(
            boolean owned, String owner, boolean superuser, boolean hidden, boolean deferrable) {}

    /** What is found about one table; nothing if it does not exist. */
    List<Finding> examine(TableName name) {
        findings.clear();
        Catalog.describe(session, name).ifPresent(this::examine);
        return List.copyOf(findings);
    }

    private void examine(Catalog.Described described) {
        Table table = described.table();
        Optional<Facts> facts =
                session.first(
                        ExamineSql.TABLE,
                        row ->
                                new Facts(
                                        row.truth(1),
                                        row.text(2),
                                        row.truth(3),
                                        row.truth(4),
                                        row.truth(5)),
                        table.oid());
        if (facts.isEmpty()) {
            return; // dropped meanwhile
        }
        access(table.name(), facts.get());
        firesAlways(table);
        char identity = described.identity();
        if (identity == 'n') {
            error(
                    "identity",
                    "table %s has REPLICA IDENTITY NOTHING: its updates and deletes would not come"
                                    .formatted(table.name())
                            + " with their key",
                    "ALTER TABLE %s REPLICA IDENTITY DEFAULT".formatted(Sql.name(table.name())));
        } else if (!table.hasKey()) {
            keyless(described, facts.get());
        } else {
            hashable(table);
        }
    }

    private void error(String check, String problem, String cure) {
        findings.add(new Finding(where, check, Severity.ERROR, problem, cure));
    }

    private void access(TableName name, Facts facts) {
        String role = session.value(ExamineSql.USER);
        String user = Sql.name(role);
        if (!facts.owned) {
            error(
                    "owner",
                    "table %s belongs to %s, and the role %s has not its rights"
                            .formatted(name, facts.owner, role),
                    (facts.superuser
                                    ? "ALTER TABLE %s OWNER TO %s".formatted(Sql.name(name), user)
                                    : "GRANT %s TO %s".formatted(Sql.name(facts.owner), user))
                            + orLeaveOut(name));
        } else if (facts.hidden) {
            error(
                    "row_security",
                    "row security of table %s hides rows from the role".formatted(name),
                    "ALTER ROLE %s BYPASSRLS; or ALTER TABLE %s NO FORCE ROW LEVEL SECURITY"
                            .formatted(user, Sql.name(name)));
        }
    }

    /** Ordinary ones do not fire for what is applied; somebody has chosen that these do. */
    private void firesAlways(Table table) {
        session.query(
                        ExamineSql.FIRES_ALWAYS,
                        row -> Map.entry(row.text(1), row.text(2)),
                        table.oid(),
                        table.oid())
                .forEach(it ->
                        findings.add(
                                new Finding(
                                        where,
                                        "fires_always",
                                        Severity.NOTE,
                                        ("%s %s of table %s fires also for what other nodes wrote:"
                                                        + " what it does is done once more on every"
                                                        + " node")
                                                .formatted(
                                                        it.getKey(), it.getValue(), table.name()),
                                        "ALTER TABLE %s ENABLE %s %s; unless that is meant"
                                                .formatted(
                                                        Sql.name(table.name()),
                                                        it.getKey().toUpperCase(Locale.ROOT),
                                                        Sql.name(it.getValue())))));
    }

    private static String orLeaveOut(TableName name) {
        return "; or leave it out with --tables '!%s'".formatted(name);
    }

    private void keyless(Catalog.Described described, Facts facts) {
        TableName name = described.table().name();
        String sql = Sql.name(name);
        String lacks =
                facts.deferrable
                        ? "table %s has a primary key that is DEFERRABLE, which counts as none"
                                .formatted(name)
                        : "table %s has no primary key".formatted(name);
        String cure =
                facts.deferrable
                        ? "make it again with NOT DEFERRABLE" + orLeaveOut(name)
                        : "ALTER TABLE %s ADD PRIMARY KEY (...)".formatted(sql) + orLeaveOut(name);
        if (described.identity() == 'f') {
            error(
                    "key",
                    lacks + " but REPLICA IDENTITY FULL: its updates cannot be told apart",
                    cure + ", or ALTER TABLE " + sql + " REPLICA IDENTITY DEFAULT");
        } else if (described.rowsChanged() > 0 && !newcomer) {
            error(
                    "key",
                    "%s, but its rows get updated or deleted (%d so far)"
                            .formatted(lacks, described.rowsChanged()),
                    cure
                            + ", or, if that is over: SELECT pg_stat_reset_single_table_counters("
                            + Sql.literal(sql)
                            + "::regclass)");
        } else {
            findings.add(
                    new Finding(
                            where,
                            "key",
                            Severity.NOTE,
                            lacks
                                    + ": only inserts and TRUNCATE replicate, and PostgreSQL"
                                    + " refuses its updates and deletes",
                            cure));
        }
    }

    /** The hash of a key stands for it in tombstones. */
    private void hashable(Table table) {
        try {
            session.value(ExamineSql.hashes(table));
        } catch (PgError.Refused e) {
            error(
                    "key",
                    "the key %s of table %s cannot be hashed (%s)"
                            .formatted(
                                    String.join(", ", table.key()), table.name(), e.getMessage()),
                    "use a key whose types have a hash function, such as text or bigint"
                            + orLeaveOut(table.name()));
        }
    }
}
