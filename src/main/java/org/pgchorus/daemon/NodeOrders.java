package org.pgchorus.daemon;

import org.pgchorus.config.Address;
import org.pgchorus.member.Leaver;
import org.pgchorus.member.Member;
import org.pgchorus.member.ReadOnly;
import org.pgchorus.model.LinkName;
import org.pgchorus.model.NodeName;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.NodeSql;
import org.pgchorus.sql.SurveySql;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** What an operator can order of a whole node. No state. */
public final class NodeOrders {
    /** How long a daemon may take to notice an order; it looks four times a second. */
    private static final long NOTICE_MILLIS = 10_000;

    private static final long POLL_MILLIS = 50;

    /** Clients must not queue behind us for long while we wait for one of them. */
    private static final long LOCK_MILLIS = 1000;

    private static final int LOCK_ATTEMPTS = 20;
    private static final long RETRY_MILLIS = 500;

    private NodeOrders() {}

    /** Makes a database plain again, as {@link Leaver#remove} says. */
    public static Leaver.Left remove(Address address, boolean force) throws InterruptedException {
        return Leaver.remove(address, force);
    }

    /**
     * Links that stand still or go on.
     *
     * @param links those that do as ordered
     * @param unconfirmed whose daemon has not carried it out within ten seconds; the order stands
     * @param still that stay paused, by another order
     * @param untold nodes that cannot be reached, and why: links that end there do not know
     */
    public record Pause(
            List<LinkName> links,
            List<LinkName> unconfirmed,
            List<LinkName> still,
            Map<NodeName, String> untold) {}

    /** Stops delivery on all links into and out of a node, or lets it go on. */
    public static Pause pause(Address any, NodeName name, boolean paused)
            throws InterruptedException {
        try (GroupSessions group = GroupSessions.open(any)) {
            Member node = group.member(name);
            group.sessions()
                    .values()
                    .forEach(session -> session.update(NodeSql.PAUSE, node.id(), paused));
            return awaitPause(group, node, paused);
        }
    }

    private static Pause awaitPause(GroupSessions group, Member node, boolean paused)
            throws InterruptedException {
        List<LinkName> links = new ArrayList<>();
        List<LinkName> still = new ArrayList<>();
        List<Member[]> waiting = new ArrayList<>();
        for (Member from : group.members()) {
            for (Member to : group.members()) {
                boolean ofNode = from.id() == node.id() || to.id() == node.id();
                if (ofNode && from.id() != to.id() && group.sessions().containsKey(to.id())) {
                    waiting.add(new Member[] {from, to});
                }
            }
        }
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(NOTICE_MILLIS);
        while (true) {
            waiting.removeIf(link -> {
                Session session = group.session(link[1]);
                boolean stands = session.value(NodeSql.LINK_PAUSED, link[0].id()).equals("t");
                String state = session.value(SurveySql.LINK_STATE, link[0].id());
                if (state == null || state.equals("paused") != stands) {
                    return false;
                }
                (stands == paused ? links : still).add(name(link[0], link[1]));
                return true;
            });
            if (waiting.isEmpty() || System.nanoTime() > deadline) {
                break;
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
        List<LinkName> unconfirmed = waiting.stream().map(l -> name(l[0], l[1])).toList();
        return new Pause(links, unconfirmed, still, untold(group));
    }

    private static LinkName name(Member from, Member to) {
        return new LinkName(from.name(), to.name());
    }

    private static Map<NodeName, String> untold(GroupSessions group) {
        Map<NodeName, String> untold = new TreeMap<>();
        for (Member member : group.members()) {
            if (!group.sessions().containsKey(member.id())) {
                untold.put(member.name(), group.problems().get(member.id()));
            }
        }
        return untold;
    }

    /**
     * Keeps clients from writing on a node, or lets them again, while it goes on applying what
     * others write. When it returns, no client's write is under way there any more.
     *
     * @return nodes that could not be told, and why; the node itself always is
     * @throws PgError.Refused if a client's transaction stays open; nothing is changed then
     */
    public static Map<NodeName, String> readOnly(Address any, NodeName name, boolean on)
            throws InterruptedException {
        try (GroupSessions group = GroupSessions.open(any)) {
            return readOnly(group, group.member(name), on);
        }
    }

    private static Map<NodeName, String> readOnly(GroupSessions group, Member node, boolean on)
            throws InterruptedException {
        Session session = group.session(node);
        boolean before = session.value(NodeSql.IS_READ_ONLY).equals("t");
        session.update(NodeSql.READ_ONLY, node.id(), on);
        try {
            arrange(session);
        } catch (RuntimeException e) {
            if (on && !before) {
                session.update(NodeSql.READ_ONLY, node.id(), false);
                arrangeWhatCan(session, e);
            }
            throw e;
        }
        group.sessions().forEach((id, other) -> other.update(NodeSql.READ_ONLY, node.id(), on));
        return untold(group);
    }

    private static void arrange(Session session) throws InterruptedException {
        int attempts = 0;
        while (true) {
            try {
                if (!ReadOnly.arrangeNext(session, ReadOnly.Reach.EFFECT, LOCK_MILLIS)) {
                    return;
                }
                attempts = 0;
            } catch (PgError.Busy e) {
                attempts++;
                if (attempts == LOCK_ATTEMPTS) {
                    throw PgError.refused(
                            ("table %s cannot be locked: a transaction that writes to it stays"
                                            + " open; end it, and try again (%s)")
                                    .formatted(
                                            ReadOnly.nextTable(session, ReadOnly.Reach.EFFECT)
                                                    .map(Object::toString)
                                                    .orElse("?"),
                                            e.getMessage()),
                            e);
                }
                TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS);
            }
        }
    }

    /** Takes back at once what can be; the daemon does the rest when it can. */
    private static void arrangeWhatCan(Session session, RuntimeException failure) {
        try {
            while (ReadOnly.arrangeNext(session, ReadOnly.Reach.EFFECT, LOCK_MILLIS)) {
                // One table after the other.
            }
        } catch (PgError e) {
            failure.addSuppressed(e);
        }
    }

    /**
     * What draining came to.
     *
     * @param lacking what which peer lacks, a sentence each; empty if the node may go
     * @param untold nodes that could not be told that it is read-only
     */
    public record Drained(
            Map<LinkName, String> lacking, Map<NodeName, String> untold, double seconds) {}

    /**
     * Makes a node read-only and waits until all others have applied all it ever wrote: then it can
     * be stopped or detached without loss.
     */
    public static Drained drain(Address any, NodeName name, Duration timeout)
            throws InterruptedException {
        long began = System.nanoTime();
        Map<NodeName, String> untold = readOnly(any, name, true);
        List<LinkName> late =
                Waiting.untilApplied(any, timeout, Optional.of(name), Optional.empty());
        Map<LinkName, String> lacking = new TreeMap<>();
        if (!late.isEmpty()) {
            Status status = Survey.of(any);
            late.forEach(link -> lacking.put(link, lack(status, link)));
        }
        return new Drained(lacking, untold, (System.nanoTime() - began) / 1e9);
    }

    private static String lack(Status status, LinkName name) {
        return status.links().stream()
                .filter(l -> l.from().equals(name.from().text()))
                .filter(l -> l.to().equals(name.to().text()))
                .findFirst()
                .map(NodeOrders::lack)
                .orElseGet(() -> "node %s lacks an unknown part".formatted(name.to()));
    }

    private static String lack(Status.Link link) {
        String bytes =
                link.lagBytes().isPresent()
                        ? "%d bytes of its log".formatted(link.lagBytes().getAsLong())
                        : "an unknown part of its log";
        String why = link.reason().isEmpty() ? "" : ": " + link.reason();
        long held = link.held().stream().mapToLong(HeldChanges.HeldTable::changes).sum();
        return "node %s lacks %s%s; the link is %s%s"
                .formatted(
                        link.to(),
                        bytes,
                        held == 0 ? "" : " and holds %d changes".formatted(held),
                        link.state(),
                        why);
    }
}
