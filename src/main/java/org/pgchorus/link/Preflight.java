package org.pgchorus.link;

import org.pgchorus.model.Lsn;
import org.pgchorus.pg.Patience;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.DetachSql;
import org.pgchorus.sql.LinkSql;

/**
 * Whether the two ends are what they were when the link was made. Looked at before every start, so
 * that a database that was restored, copied or replaced is never taken for the one it was.
 */
final class Preflight {
    private Preflight() {}

    private record Local(String group, int id, String name, String recorded, String real) {}

    /**
     * @param startLsn the target's position in the source's log
     * @throws PgError.Refused with the reason and the cure
     */
    static void check(LinkPlan plan, Session target, Lsn startLsn) {
        local(target, plan.groupId(), plan.toId(), plan.name().to().text());
        try (Session source = Session.open(plan.from(), plan.applicationName())) {
            Patience.bound(source);
            local(source, plan.groupId(), plan.fromId(), plan.name().from().text());
            membership(plan, source);
            Diagnosis.of(plan, target, source, startLsn).ifPresent(Preflight::refuse);
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

    /** Takes the origin for the session that is going to apply. */
    static void takeOrigin(LinkPlan plan, Session target) {
        Diagnosis.origin(plan, target).ifPresent(Preflight::refuse);
        target.value(LinkSql.SETUP_ORIGIN, plan.slot());
    }

    private static void refuse(Diagnosis.Fault fault) {
        throw PgError.refused(fault.reason());
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
}
