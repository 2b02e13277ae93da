package org.pgchorus.daemon;

import org.pgchorus.config.Address;
import org.pgchorus.config.GroupSetting;
import org.pgchorus.config.NodeAddress;
import org.pgchorus.link.Announcement;
import org.pgchorus.link.Applied;
import org.pgchorus.link.Clocks;
import org.pgchorus.link.Link;
import org.pgchorus.link.LinkPlan;
import org.pgchorus.link.LinkReport;
import org.pgchorus.link.LinkState;
import org.pgchorus.link.OwnSession;
import org.pgchorus.link.Policies;
import org.pgchorus.link.Provisional;
import org.pgchorus.link.Returns;
import org.pgchorus.member.Departure;
import org.pgchorus.member.Identity;
import org.pgchorus.member.Member;
import org.pgchorus.member.Surface;
import org.pgchorus.model.LinkName;
import org.pgchorus.model.Took;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.Patience;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.AgentSql;
import org.pgchorus.sql.JoinSql;
import org.pgchorus.sql.LinkSql;
import org.pgchorus.sql.MemberSql;
import org.pgchorus.sql.ObjectNames;
import org.pgchorus.sql.PolicySql;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Serves one node: runs the links that end there, speaks for it in its log, keeps its house.
 *
 * <p>One daemon serves a node at a time, the one that holds the node's lock; others wait for it. A
 * database that is not a member yet, or cannot be reached, is waited for. {@link #run} belongs to
 * one thread; {@link #close} and {@link #state} may be called from any.
 */
final class NodeAgent implements Runnable, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(NodeAgent.class);

    /** Bounds how many conflicts are recorded that were none: what was applied since is unknown. */
    private static final long TICK_MILLIS = 50;

    /** When nothing happens. After something was applied, peers hear of it with the next tick. */
    private static final long HEARTBEAT_MILLIS = 250;

    private static final long CATALOG_MILLIS = 250;
    private static final long STATUS_MILLIS = 500;
    private static final long PROVISIONAL_MILLIS = 1000;
    private static final long DISPLACED_MILLIS = 500;

    private static final long RETRY_MILLIS = 1000;

    /** Commits further in a target's future than this stop the link (semantics: default 5 s). */
    private static final long SKEW_LIMIT_MICROS = 5_000_000;

    private static final long NEVER = Long.MIN_VALUE;

    private record Reached(int peer, long micros, long stepped) {}

    private final NodeAddress node;
    private final Map<Integer, Link> links = new TreeMap<>();
    private final Map<Integer, Thread> linkThreads = new TreeMap<>();
    private volatile boolean closed;
    private volatile String state = "starting";
    private volatile Map<LinkName, Took> applyTimes = Map.of();
    private final Policies policies = new Policies();
    private Optional<String> policiesRead = Optional.empty();
    private Applied applied = new Applied();
    private Identity identity;
    private long readyWhenMicros;
    private Paces paces;

    NodeAgent(NodeAddress node) {
        this.node = node;
    }

    /** What it does, in a few words. */
    String state() {
        return state;
    }

    /** How long applying took on each link, as of the last time its status was told. Any thread. */
    Map<LinkName, Took> applyTimes() {
        return applyTimes;
    }

    @Override
    public void close() {
        closed = true;
    }

    @Override
    public void run() {
        try {
            while (!closed) {
                try (Session control = Session.open(node.address(), "pgchorus daemon")) {
                    Patience.bound(control);
                    serve(control);
                } catch (PgError e) {
                    say("waiting: " + e.getMessage());
                    TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS);
                } catch (RuntimeException e) {
                    LOG.error("node {} broke", node.name(), e);
                    say("internal error: " + e);
                    TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS);
                } catch (Error e) {
                    // Out of memory, say: a node must not stay without an agent for it.
                    LOG.error("node {} broke", node.name(), e);
                    say("internal error: " + e);
                    TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS);
                } finally {
                    stopLinks(Set.of());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        say("stopped");
    }

    private void say(String text) {
        if (!text.equals(state)) {
            state = text;
            LOG.info("node {}: {}", node.name(), text);
        }
    }

    private void serve(Session control) throws InterruptedException {
        control.execute("SET synchronous_commit = off");
        if (!awaitMembership(control)) {
            return;
        }
        renewSurface(control);
        paces = Paces.ofNode(control);
        applied = new Applied();
        policiesRead = Optional.empty();
        control.query(
                        AgentSql.APPLIED,
                        row ->
                                new Reached(
                                        (int) row.number(1), row.number(2), row.number(3, NEVER)),
                        identity.nodeId())
                .forEach(reached -> {
                    applied.remembered(reached.peer, reached.micros);
                    applied.clocks().remember(reached.peer, NEVER, reached.stepped);
                });
        control.query(
                        AgentSql.CLOCK,
                        row -> new Reached(0, row.number(1, NEVER), row.number(2, NEVER)))
                .forEach(own ->
                        applied.clocks().remember(identity.nodeId(), own.micros, own.stepped));
        String tenure = beginTenure(control);
        say("serving");
        Every heartbeat = new Every(HEARTBEAT_MILLIS);
        Every catalog = new Every(CATALOG_MILLIS);
        Every status = new Every(STATUS_MILLIS);
        Every provisional = new Every(PROVISIONAL_MILLIS);
        Every displaced = new Every(DISPLACED_MILLIS);
        String own = ownState(control);
        long told = 0;
        try (OwnSession mending =
                        new OwnSession(node.address(), identity.groupId(), identity.nodeId());
                Healer _ = Healer.start(node.address(), identity, applied)) {
            Provisional graves = new Provisional(mending, policies);
            Returns returns = new Returns(mending);
            Watchman watchman = new Watchman(identity);
            while (!closed) {
                readClock(control);
                if (catalog.due()) {
                    own = reconcile(control);
                }
                if (applied.news() != told || heartbeat.due()) {
                    told = applied.news();
                    Announcement beat = new Announcement.Heartbeat(tenure, own, applied.snapshot());
                    control.value(LinkSql.EMIT, ObjectNames.MESSAGE_PREFIX, beat.text());
                }
                if (status.due()) {
                    tellStatus(control);
                }
                if (provisional.due()) {
                    graves.look(control);
                }
                if (displaced.due()) {
                    returns.look(control);
                }
                watchman.look(control);
                TimeUnit.MILLISECONDS.sleep(TICK_MILLIS);
            }
        } finally {
            stopLinks(Set.of());
        }
        tellStatus(control);
    }

    /** Replication does not depend on it, so a role that may not leaves the older version's. */
    private void renewSurface(Session control) {
        try {
            if (Surface.renew(control)) {
                LOG.info("node {}: views and functions are this version's now", node.name());
            }
        } catch (PgError.Refused e) {
            LOG.warn(
                    "node {}: views and functions stay an older version's: {}",
                    node.name(),
                    e.getMessage());
        }
    }

    private void readClock(Session control) {
        Clocks clocks = applied.clocks();
        long highBefore = clocks.high(identity.nodeId());
        clocks.read(identity.nodeId(), Long.parseLong(control.value(MemberSql.NOW)), highBefore);
    }

    private String beginTenure(Session control) {
        String tenure = UUID.randomUUID().toString();
        Announcement first = new Announcement.Heartbeat(tenure, ownState(control), Map.of());
        control.inTransaction(() -> {
            control.execute("SET LOCAL synchronous_commit = local");
            control.update(AgentSql.BEGIN_TENURE, tenure);
            return control.value(LinkSql.EMIT, ObjectNames.MESSAGE_PREFIX, first.text());
        });
        control.update(AgentSql.TENURE_ANNOUNCED, tenure);
        return tenure;
    }

    private String ownState(Session control) {
        return Member.all(control).stream()
                .filter(member -> member.id() == identity.nodeId())
                .map(Member::state)
                .findFirst()
                .orElse("joining");
    }

    /** Waits until the database is a member and nobody else serves it; false if closed. */
    private boolean awaitMembership(Session control) throws InterruptedException {
        while (!closed) {
            Optional<Identity> found = Identity.of(control);
            if (control.value(AgentSql.IN_RECOVERY).equals("t")) {
                say("in recovery: waits until the server is promoted");
            } else if (found.isEmpty()) {
                if (!FollowerAgent.serve(control, node, () -> closed, this::say)) {
                    say("waiting: not a member of a group yet");
                }
            } else if (!found.get().name().equals(node.name())) {
                throw PgError.refused(
                        "the database at %s is node %s, not %s"
                                .formatted(node.address().text(), found.get().name(), node.name()));
            } else if (control.value(JoinSql.CLOSED).equals("t")) {
                say("waiting: the node's join is not at its end");
            } else if (control.value(MemberSql.TRY_LOCK_DAEMON).equals("t")) {
                identity = found.get();
                return true;
            } else {
                say("standby: another daemon serves this node");
            }
            TimeUnit.MILLISECONDS.sleep(CATALOG_MILLIS);
        }
        return false;
    }

    /** Makes the links what the catalog says; returns this node's own state. */
    private String reconcile(Session control) throws InterruptedException {
        if (!Identity.of(control).equals(Optional.of(identity))) {
            // Taken out, and perhaps in again as another: a join failed and was repeated.
            throw PgError.busy("the database is not node %d any more".formatted(identity.nodeId()));
        }
        readPolicies(control);
        applied.gone(Departure.gone(control));
        List<Member> members = Member.all(control);
        Set<Integer> paused =
                new HashSet<>(control.query(AgentSql.CONTROLS, row -> (int) row.number(1)));
        String own = "joining";
        for (Member member : members) {
            if (member.id() == identity.nodeId()) {
                own = member.state();
                continue;
            }
            applied.expect(member.id());
            boolean pause = paused.contains(member.id());
            Link link = links.get(member.id());
            if (link == null) {
                start(member, pause);
            } else {
                link.pause(pause);
            }
        }
        stopLinks(members.stream().map(Member::id).collect(Collectors.toSet()));
        if (own.equals("joining")) {
            becomeReady(control, members, paused);
        } else {
            readyWhenMicros = 0;
        }
        return own;
    }

    /** Before any link starts, and then when they change; says which ones the links go by. */
    private void readPolicies(Session control) {
        policies.setGrouping(
                GroupSetting.APPLY_GROUPING.in(WalGuard.settings(control)).equals("on"));
        Optional<String> written = Optional.of(control.value(PolicySql.FINGERPRINT));
        if (!written.equals(policiesRead)) {
            policies.set(Catalog.policies(control));
            control.update(PolicySql.NOTE_READ, written.get());
            policiesRead = written;
        }
    }

    private void start(Member from, boolean paused) {
        Address to = node.address();
        LinkPlan plan =
                new LinkPlan(
                        new LinkName(from.name(), identity.name()),
                        identity.groupId(),
                        from.id(),
                        identity.nodeId(),
                        from.address(),
                        to,
                        SKEW_LIMIT_MICROS);
        Link link =
                new Link(
                        plan,
                        applied,
                        policies,
                        Thread.ofPlatform().daemon().name("read " + plan.name()).factory(),
                        paused);
        links.put(from.id(), link);
        // Not virtual ones: they wait for a socket some thousand times a second, and each time a
        // virtual thread would be parked and woken by two others.
        linkThreads.put(
                from.id(), Thread.ofPlatform().daemon().name("link " + plan.name()).start(link));
    }

    private void stopLinks(Set<Integer> keep) {
        Set<Integer> gone = new HashSet<>(links.keySet());
        gone.removeAll(keep);
        gone.forEach(id -> links.get(id).close());
        for (int id : gone) {
            Ending.await(linkThreads.remove(id));
            links.remove(id);
        }
    }

    /** A newcomer is ready once every link has applied what was committed when they were let go. */
    private void becomeReady(Session control, List<Member> members, Set<Integer> paused) {
        if (!paused.isEmpty()) {
            readyWhenMicros = 0;
            return;
        }
        if (readyWhenMicros == 0) {
            readyWhenMicros = Long.parseLong(control.value(MemberSql.NOW));
        }
        Map<Integer, Long> reached = applied.snapshot();
        boolean all =
                members.stream()
                        .filter(m -> m.id() != identity.nodeId())
                        .allMatch(m ->
                                reached.getOrDefault(m.id(), Long.MIN_VALUE) >= readyWhenMicros);
        if (all) {
            control.update(AgentSql.BECOME_READY, identity.nodeId());
            LOG.info("node {} is ready", identity.name());
        }
    }

    private void tellStatus(Session control) {
        long stepped = applied.clocks().steppedFrom(identity.nodeId());
        control.update(
                AgentSql.NOTE_CLOCK,
                applied.clocks().high(identity.nodeId()),
                stepped == NEVER ? null : stepped);
        applyTimes =
                links.values().stream()
                        .collect(
                                Collectors.toUnmodifiableMap(
                                        link -> link.report().plan().name(), Link::applyTimes));
        paces.look(links);
        for (Map.Entry<Integer, Link> entry : links.entrySet()) {
            LinkReport report = entry.getValue().report();
            LinkState linkState = report.state();
            control.update(
                    AgentSql.SAY_STATUS,
                    entry.getKey(),
                    linkState.word(),
                    linkState.reason(),
                    report.sourceReceivedLsn(),
                    report.sourceAppliedLsn(),
                    report.sourceDurableLsn(),
                    report.appliedMicros() == Long.MIN_VALUE ? null : report.appliedMicros(),
                    report.skewMicros(),
                    report.transactions(),
                    report.changes(),
                    report.conflicts(),
                    report.standingAt());
        }
    }
}
