package org.pgchorus.member;

import org.pgchorus.member.Finding.Severity;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.ExamineSql;
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
        Service service = Service.valueOf(session.value(ExamineSql.SERVICE));
        findings.addAll(new ServerExaminer(session, where, service).examine(peers, copyJobs));
        encoding();
        findings.addAll(new PrivilegeExaminer(session, where, service).examine());
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

    private void encoding() {
        String encoding = session.value(ExamineSql.SETTING, "server_encoding");
        if (!encoding.equals("UTF8")) {
            error(
                    "encoding",
                    "the database's encoding is %s, needs to be UTF8".formatted(encoding),
                    "make a new one: CREATE DATABASE ... TEMPLATE template0 ENCODING 'UTF8'");
        }
    }

    private String database() {
        return session.value(ExamineSql.DATABASE);
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
