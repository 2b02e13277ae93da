package org.pgchorus.member;

import org.pgchorus.member.Finding.Severity;
import org.pgchorus.model.Table;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.ExamineSql;
import org.pgchorus.sql.MemberSql;
import org.pgchorus.sql.Sql;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Examines a provider and a database that is to follow it. Changes nothing that stays.
 *
 * <p>A provider needs less than a node: one slot and a publication. A follower needs less too: no
 * logical WAL, no origins, no commit times.
 */
final class FollowExaminer {
    private static final int OLDEST_PROVIDER = 12;

    /** From this version on a publication knows conditions and columns. */
    private static final int LISTS_SINCE = 15;

    private static final int SET_GRANTABLE_SINCE = 15;

    private final FollowRequest request;
    private final Session provider;
    private final Session follower;
    private final List<Finding> findings = new ArrayList<>();

    FollowExaminer(FollowRequest request, Session provider, Session follower) {
        this.request = request;
        this.provider = provider;
        this.follower = follower;
    }

    private record Writable(boolean standby, boolean readOnly) {
        static Writable of(Session session) {
            return session.first(
                            ExamineSql.WRITABLE, row -> new Writable(row.truth(1), row.truth(2)))
                    .orElseThrow();
        }
    }

    /** Examines both sides, and the tables that are to be followed. */
    List<Finding> examine(List<Followed> tables) {
        provider();
        follower();
        if (findings.stream().anyMatch(f -> f.severity() == Severity.ERROR)) {
            return findings;
        }
        locales();
        tables.forEach(this::published);
        if (request.copySchema()) {
            SchemaCopy.requireTools(provider);
            findings.addAll(comparison().absent(tables.stream().map(Followed::name).toList()));
        } else {
            tables.forEach(this::fits);
        }
        return findings;
    }

    private Comparison comparison() {
        return new Comparison(provider, follower, request.node().name().text());
    }

    private void error(String where, String check, String problem, String cure) {
        findings.add(new Finding(where, check, Severity.ERROR, problem, cure));
    }

    private void provider() {
        String where = request.via().text();
        int major = provider.serverVersion();
        if (major < OLDEST_PROVIDER) {
            error(
                    where,
                    "version",
                    "the server is PostgreSQL %d, older than %d".formatted(major, OLDEST_PROVIDER),
                    "upgrade it to PostgreSQL %d or later".formatted(OLDEST_PROVIDER));
            return;
        }
        boolean lists = !request.filters().isEmpty() || !request.columns().isEmpty();
        if (lists && major < LISTS_SINCE) {
            error(
                    where,
                    "version",
                    ("the server is PostgreSQL %d, and only %d and later can send some rows or"
                                    + " columns of a table")
                            .formatted(major, LISTS_SINCE),
                    "leave out --where and --columns, or follow another provider");
        }
        if (Writable.of(provider).standby) {
            error(
                    where,
                    "standby",
                    "the server is a standby: no publication can be made there",
                    "give the address of its primary");
            return;
        }
        String level = provider.value(ExamineSql.SETTING, "wal_level");
        if (!level.equals("logical")) {
            error(
                    where,
                    "wal_level",
                    "wal_level is %s, needs to be logical".formatted(level),
                    "ALTER SYSTEM SET wal_level = 'logical'; then restart the server (RDS:"
                            + " rds.logical_replication = 1; Cloud SQL: cloudsql.logical_decoding ="
                            + " on)");
        }
        limit(where, "max_replication_slots", "slots", ExamineSql.SLOTS_USED);
        limit(where, "max_wal_senders", "senders", ExamineSql.SENDERS_USED);
        String user = user(provider);
        attempt(
                provider,
                where,
                "replication",
                "the role may not use replication slots",
                "ALTER ROLE %1$s REPLICATION; on RDS: GRANT rds_replication TO %1$s"
                        .formatted(user),
                ExamineSql.TRY_SLOT);
        mayCreate(provider, where, "a publication");
    }

    private void limit(String where, String name, String what, String used) {
        long limit = Long.parseLong(provider.value(ExamineSql.SETTING, name));
        long taken = Long.parseLong(provider.value(used));
        if (limit - taken < 1) {
            error(
                    where,
                    name,
                    "%s is %d and %d %s are taken; one more is needed"
                            .formatted(name, limit, taken, what),
                    "ALTER SYSTEM SET %s = %d; then restart the server"
                            .formatted(name, taken + 10));
        }
    }

    private void follower() {
        String where = request.node().name().text();
        Optional<Finding> tooOld = Examiner.tooOld(where, follower.serverVersion());
        if (tooOld.isPresent()) {
            findings.add(tooOld.get());
            return;
        }
        Writable writable = Writable.of(follower);
        if (writable.standby || writable.readOnly) {
            error(
                    where,
                    "read_only",
                    "nothing can be written there: it is %s"
                            .formatted(
                                    writable.standby
                                            ? "a standby"
                                            : "read-only (default_transaction_read_only)"),
                    "give the address of a primary that takes writes");
            return;
        }
        String user = user(follower);
        attempt(
                follower,
                where,
                "session_replication_role",
                "the role may not set session_replication_role",
                follower.serverVersion() >= SET_GRANTABLE_SINCE
                        ? "GRANT SET ON PARAMETER session_replication_role TO " + user
                        : "ALTER ROLE %s SUPERUSER; before version 15 nothing less will do"
                                .formatted(user),
                "SET LOCAL session_replication_role = replica");
        mayCreate(follower, where, "a schema");
        for (String kind : follower.query(ExamineSql.NAMESAKES, row -> row.text(1))) {
            if (kind.equals("SCHEMA")) {
                error(
                        where,
                        "name",
                        "there is a schema called pgchorus already that is not ours",
                        "DROP SCHEMA pgchorus CASCADE; if nobody needs it, or else rename it");
            }
        }
    }

    private void mayCreate(Session session, String where, String what) {
        if (!session.value(ExamineSql.MAY_CREATE).equals("t")) {
            error(
                    where,
                    "create",
                    "the role may not create " + what,
                    "GRANT CREATE ON DATABASE %s TO %s"
                            .formatted(
                                    Sql.name(session.value(ExamineSql.DATABASE)), user(session)));
        }
    }

    private static String user(Session session) {
        return Sql.name(session.value(ExamineSql.USER));
    }

    /** Tries something in a transaction that is rolled back. */
    private void attempt(
            Session session,
            String where,
            String check,
            String problem,
            String cure,
            String statement) {
        session.begin();
        try {
            session.execute(statement);
        } catch (PgError e) {
            switch (e.sqlState()) {
                case "42501" ->
                        error(where, check, "%s (%s)".formatted(problem, e.getMessage()), cure);
                case "53400", "55000" -> {}
                default -> throw e;
            }
        } finally {
            session.rollback();
        }
    }

    /** Rows come as they are; an index here may order them in another way. */
    private void locales() {
        for (Finding finding : comparison().locales()) {
            findings.add(
                    finding.check().equals("encoding")
                            ? finding
                            : new Finding(
                                    finding.where(),
                                    finding.check(),
                                    Severity.NOTE,
                                    finding.problem(),
                                    finding.cure()));
        }
    }

    /** Whether the provider's role may publish a table, and what it may send of it. */
    private void published(Followed followed) {
        Table table = followed.table();
        record Facts(boolean owned, String owner, boolean hidden) {}
        Facts facts =
                provider.first(
                                ExamineSql.TABLE,
                                row -> new Facts(row.truth(1), row.text(2), row.truth(4)),
                                table.oid())
                        .orElseThrow();
        String where = request.via().text();
        if (!facts.owned) {
            error(
                    where,
                    "owner",
                    "table %s belongs to %s, and the role has not its rights"
                            .formatted(table.name(), facts.owner),
                    "GRANT %s TO %s; or leave it out with --table '!%s'"
                            .formatted(Sql.name(facts.owner), user(provider), table.name()));
        } else if (facts.hidden) {
            error(
                    where,
                    "row_security",
                    "row security of table %s hides rows from the role".formatted(table.name()),
                    "ALTER ROLE %s BYPASSRLS".formatted(user(provider)));
        }
        if (followed.insertsOnly()) {
            findings.add(
                    new Finding(
                            where,
                            "key",
                            Severity.NOTE,
                            "table %s has no key: only its inserts and TRUNCATE are followed"
                                    .formatted(table.name()),
                            "ALTER TABLE %s ADD PRIMARY KEY (...)"
                                    .formatted(Sql.name(table.name()))));
        }
        listed(where, followed);
    }

    /** With a list that lacks the key, PostgreSQL would refuse the provider's own updates. */
    private void listed(String where, Followed followed) {
        if (followed.listed().isEmpty()) {
            return;
        }
        Table table = followed.table();
        List<String> plain =
                table.columns().stream().filter(c -> !c.generated()).map(c -> c.name()).toList();
        List<String> unknown = new ArrayList<>(followed.listed());
        unknown.removeAll(plain);
        if (!unknown.isEmpty()) {
            error(
                    where,
                    "columns",
                    "table %s has no columns %s that can be followed"
                            .formatted(table.name(), unknown),
                    "those are: " + String.join(", ", plain));
        }
        List<String> missing = new ArrayList<>(table.key());
        missing.removeAll(followed.listed());
        if (!missing.isEmpty()) {
            error(
                    where,
                    "columns",
                    "--columns of table %s lacks its key's columns %s"
                            .formatted(table.name(), missing),
                    "name them too");
        }
        char identity =
                Catalog.describe(provider, table.name())
                        .map(Catalog.Described::identity)
                        .orElse('d');
        if (identity == 'f') {
            error(
                    where,
                    "columns",
                    ("table %s has REPLICA IDENTITY FULL: with a list of columns PostgreSQL would"
                                    + " refuse its updates")
                            .formatted(table.name()),
                    "ALTER TABLE %s REPLICA IDENTITY DEFAULT; or leave out --columns"
                            .formatted(Sql.name(table.name())));
        }
    }

    /** Whether the follower has a table that takes what comes. */
    private void fits(Followed followed) {
        TableName name = followed.name();
        if (followed.listed().isEmpty()) {
            findings.addAll(comparison().tables(List.of(name), request.copyData()));
            return;
        }
        String where = request.node().name().text();
        Optional<Table> here = Catalog.describe(follower, name).map(Catalog.Described::table);
        if (here.isEmpty()) {
            error(
                    where,
                    "schema",
                    "table %s does not exist".formatted(name),
                    "create it with the columns that are followed, or use --schema copy");
            return;
        }
        List<String> lacking = new ArrayList<>(followed.columns());
        lacking.removeAll(here.get().columns().stream().map(Table.Column::name).toList());
        if (!lacking.isEmpty()) {
            error(
                    where,
                    "schema",
                    "table %s lacks the columns %s".formatted(name, lacking),
                    "add them");
        }
        if (!here.get().key().equals(followed.table().key())) {
            error(
                    where,
                    "schema",
                    "the key of table %s is %s, the provider's is %s"
                            .formatted(name, here.get().key(), followed.table().key()),
                    "make the primary key the same on both");
        }
        if (request.copyData() && follower.value(MemberSql.hasRows(name)).equals("t")) {
            error(
                    where,
                    "empty",
                    "table %s has rows".formatted(name),
                    "TRUNCATE %s; or use --data none if they are the same"
                            .formatted(Sql.name(name)));
        }
    }
}
