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
import java.util.Set;

/**
 * Examines a database before anything is done to it. Changes nothing that stays.
 *
 * <p>A finding means the database is not ready and says what to do; an error thrown means that the
 * examination itself broke.
 */
public final class Examiner {
    private static final int OLDEST_SERVER = 14;
    private static final int OWN_ORIGIN_LIMIT_SINCE = 18;

    private final Session session;
    private final String where;
    private final int peers;
    private final List<Finding> findings = new ArrayList<>();

    /**
     * @param where what to call the database in findings
     * @param peers how many links each way it will have, at least 1
     */
    public Examiner(Session session, String where, int peers) {
        this.session = session;
        this.where = where;
        this.peers = Math.max(1, peers);
    }

    /** Examines server, role and the given tables. */
    public List<Finding> examine(List<TableName> tables) {
        if (session.serverVersion() < OLDEST_SERVER) {
            error(
                    "version",
                    "the server is PostgreSQL " + session.serverVersion(),
                    "upgrade to " + OLDEST_SERVER + " or later");
            return findings;
        }
        setting("wal_level", "logical");
        setting("track_commit_timestamp", "on");
        limits();
        encoding();
        privileges();
        tables.forEach(this::table);
        return findings;
    }

    /** Examines the given tables alone. */
    public List<Finding> examineTables(List<TableName> tables) {
        tables.forEach(this::table);
        return findings;
    }

    private void error(String check, String problem, String cure) {
        findings.add(new Finding(where, check, Severity.ERROR, problem, cure));
    }

    private void note(String check, String problem, String cure) {
        findings.add(new Finding(where, check, Severity.NOTE, problem, cure));
    }

    private void setting(String name, String wanted) {
        String value = session.value(ExamineSql.SETTING, name);
        if (!wanted.equals(value)) {
            error(
                    name,
                    "%s is %s, needs to be %s".formatted(name, value, wanted),
                    "ALTER SYSTEM SET %s = '%s'; then restart the server".formatted(name, wanted));
        }
    }

    private void limits() {
        limit("max_replication_slots", ExamineSql.SLOTS_USED);
        limit("max_wal_senders", ExamineSql.SENDERS_USED);
        if (session.serverVersion() >= OWN_ORIGIN_LIMIT_SINCE) {
            limit("max_active_replication_origins", ExamineSql.ORIGINS_USED);
        }
    }

    private void limit(String name, String usedQuestion) {
        long limit = Long.parseLong(session.value(ExamineSql.SETTING, name));
        long used = Long.parseLong(session.value(usedQuestion));
        if (limit - used < peers) {
            error(
                    name,
                    "%s is %d and %d are in use; %d more are needed"
                            .formatted(name, limit, used, peers),
                    "ALTER SYSTEM SET %s = %d; then restart the server"
                            .formatted(name, Math.max(10, used + 2L * peers)));
        }
    }

    private void encoding() {
        String encoding = session.value(ExamineSql.SETTING, "server_encoding");
        if (!encoding.equals("UTF8")) {
            error(
                    "encoding",
                    "the database's encoding is " + encoding,
                    "create it with ENCODING 'UTF8' TEMPLATE template0");
        }
    }

    private void privileges() {
        String user = Sql.name(session.value("SELECT current_user"));
        attempt(
                "replication",
                "the role may not use replication slots",
                "ALTER ROLE " + user + " REPLICATION",
                ExamineSql.TRY_SLOT);
        attempt(
                "session_replication_role",
                "the role may not set session_replication_role",
                "GRANT SET ON PARAMETER session_replication_role TO "
                        + user
                        + " (15 and later; before, a superuser is needed)",
                "SET LOCAL session_replication_role = replica");
        for (String function : ExamineSql.ORIGIN_FUNCTIONS) {
            if (!session.value(ExamineSql.MAY_EXECUTE, function).equals("t")) {
                error(
                        "origins",
                        "the role may not call " + function,
                        "GRANT EXECUTE ON FUNCTION pg_catalog." + function + " TO " + user);
            }
        }
        if (!session.value(ExamineSql.MAY_CREATE).equals("t")) {
            error(
                    "create",
                    "the role may not create a schema",
                    "GRANT CREATE ON DATABASE "
                            + Sql.name(session.value("SELECT current_database()"))
                            + " TO "
                            + user);
        }
    }

    /** Tries something in a transaction that is rolled back. */
    private void attempt(String check, String problem, String cure, String statement) {
        session.begin();
        try {
            session.execute(statement);
        } catch (PgError e) {
            if (!Set.of("42501", "55000", "53400").contains(e.sqlState())) {
                throw e;
            }
            // 53400 is a limit reached, which is a finding of its own.
            if (!e.sqlState().equals("53400")) {
                error(check, problem + " (" + e.getMessage() + ")", cure);
            }
        } finally {
            session.rollback();
        }
    }

    private void table(TableName name) {
        Catalog.Described described = Catalog.describe(session, name).orElse(null);
        if (described == null) {
            return;
        }
        Table table = described.table();
        String sql = Sql.name(name);
        if (!session.value(ExamineSql.OWNS, table.oid()).equals("t")) {
            error(
                    "owner",
                    "table %s belongs to another role".formatted(name),
                    "GRANT its owner to the role, or leave the table out with --tables '!%s'"
                            .formatted(name));
        }
        if (described.identity() == 'n') {
            error(
                    "identity",
                    "table %s has REPLICA IDENTITY NOTHING".formatted(name),
                    "ALTER TABLE " + sql + " REPLICA IDENTITY DEFAULT");
        } else if (!table.hasKey()) {
            keyless(name, sql, described);
        } else {
            hashable(name, table);
        }
    }

    private void keyless(TableName name, String sql, Catalog.Described described) {
        String cure =
                "ALTER TABLE "
                        + sql
                        + " ADD PRIMARY KEY (...), or leave it out with --tables '!"
                        + name
                        + "'";
        if (described.rowsChanged() > 0) {
            error(
                    "key",
                    "table %s has no primary key, but its rows get updated or deleted (%d so far)"
                            .formatted(name, described.rowsChanged()),
                    cure);
        } else {
            note(
                    "key",
                    "table %s has no primary key: only inserts and TRUNCATE replicate, and"
                                    .formatted(name)
                            + " PostgreSQL refuses its updates and deletes",
                    cure);
        }
    }

    private void hashable(TableName name, Table table) {
        try {
            session.value(ExamineSql.hashes(table));
        } catch (PgError e) {
            error(
                    "key",
                    "the key of table %s cannot be hashed (%s)".formatted(name, e.getMessage()),
                    "use a key whose types have a hash function");
        }
    }
}
