package org.pgchorus.member;

import org.pgchorus.config.Address;
import org.pgchorus.member.Finding.Severity;
import org.pgchorus.pg.LogStream;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.ExamineSql;
import org.pgchorus.sql.MemberSql;
import org.pgchorus.sql.Sql;

import java.util.ArrayList;
import java.util.List;

/**
 * Examines what a role may do, by doing it where that leaves nothing behind: managed services give
 * rights in ways that no catalog shows.
 */
final class PrivilegeExaminer {
    private static final int SET_GRANTABLE_SINCE = 15;

    private final Session session;
    private final String where;
    private final Service service;
    private final List<Finding> findings = new ArrayList<>();

    PrivilegeExaminer(Session session, String where, Service service) {
        this.session = session;
        this.where = where;
        this.service = service;
    }

    /** What the role lacks. */
    List<Finding> examine() {
        String user = Sql.name(session.value(ExamineSql.USER));
        boolean grantable = session.serverVersion() >= SET_GRANTABLE_SINCE;
        attempt(
                "replication",
                "the role may not use replication slots",
                service.grantReplication(user),
                ExamineSql.TRY_SLOT);
        attempt(
                "session_replication_role",
                "the role may not set session_replication_role",
                grantable
                        ? service.grant(
                                "GRANT SET ON PARAMETER session_replication_role TO " + user, user)
                        : service.grantAll(user),
                "SET LOCAL session_replication_role = replica");
        for (String function : ExamineSql.ORIGIN_FUNCTIONS) {
            if (!session.value(ExamineSql.MAY_EXECUTE, function).equals("t")) {
                error(
                        "origins",
                        "the role may not call " + function,
                        service.grant(
                                ("GRANT EXECUTE ON FUNCTION pg_catalog.%s TO %s; in this very"
                                                + " database")
                                        .formatted(function, user),
                                user));
            }
        }
        if (!session.value(ExamineSql.MAY_CREATE).equals("t")) {
            String database = Sql.name(session.value(ExamineSql.DATABASE));
            error(
                    "create",
                    "the role may not create a schema",
                    "GRANT CREATE ON DATABASE %s TO %s".formatted(database, user));
        }
        return findings;
    }

    /**
     * Tries besides, in connections of its own, what nothing else is told by: an origin of a
     * session, and a connection that streams. Leaves nothing behind.
     */
    static List<Finding> examineConnections(Address address, String where, Service service) {
        List<Finding> findings = new ArrayList<>();
        try (Session session = Session.open(address, "pgchorus check")) {
            if (!session.value(MemberSql.INSTALLED).equals("t")) {
                tryOrigin(session, address, where, service, findings);
            }
        }
        try {
            LogStream.tryConnection(address);
        } catch (PgError e) {
            findings.add(
                    new Finding(
                            where,
                            "streaming",
                            Severity.ERROR,
                            "no connection that streams can be had: " + e.getMessage(),
                            "give the address of the server itself, not of a connection pooler,"
                                    + " and let role and address in, in pg_hba.conf"));
        }
        return findings;
    }

    private static void tryOrigin(
            Session session,
            Address address,
            String where,
            Service service,
            List<Finding> findings) {
        String origin = "pgchorus_try_" + session.value(ExamineSql.PID);
        try (Session user = Session.open(address, "pgchorus check")) {
            ExamineSql.TRY_ORIGIN.forEach(statement -> user.value(statement, origin));
            user.inTransaction(() -> user.value(ExamineSql.TRY_ORIGIN_TRANSACTION));
        } catch (PgError e) {
            switch (e.sqlState()) {
                case "53400", "55000" -> {} // no room for one: the limits tell
                default -> {
                    String user = Sql.name(session.value(ExamineSql.USER));
                    findings.add(
                            new Finding(
                                    where,
                                    "origins",
                                    Severity.ERROR,
                                    "the role cannot use a replication origin: " + e.getMessage(),
                                    service.grant(
                                            "give the role the grants of docs/privileges.md",
                                            user)));
                }
            }
        } finally {
            Installer.dropOrigin(session, origin);
        }
    }

    private void error(String check, String problem, String cure) {
        findings.add(new Finding(where, check, Severity.ERROR, problem, cure));
    }

    /**
     * Tries something in a transaction that is rolled back. That the server has no slots to give is
     * not the role's fault, and found by {@link ServerExaminer}.
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
}
