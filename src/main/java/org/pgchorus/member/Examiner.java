package org.pgchorus.member;

import org.pgchorus.member.Finding.Severity;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.ExamineSql;
import org.pgchorus.sql.MemberSql;
import org.pgchorus.sql.Sql;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Examines a database before anything is done to it. Changes nothing that stays.
 *
 * <p>A finding means the database is not ready and says what to do; an error thrown means that the
 * examination itself broke. A cure that is a statement comes first and ends at the first semicolon;
 * managed services have other names for some.
 */
public final class Examiner {
    private static final int OLDEST_SERVER = 14;
    private static final int SET_GRANTABLE_SINCE = 15;
    private static final int OWN_ORIGIN_LIMIT_SINCE = 18;

    /** The servers' own default for each of the limits. */
    private static final int USUAL_LIMIT = 10;

    private final Session session;
    private final String where;
    private final int peers;
    private final int copyJobs;
    private final TableExaminer tables;
    private final List<Finding> findings = new ArrayList<>();

    /**
     * For the first node of a group, or for one that is in it.
     *
     * @param where what to call the database in findings
     * @param peers how many links each way it will get, at least 1
     */
    public Examiner(Session session, String where, int peers) {
        this(session, where, peers, 0, false);
    }

    private Examiner(Session session, String where, int peers, int copyJobs, boolean newcomer) {
        this.session = session;
        this.where = where;
        this.peers = Math.max(1, peers);
        this.copyJobs = copyJobs;
        tables = new TableExaminer(session, where, newcomer);
    }

    /**
     * For a database that is to join.
     *
     * @param where what to call the database in findings
     * @param peers how many links each way it will get, at least 1
     * @param copyJobs how many sessions will copy into it, each with an origin of its own
     */
    static Examiner ofNewcomer(Session session, String where, int peers, int copyJobs) {
        return new Examiner(session, where, peers, copyJobs, true);
    }

    /** Examines server, role and the given tables. */
    public List<Finding> examine(List<TableName> names) {
        Optional<Finding> standsAlone =
                tooOld(where, session.serverVersion()).or(this::cannotWrite);
        if (standsAlone.isPresent()) {
            findings.add(standsAlone.get());
            return findings;
        }
        setting(
                "wal_level",
                "logical",
                "RDS: rds.logical_replication = 1; Cloud SQL: cloudsql.logical_decoding = on");
        setting("track_commit_timestamp", "on", "managed services: the parameter of that name");
        limits();
        encoding();
        privileges();
        namesakes();
        return examineTables(names);
    }

    /** Examines the given tables alone. */
    public List<Finding> examineTables(List<TableName> names) {
        names.forEach(name -> findings.addAll(tables.examine(name)));
        return findings;
    }

    /** What to say of a server of a major version, if it is too old. */
    static Optional<Finding> tooOld(String where, int major) {
        return major >= OLDEST_SERVER
                ? Optional.empty()
                : Optional.of(
                        new Finding(
                                where,
                                "version",
                                Severity.ERROR,
                                "the server is PostgreSQL %d, older than %d"
                                        .formatted(major, OLDEST_SERVER),
                                "upgrade it to PostgreSQL %d or later".formatted(OLDEST_SERVER)));
    }

    private Optional<Finding> cannotWrite() {
        record Writable(boolean standby, boolean readOnly) {}
        Writable writable =
                session.first(ExamineSql.WRITABLE, row -> new Writable(row.truth(1), row.truth(2)))
                        .orElseThrow();
        if (writable.standby) {
            return Optional.of(
                    new Finding(
                            where,
                            "standby",
                            Severity.ERROR,
                            "the server is a standby: nothing can be written there",
                            "give the address of its primary, or promote it"));
        }
        if (writable.readOnly) {
            return Optional.of(
                    new Finding(
                            where,
                            "read_only",
                            Severity.ERROR,
                            "transactions are read-only: default_transaction_read_only is on",
                            "ALTER DATABASE %s SET default_transaction_read_only = off"
                                    .formatted(Sql.name(database()))));
        }
        return Optional.empty();
    }

    private void error(String check, String problem, String cure) {
        findings.add(new Finding(where, check, Severity.ERROR, problem, cure));
    }

    private void setting(String name, String wanted, String managed) {
        String value = session.value(ExamineSql.SETTING, name);
        if (!wanted.equals(value)) {
            error(
                    name,
                    "%s is %s, needs to be %s".formatted(name, value, wanted),
                    "ALTER SYSTEM SET %s = '%s'; then restart the server (%s)"
                            .formatted(name, wanted, managed));
        }
    }

    /** Each link needs a slot and a sender at its writer, and an origin at its other end. */
    private void limits() {
        boolean member = session.value(MemberSql.INSTALLED).equals("t");
        // A node has one more for mends of its own.
        int originsNeeded = peers + copyJobs + (member ? 0 : 1);
        long slotsTaken = Long.parseLong(session.value(ExamineSql.SLOTS_USED));
        long originsTaken = Long.parseLong(session.value(ExamineSql.ORIGINS_USED));
        boolean ownLimit = session.serverVersion() >= OWN_ORIGIN_LIMIT_SINCE;
        if (ownLimit) {
            limit("max_active_replication_origins", "origins", originsTaken, originsNeeded);
        }
        if (ownLimit || slotsTaken + peers >= originsTaken + originsNeeded) {
            limit("max_replication_slots", "slots", slotsTaken, peers);
        } else {
            limit(
                    "max_replication_slots",
                    "replication origins, which it limits too before version 18,",
                    originsTaken,
                    originsNeeded);
        }
        long senders = Long.parseLong(session.value(ExamineSql.SENDERS_USED));
        limit("max_wal_senders", "senders", senders, peers);
    }

    private void limit(String name, String what, long taken, int needed) {
        long limit = Long.parseLong(session.value(ExamineSql.SETTING, name));
        if (limit - taken < needed) {
            error(
                    name,
                    "%s is %d and %d %s are taken; %d more are needed"
                            .formatted(name, limit, taken, what, needed),
                    ("ALTER SYSTEM SET %s = %d; then restart the server (managed services: the"
                                    + " parameter of that name)")
                            .formatted(name, Math.max(USUAL_LIMIT, taken + 2L * needed)));
        }
    }

    private void encoding() {
        String encoding = session.value(ExamineSql.SETTING, "server_encoding");
        if (!encoding.equals("UTF8")) {
            error(
                    "encoding",
                    "the database's encoding is %s, needs to be UTF8".formatted(encoding),
                    "make a new one: CREATE DATABASE ... TEMPLATE template0 ENCODING 'UTF8'");
        }
    }

    private String user() {
        return Sql.name(session.first(ExamineSql.SELF, row -> row.text(1)).orElseThrow());
    }

    private String database() {
        return session.first(ExamineSql.SELF, row -> row.text(2)).orElseThrow();
    }

    private void privileges() {
        String user = user();
        boolean grantable = session.serverVersion() >= SET_GRANTABLE_SINCE;
        attempt(
                "replication",
                "the role may not use replication slots",
                "ALTER ROLE %1$s REPLICATION; on RDS: GRANT rds_replication TO %1$s"
                        .formatted(user),
                ExamineSql.TRY_SLOT);
        attempt(
                "session_replication_role",
                "the role may not set session_replication_role",
                grantable
                        ? "GRANT SET ON PARAMETER session_replication_role TO " + user
                        : "ALTER ROLE %s SUPERUSER; before version 15 nothing less will do"
                                .formatted(user),
                "SET LOCAL session_replication_role = replica");
        for (String function : ExamineSql.ORIGIN_FUNCTIONS) {
            if (!session.value(ExamineSql.MAY_EXECUTE, function).equals("t")) {
                error(
                        "origins",
                        "the role may not call " + function,
                        "GRANT EXECUTE ON FUNCTION pg_catalog.%s TO %s; in this very database"
                                .formatted(function, user));
            }
        }
        if (!session.value(ExamineSql.MAY_CREATE).equals("t")) {
            error(
                    "create",
                    "the role may not create a schema",
                    "GRANT CREATE ON DATABASE %s TO %s".formatted(Sql.name(database()), user));
        }
    }

    /**
     * Tries something in a transaction that is rolled back. That the server has no slots to give is
     * not the role's fault, and found by {@link #limits}.
     */
    private void attempt(String check, String problem, String cure, String statement) {
        session.begin();
        try {
            session.execute(statement);
        } catch (PgError e) {
            switch (e.sqlState()) {
                case "42501" -> error(check, "%s (%s)".formatted(problem, e.getMessage()), cure);
                case "53400", "55000" -> {}
                default -> throw e;
            }
        } finally {
            session.rollback();
        }
    }

    private void namesakes() {
        for (String kind : session.query(ExamineSql.NAMESAKES, row -> row.text(1))) {
            error(
                    "name",
                    "there is a %s called pgchorus already, but the database is in no group"
                            .formatted(kind.toLowerCase(java.util.Locale.ROOT)),
                    "DROP %s pgchorus%s; if nobody needs it, or else rename it"
                            .formatted(kind, kind.equals("SCHEMA") ? " CASCADE" : ""));
        }
    }
}
