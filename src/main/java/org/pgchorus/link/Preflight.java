package org.pgchorus.link;

import org.pgchorus.model.Lsn;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.DetachSql;
import org.pgchorus.sql.LinkSql;

import java.util.Optional;

/**
 * Whether the two ends are what they were when the link was made. Looked at before every start, so
 * that a database that was restored, copied or replaced is never taken for the one it was.
 */
final class Preflight {
    private Preflight() {}

    private record Local(String group, int id, String name, String recorded, String real) {}

    private record Slot(Lsn confirmed, String status, Lsn end) {}

    /**
     * @param startLsn the target's position in the source's log
     * @throws PgError.Refused with the reason and the cure
     */
    static void check(LinkPlan plan, Session target, Lsn startLsn) {
        local(target, plan.groupId(), plan.toId(), plan.name().to().text());
        try (Session source = Session.open(plan.from(), plan.applicationName())) {
            local(source, plan.groupId(), plan.fromId(), plan.name().from().text());
            membership(plan, source);
            Optional<Slot> found =
                    source.first(
                            LinkSql.SLOT,
                            row -> new Slot(row.lsn(1), row.text(2), row.lsn(4)),
                            plan.slot());
            slot(plan, startLsn, found);
            tenures(plan, target, source, startLsn);
        }
    }

    /** One that was taken out while it could not be reached finds that out here. */
    private static void membership(LinkPlan plan, Session source) {
        if (source.value(DetachSql.IS_MEMBER, plan.toId()).equals("f")) {
            String to = plan.name().to().text();
            throw PgError.refused(
                    ("node %s was taken out of the group (node detach): node %s does not know it"
                                    + " any more, and what is written there stays there; make it a"
                                    + " plain database with pgchorus node remove %s, then join it"
                                    + " again")
                            .formatted(to, plan.name().from(), plan.to().text()));
        }
    }

    private record Since(boolean known, Optional<Lsn> nextAnnounced) {}

    /**
     * A source that was put back to an earlier state has either forgotten the tenure we last heard
     * in its log, or began the next one before the position we had reached.
     */
    private static void tenures(LinkPlan plan, Session target, Session source, Lsn startLsn) {
        Optional<String> heard =
                target.first(LinkSql.HEARD_TENURE, row -> row.text(1), plan.fromId());
        if (heard.isEmpty()) {
            return;
        }
        Since since =
                source.first(
                                LinkSql.TENURES_SINCE,
                                row -> new Since(row.truth(1), row.maybe(2).map(Lsn::parse)),
                                heard.get(),
                                heard.get())
                        .orElseThrow();
        boolean wentBack = since.nextAnnounced.filter(startLsn::isAfter).isPresent();
        if (!since.known || wentBack) {
            throw PgError.refused(
                    ("node %s has been restored to an earlier state: node %s has applied what was"
                                    + " written there afterwards, up to %s; join node %s again")
                            .formatted(
                                    plan.name().from(),
                                    plan.name().to(),
                                    startLsn,
                                    plan.name().from()));
        }
    }

    private static void local(Session session, String group, int id, String name) {
        Local local =
                session.first(
                                LinkSql.LOCAL,
                                row ->
                                        new Local(
                                                row.text(1),
                                                (int) row.number(2),
                                                row.text(3),
                                                row.text(4),
                                                row.text(5)))
                        .orElseThrow(() -> PgError.refused("node " + name + " is not a member"));
        if (!local.group.equals(group) || local.id != id) {
            throw PgError.refused(
                    ("the database at %s is node %s of group %s, not node %s of group %s;"
                                    + " correct the address in the group's catalog")
                            .formatted(session.where(), local.name, local.group, name, group));
        }
        if (!local.recorded.equals(local.real)) {
            throw PgError.refused(
                    ("the database of node %s at %s was restored or copied into another server"
                                    + " (system identifier %s, recorded %s);"
                                    + " take the node out and join it again")
                            .formatted(name, session.where(), local.real, local.recorded));
        }
    }

    private static void slot(LinkPlan plan, Lsn startLsn, Optional<Slot> found) {
        String from = plan.name().from().text();
        String to = plan.name().to().text();
        Slot slot =
                found.orElseThrow(() ->
                        PgError.refused(
                                ("the slot %s is gone from node %s, and with it what %s has"
                                                + " not received; join node %s again")
                                        .formatted(plan.slot(), from, to, to)));
        if (slot.status.equals("lost")) {
            throw PgError.refused(
                    ("node %s has removed WAL that the slot %s still needed (wal_status lost);"
                                    + " join node %s again, and raise max_slot_wal_keep_size")
                            .formatted(from, plan.slot(), to));
        }
        if (slot.confirmed.isAfter(startLsn)) {
            throw PgError.refused(
                    ("node %s has been restored to an earlier state: it stands at %s of node %s's"
                                    + " log but had confirmed %s; join it again")
                            .formatted(to, startLsn, from, slot.confirmed));
        }
        if (startLsn.isAfter(slot.end)) {
            throw PgError.refused(
                    ("node %s has been restored to an earlier state: its log ends at %s but node %s"
                                    + " has applied up to %s; join it again")
                            .formatted(from, slot.end, to, startLsn));
        }
    }
}
