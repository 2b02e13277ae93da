package org.pgchorus.daemon;

import org.pgchorus.config.Address;
import org.pgchorus.conflict.Window;
import org.pgchorus.link.Exchange;
import org.pgchorus.member.Departure;
import org.pgchorus.member.Member;
import org.pgchorus.member.MembershipLock;
import org.pgchorus.member.Renewing;
import org.pgchorus.model.Lsn;
import org.pgchorus.model.NodeName;
import org.pgchorus.model.Stamp;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.MemberSql;
import org.pgchorus.sql.ObjectNames;
import org.pgchorus.sql.ResyncSql;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Brings back a node whose links cannot go on from where they stand: a slot was lost, an origin was
 * dropped, or the node was put back to an earlier state.
 *
 * <p>New slots first; then both ends of each link exchange what one lacks, by stamps; then the link
 * begins where its slot does and skips what the exchange's snapshot saw. A node that was put back
 * gets all from the others before it gives; what was deleted so long ago that nobody keeps the
 * tombstone is told by its absence. Every step may be done again.
 *
 * <p>One thread.
 */
public final class Resync implements AutoCloseable {
    private static final long POLL_MILLIS = 200;

    private final GroupSessions group;
    private final ResyncPlan plan;
    private final Consumer<String> progress;
    private final List<Session> guards = new ArrayList<>();
    private final Map<ResyncPlan.Renewal, Lsn> starts = new HashMap<>();
    private List<TableName> tables;
    private long versions;
    private long forgotten;

    private Resync(GroupSessions group, ResyncPlan plan, Consumer<String> progress) {
        this.group = group;
        this.plan = plan;
        this.progress = progress;
    }

    /**
     * What was done.
     *
     * @param versions how many versions were brought to nodes that lacked them
     * @param forgotten how many rows of the node were deleted, since the others had done so
     */
    public record Resynced(ResyncPlan plan, long versions, long forgotten) {}

    /** What would be done; nothing is. */
    public static ResyncPlan plan(Address any, NodeName name) {
        try (GroupSessions group = GroupSessions.open(any)) {
            group.all();
            return ResyncPlan.of(group, group.member(name));
        }
    }

    /**
     * Brings a node back; returns when its links can flow. Its daemon does the rest.
     *
     * @param progress hears each step
     */
    public static Resynced node(Address any, NodeName name, Consumer<String> progress)
            throws InterruptedException {
        try (GroupSessions group = GroupSessions.open(any)) {
            Member node = group.member(name);
            lock(group);
            try (Resync resync = new Resync(group, ResyncPlan.of(group, node), progress)) {
                return resync.run();
            }
        }
    }

    /**
     * Waits until a node is ready and all of its links flow.
     *
     * @return what is still missing when the time is over; empty if all is well
     */
    public static List<String> awaitFlowing(Address any, NodeName name, long timeoutMillis)
            throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
        while (true) {
            List<String> missing = missing(Survey.of(any), name.text());
            if (missing.isEmpty() || System.nanoTime() > deadline) {
                return missing;
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
    }

    private static List<String> missing(Status status, String name) {
        List<String> missing = new ArrayList<>();
        status.nodes().stream()
                .filter(n -> n.name().equals(name) && !n.state().equals("ready"))
                .forEach(n -> missing.add("node %s is %s".formatted(name, n.state())));
        status.links().stream()
                .filter(l -> l.from().equals(name) || l.to().equals(name))
                .filter(l -> !l.state().equals("streaming"))
                .forEach(l ->
                        missing.add(
                                "link %s->%s is %s: %s"
                                        .formatted(l.from(), l.to(), l.state(), l.reason())));
        return missing;
    }

    @Override
    public void close() {
        guards.forEach(Session::abort);
    }

    private static void lock(GroupSessions group) {
        group.all().forEach(MembershipLock::take);
    }

    private Resynced run() throws InterruptedException {
        if (plan.renewals().isEmpty()) {
            return new Resynced(plan, 0, 0);
        }
        requireSame();
        Session own = session(plan.node());
        own.inTransaction(() -> {
            for (ResyncPlan.Renewal link : plan.renewals()) {
                own.update(ResyncSql.NOTE, link.from().id(), link.to().id(), plan.restored());
            }
            return plan.restored() ? own.update(ResyncSql.CATCH_UP, plan.node().id()) : 0;
        });
        for (ResyncPlan.Renewal link : plan.renewals()) {
            newSlot(link);
        }
        // All that is known before anything comes: what is brought does not move it.
        Map<Integer, Long> before = ResyncPlan.applied(own);
        Map<Integer, Map<Integer, Long>> beforeAtPeers = new HashMap<>();
        links(true).forEach(l -> beforeAtPeers.put(l.to().id(), appliedAt(l.to())));
        if (plan.restored()) {
            restore(before);
        } else {
            for (ResyncPlan.Renewal link : links(false)) {
                bring(link, Window.beyond(List.of(link.from().id()), before));
            }
        }
        for (ResyncPlan.Renewal link : links(true)) {
            Window lacks =
                    Window.beyond(List.of(link.from().id()), beforeAtPeers.get(link.to().id()));
            bring(link, lacks);
            if (plan.restored()) {
                session(link.to()).update(ResyncSql.FORGET_SAID, plan.node().id());
            }
        }
        if (plan.restored()) {
            sequences(own);
        }
        own.update(ResyncSql.DONE);
        return new Resynced(plan, versions, forgotten);
    }

    /** The links out of the node, or those into it. */
    private List<ResyncPlan.Renewal> links(boolean out) {
        return plan.renewals().stream()
                .filter(l -> (l.from().id() == plan.node().id()) == out)
                .toList();
    }

    private Session session(Member member) {
        return group.session(member);
    }

    private Map<Integer, Long> appliedAt(Member member) {
        return ResyncPlan.applied(session(member));
    }

    /** A backup from before the group changed is none of this group. */
    private void requireSame() {
        Session own = session(plan.node());
        tables = Catalog.published(own);
        String members = own.value(ResyncSql.MEMBERS);
        for (Member peer : group.members()) {
            Session other = session(peer);
            if (!other.value(ResyncSql.MEMBERS).equals(members)) {
                throw PgError.refused(
                        ("node %s knows other members (%s) than node %s (%s): it comes from before"
                                        + " the group changed; take it out with node detach, and"
                                        + " join it again")
                                .formatted(
                                        plan.node().name(),
                                        members,
                                        peer.name(),
                                        other.value(ResyncSql.MEMBERS)));
            }
            if (!Catalog.published(other).equals(tables)) {
                throw PgError.refused(
                        ("node %s and node %s replicate different tables; make them the same with"
                                        + " table add and table remove, and try again")
                                .formatted(plan.node().name(), peer.name()));
            }
        }
    }

    /** Nothing is applied on the link until it is renewed; from now on its source keeps its log. */
    private void newSlot(ResyncPlan.Renewal link) {
        progress.accept("renewing link %s: %s".formatted(link.name(), link.why()));
        String name = ObjectNames.link(group.groupId(), link.from().id(), link.to().id());
        Session guard = Session.open(link.to().address(), "pgchorus");
        guards.add(guard);
        Departure.guard(guard, name);
        starts.put(link, Renewing.newSlot(session(link.from()), name));
    }

    /** The first of the others gives all it has; each further one what it has beyond that. */
    private void restore(Map<Integer, Long> before) throws InterruptedException {
        List<Integer> writers = group.members().stream().map(Member::id).toList();
        int here = plan.node().id();
        Map<Integer, Long> known = new TreeMap<>(before);
        // The backup is no older than the latest that it had applied; the least is on the safe
        // side.
        known.put(
                here,
                before.values().stream().mapToLong(Long::longValue).min().orElse(Long.MIN_VALUE));
        boolean first = true;
        for (ResyncPlan.Renewal link : links(false)) {
            try (Exchange exchange = open(link)) {
                Map<Integer, Long> there = ResyncPlan.applied(exchange.source());
                writers.forEach(writer -> there.putIfAbsent(writer, Long.MIN_VALUE));
                there.put(link.from().id(), exchange.snapshot().nowMicros());
                if (first) {
                    exchange.trustValuesBut(Window.beyond(writers, there));
                }
                bring(exchange, link, Window.beyond(writers, known));
                forget(exchange, there);
                begin(exchange, link);
                there.forEach((writer, at) -> known.merge(writer, at, Math::max));
            }
            first = false;
        }
    }

    /** A version that the other has had and has no more was deleted there. */
    private void forget(Exchange exchange, Map<Integer, Long> there) {
        long all = there.values().stream().mapToLong(Long::longValue).min().orElseThrow();
        Predicate<Stamp> had =
                stamp -> stamp.micros() <= Window.below(there.getOrDefault(stamp.node(), all));
        for (TableName table : tables) {
            forgotten += exchange.forget(table, had);
        }
    }

    private Exchange open(ResyncPlan.Renewal link) {
        return new Exchange(
                link.from().address(), link.to().address(), link.to().id(), group.groupId());
    }

    private void bring(ResyncPlan.Renewal link, Window window) throws InterruptedException {
        try (Exchange exchange = open(link)) {
            bring(exchange, link, window);
            begin(exchange, link);
        }
    }

    private void bring(Exchange exchange, ResyncPlan.Renewal link, Window window)
            throws InterruptedException {
        long brought = 0;
        for (TableName table : tables) {
            brought += exchange.bring(table, window);
        }
        versions += brought;
        progress.accept(
                "node %s got %d version(s) from node %s"
                        .formatted(link.to().name(), brought, link.from().name()));
    }

    /** The link is to go on behind what the exchange has brought. */
    private void begin(Exchange exchange, ResyncPlan.Renewal link) {
        Session target = session(link.to());
        int from = link.from().id();
        target.inTransaction(() -> {
            target.update(MemberSql.START_AT, from, starts.get(link));
            return target.update(
                    ResyncSql.RENEW,
                    from,
                    from,
                    from,
                    from,
                    exchange.snapshot().visible(),
                    exchange.snapshot().sourceEndLsn());
        });
        session(link.from()).update(ResyncSql.MET, link.to().id());
    }

    private void sequences(Session own) {
        for (ResyncPlan.Renewal link : links(false)) {
            Renewing.raiseSequences(session(link.from()), own);
        }
    }
}
