package org.pgchorus.link;

import org.pgchorus.model.Lsn;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.LinkSql;
import org.pgchorus.sql.ResyncSql;

import java.util.Optional;

/**
 * Whether a link can go on from where its target stands, and if not, what happened to which end.
 * Everything found here is mended by a resync of the node that {@link Fault#node} names.
 *
 * <p>No state; the sessions' thread rules hold.
 */
public final class Diagnosis {
    private Diagnosis() {}

    /** What can be wrong. */
    public enum Kind {
        /** The source's slot is not there, or has lost what it was to keep. */
        SLOT_LOST,
        /** The origin under which changes were applied is not there. */
        ORIGIN_GONE,
        /** The target does not know how far it is. */
        NO_POSITION,
        /** The source was put back to an earlier state, or its lagging standby took over. */
        SOURCE_RESTORED,
        /** The target was put back to an earlier state, or its lagging standby took over. */
        TARGET_RESTORED
    }

    /**
     * One finding.
     *
     * @param node the name of the node to resync
     * @param reason for people, with the cure
     */
    public record Fault(Kind kind, String node, String reason) {}

    private record Slot(Lsn confirmed, String status) {}

    private record Since(boolean known, Optional<Lsn> nextAnnounced) {}

    /** Examines a link through sessions on both ends. */
    public static Optional<Fault> of(LinkPlan plan, Session target, Session source) {
        // Before the position: the link may flow, and what is confirmed comes after.
        Optional<Slot> slot = slot(plan, source);
        Optional<Lsn> start =
                target.first(LinkSql.APPLIED_POSITION, row -> row.lsn(1), plan.fromId());
        if (start.isEmpty()) {
            return Optional.of(noPosition(plan));
        }
        return of(plan, target, source, start.get(), slot).or(() -> origin(plan, target));
    }

    /** Whether the origin is there. */
    static Optional<Fault> origin(LinkPlan plan, Session target) {
        if (target.value(ResyncSql.HAS_ORIGIN, plan.slot()).equals("t")) {
            return Optional.empty();
        }
        return fault(
                Kind.ORIGIN_GONE,
                plan.name().to().text(),
                "the replication origin %s is gone from node %s, where changes of node %s were"
                                .formatted(plan.slot(), plan.name().to(), plan.name().from())
                        + " applied under it");
    }

    /** The target keeps no position. */
    static Fault noPosition(LinkPlan plan) {
        String to = plan.name().to().text();
        String reason = "node %s keeps no position for node %s".formatted(to, plan.name().from());
        return fault(Kind.NO_POSITION, to, reason).orElseThrow();
    }

    /**
     * Whether the source is the one whose log was applied, and whether its slot begins there.
     *
     * @param startLsn the target's position in the source's log
     */
    static Optional<Fault> of(LinkPlan plan, Session target, Session source, Lsn startLsn) {
        return of(plan, target, source, startLsn, slot(plan, source));
    }

    private static Optional<Slot> slot(LinkPlan plan, Session source) {
        return source.first(LinkSql.SLOT, row -> new Slot(row.lsn(1), row.text(2)), plan.slot());
    }

    private static Optional<Fault> of(
            LinkPlan plan, Session target, Session source, Lsn startLsn, Optional<Slot> slot) {
        Lsn end = Lsn.parse(source.value(ResyncSql.END));
        if (startLsn.isAfter(end)) {
            String from = plan.name().from().text();
            return fault(
                    Kind.SOURCE_RESTORED,
                    from,
                    ("node %s has been restored to an earlier state: its log ends at %s but node %s"
                                    + " has applied up to %s")
                            .formatted(from, end, plan.name().to(), startLsn));
        }
        return tenures(plan, target, source, startLsn).or(() -> slot(plan, source, startLsn, slot));
    }

    /**
     * A source that was put back to an earlier state has either forgotten the tenure we last heard
     * in its log, or began the next one before the position we had reached.
     */
    private static Optional<Fault> tenures(
            LinkPlan plan, Session target, Session source, Lsn startLsn) {
        Optional<String> heard =
                target.first(LinkSql.HEARD_TENURE, row -> row.text(1), plan.fromId());
        if (heard.isEmpty()) {
            return Optional.empty();
        }
        Since since =
                source.first(
                                LinkSql.TENURES_SINCE,
                                row -> new Since(row.truth(1), row.maybe(2).map(Lsn::parse)),
                                heard.get(),
                                heard.get())
                        .orElseThrow();
        if (since.known && since.nextAnnounced.filter(startLsn::isAfter).isEmpty()) {
            return Optional.empty();
        }
        String from = plan.name().from().text();
        return fault(
                Kind.SOURCE_RESTORED,
                from,
                ("node %s has been restored to an earlier state: node %s has applied what was"
                                + " written there afterwards, up to %s")
                        .formatted(from, plan.name().to(), startLsn));
    }

    private static Optional<Fault> slot(
            LinkPlan plan, Session source, Lsn startLsn, Optional<Slot> found) {
        String from = plan.name().from().text();
        String to = plan.name().to().text();
        if (found.isEmpty()) {
            String why =
                    source.first(ResyncSql.NEEDED, row -> " (" + row.text(1) + ")", plan.toId())
                            .orElse("");
            return fault(
                    Kind.SLOT_LOST,
                    to,
                    "the slot %s is gone from node %s%s, and with it what %s has not received"
                            .formatted(plan.slot(), from, why, to));
        }
        if (found.get().status.equals("lost")) {
            return fault(
                    Kind.SLOT_LOST,
                    to,
                    ("node %s has removed WAL that the slot %s still needed (wal_status lost);"
                                    + " raise max_slot_wal_keep_size there")
                            .formatted(from, plan.slot()));
        }
        if (found.get().confirmed.isAfter(startLsn)) {
            return fault(
                    Kind.TARGET_RESTORED,
                    to,
                    ("node %s has been restored to an earlier state: it stands at %s of node %s's"
                                    + " log but had confirmed %s")
                            .formatted(to, startLsn, from, found.get().confirmed));
        }
        return Optional.empty();
    }

    private static Optional<Fault> fault(Kind kind, String node, String reason) {
        return Optional.of(new Fault(kind, node, reason + "; cure: pgchorus node resync " + node));
    }
}
