package org.pgchorus.member;

import org.pgchorus.member.Finding.Severity;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.ExamineSql;
import org.pgchorus.sql.MemberSql;
import org.pgchorus.sql.Sql;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Examines a server's settings and limits. Changes nothing. */
final class ServerExaminer {
    private static final int OWN_ORIGIN_LIMIT_SINCE = 18;

    /** The servers' own default for each of the limits. */
    private static final int USUAL_LIMIT = 10;

    /** A daemon's sessions for a node besides those of its links, and a command or two. */
    private static final int OWN_CONNECTIONS = 5;

    /** A link's own session, its look at both ends when it starts, and the peer's at this node. */
    private static final int CONNECTIONS_A_PEER = 3;

    /** Each copying session has one at either end. */
    private static final int USUAL_CONNECTIONS = 100;

    /** A peer that is away for a lunch break should not lose its slot. */
    private static final long LITTLE_WAL_BYTES = 1L << 30;

    private final Session session;
    private final String where;
    private final Service service;
    private final List<Finding> findings = new ArrayList<>();

    ServerExaminer(Session session, String where, Service service) {
        this.session = session;
        this.where = where;
        this.service = service;
    }

    /**
     * What is found.
     *
     * @param peers how many links each way the node will get
     * @param copyJobs how many sessions will copy into it
     */
    List<Finding> examine(int peers, int copyJobs) {
        setting("wal_level", "logical");
        setting("track_commit_timestamp", "on");
        limits(peers, copyJobs);
        connections(peers, copyJobs);
        if (!"origin".equals(session.value(ExamineSql.REPLICATION_ROLE_OF_ALL))) {
            error(
                    "session_replication_role",
                    "sessions begin with session_replication_role other than origin: triggers do"
                            + " not fire for what clients write, ours among them",
                    "ALTER DATABASE %s RESET session_replication_role; or of the role, or of the"
                                    .formatted(Sql.name(session.value(ExamineSql.DATABASE)))
                            + " server");
        }
        return findings;
    }

    /** What stands in nobody's way but is worth knowing before there is more than one node. */
    List<Finding> advice() {
        retention();
        durability();
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
                    service.change(name, wanted));
        }
    }

    /** Each link needs a slot and a sender at its writer, and an origin at its other end. */
    private void limits(int peers, int copyJobs) {
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
                    service.change(name, Math.max(USUAL_LIMIT, taken + 2L * needed)));
        }
    }

    private void connections(int peers, int copyJobs) {
        int needed = OWN_CONNECTIONS + CONNECTIONS_A_PEER * peers + copyJobs;
        record Free(long server, Optional<Long> database, Optional<Long> role, String user) {}
        Free free =
                session.first(
                                ExamineSql.CONNECTIONS_FREE,
                                row ->
                                        new Free(
                                                row.number(1),
                                                row.maybe(2).map(Long::valueOf),
                                                row.maybe(3).map(Long::valueOf),
                                                row.text(4)))
                        .orElseThrow();
        if (free.server < needed) {
            error(
                    "max_connections",
                    "the server has %d connections free, %d are needed"
                            .formatted(free.server, needed),
                    service.change(
                            "max_connections",
                            Math.max(
                                    USUAL_CONNECTIONS,
                                    Long.parseLong(
                                                    session.value(
                                                            ExamineSql.SETTING, "max_connections"))
                                            + 2L * needed)));
        }
        free.database
                .filter(left -> left < needed)
                .ifPresent(left ->
                        error(
                                "connection_limit",
                                "the database's connection limit leaves %d, %d are needed"
                                        .formatted(left, needed),
                                "ALTER DATABASE %s CONNECTION LIMIT -1"
                                        .formatted(Sql.name(session.value(ExamineSql.DATABASE)))));
        free.role
                .filter(left -> left < needed)
                .ifPresent(left ->
                        error(
                                "connection_limit",
                                "the role's connection limit leaves %d, %d are needed"
                                        .formatted(left, needed),
                                "ALTER ROLE %s CONNECTION LIMIT -1"
                                        .formatted(Sql.name(free.user))));
    }

    /** What becomes of a peer that stays away, and of the disk meanwhile. */
    private void retention() {
        record Retention(long keepBytes, Optional<Long> idleSeconds, long senderTimeout) {}
        Retention retention =
                session.first(
                                ExamineSql.RETENTION,
                                row ->
                                        new Retention(
                                                row.number(1),
                                                row.maybe(2).map(Long::valueOf),
                                                row.number(3)))
                        .orElseThrow();
        if (retention.keepBytes < 0) {
            note(
                    "max_slot_wal_keep_size",
                    "WAL is kept without limit for a peer that stays away",
                    service.changeAtOnce("max_slot_wal_keep_size", "100GB")
                            + "; or what the disk can spare");
        } else if (retention.keepBytes < LITTLE_WAL_BYTES) {
            note(
                    "max_slot_wal_keep_size",
                    "a peer that is behind by more than %d MB loses its slot"
                            .formatted(retention.keepBytes >> 20),
                    service.changeAtOnce("max_slot_wal_keep_size", "10GB")
                            + "; or what the disk can spare");
        }
        retention
                .idleSeconds
                .filter(seconds -> seconds > 0)
                .ifPresent(seconds ->
                        note(
                                "idle_replication_slot_timeout",
                                "a peer that is away for %d s loses its slot".formatted(seconds),
                                service.changeAtOnce("idle_replication_slot_timeout", "0")));
        if (retention.senderTimeout == 0) {
            note(
                    "wal_sender_timeout",
                    "wal_sender_timeout is 0: a broken connection keeps its slot for ever",
                    service.changeAtOnce("wal_sender_timeout", "60s"));
        }
    }

    /** A crash of such a server loses what peers have got from it already. */
    private void durability() {
        for (String name : List.of("fsync", "full_page_writes")) {
            if ("off".equals(session.value(ExamineSql.SETTING, name))) {
                note(
                        name,
                        name
                                + " is off: after a crash of its machine the server may have lost"
                                + " what others have received from it",
                        service.changeAtOnce(name, "on"));
            }
        }
    }
}
