package org.pgchorus.daemon;

import org.pgchorus.config.Address;
import org.pgchorus.conflict.Healing;
import org.pgchorus.conflict.Sight;
import org.pgchorus.link.Applied;
import org.pgchorus.member.Identity;
import org.pgchorus.member.Member;
import org.pgchorus.model.ConstraintName;
import org.pgchorus.model.ForeignKey;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.ForeignKeys;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.HealSql;
import org.pgchorus.sql.ImageSql;
import org.pgchorus.sql.MemberSql;
import org.pgchorus.sql.NodeSql;
import org.pgchorus.sql.OrphanSql;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Looks for orphans now and then and heals those whose foreign key has a policy; keeps the images
 * that restoring needs.
 *
 * <p>One node heals for all: the ready one with the lowest id that is not read-only. While it is
 * away nobody does: then it cannot be known what it has. Two that heal at once, while ids change,
 * still converge, since a heal is a write like any other.
 *
 * <p>Only what is settled is healed: an orphan that was seen some seconds ago, after which every
 * other node has been heard past the moment it was first seen. Then no parent is merely on its way.
 *
 * <p>A thread of its own, since a look takes as long as the tables are large.
 */
final class Healer implements Runnable, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Healer.class);

    /** Orphans are no hurry, but people who try it out look at it. */
    private static final long LOOK_MILLIS = 1000;

    /** An orphan this young is often one that clients are just making good themselves. */
    private static final long SETTLE_NANOS = TimeUnit.SECONDS.toNanos(3);

    /** A look reads whole tables: it may take a twentieth of one connection's time. */
    private static final long REST = 20;

    /** In one look, for each foreign key; the others have their turn when these are healed. */
    private static final long MOST = 1000;

    private static final long PURGE_MILLIS = 60_000;

    /** Longer than a weekend, so that somebody who comes back to orphans can still choose. */
    private static final long KEEP_IMAGES_DAYS = 7;

    /** As conflicts are kept. */
    private static final long KEEP_HEALS_DAYS = 30;

    private static final long KEEP_HEALS = 1_000_000;

    /** Waiting longer for a lock would keep others waiting behind us. */
    private static final String PATIENCE = "SET lock_timeout = '2s'";

    private final Address address;
    private final Identity identity;
    private final Applied applied;
    private final CountDownLatch stop = new CountDownLatch(1);
    private final Every purge = new Every(PURGE_MILLIS);
    private volatile Session session;
    private Thread thread;
    private Map<Orphan.Id, First> seen = new HashMap<>();
    private List<State> said = List.of();
    private String problem = "";

    /** For one node; begins at once. */
    static Healer start(Address address, Identity identity, Applied applied) {
        Healer healer = new Healer(address, identity, applied);
        healer.thread = Thread.ofVirtual().name("healer of " + identity.name()).start(healer);
        return healer;
    }

    private Healer(Address address, Identity identity, Applied applied) {
        this.address = address;
        this.identity = identity;
        this.applied = applied;
    }

    /** An orphan as a look finds it; the row and what it refers to are JSON objects. */
    private record Orphan(Id id, boolean displaced, String row) {
        /** One that refers elsewhere meanwhile is another. */
        private record Id(ConstraintName constraint, String key, String reference) {}
    }

    /** When an orphan was first seen, by this process's clock and by the database's. */
    private record First(long nanos, long micros) {}

    private record State(Orphan.Id orphan, String reason) {}

    private record Due(ForeignKey fk, Orphan orphan) {}

    @Override
    public void close() {
        stop.countDown();
        Session open = session;
        if (open != null) {
            open.abort();
        }
        Ending.await(thread);
    }

    @Override
    public void run() {
        try {
            while (stop.getCount() > 0) {
                try (Session opened = Session.open(address, "pgchorus healer")) {
                    session = opened;
                    opened.execute(PATIENCE);
                    serve(opened);
                } catch (PgError e) {
                    complain(e.getMessage());
                } catch (RuntimeException e) {
                    LOG.error("the healer of node {} broke", identity.name(), e);
                }
                stop.await(LOOK_MILLIS, TimeUnit.MILLISECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void complain(String text) {
        if (stop.getCount() > 0 && !text.equals(problem)) {
            problem = text;
            LOG.warn("node {} cannot look for orphans at the moment: {}", identity.name(), text);
        }
    }

    private void serve(Session own) throws InterruptedException {
        long restMillis = 0;
        while (!stop.await(restMillis, TimeUnit.MILLISECONDS)) {
            long began = System.nanoTime();
            look(own);
            problem = "";
            long tookMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
            restMillis = Math.max(LOOK_MILLIS, tookMillis * REST);
        }
    }

    private void look(Session own) {
        // Before the tables are read: what had been applied by then is in what they show.
        Map<Integer, Long> reached = applied.snapshot();
        Map<ConstraintName, Healing> policies = Orphans.policies(own);
        List<ForeignKey> keys = keys(own, policies);
        ParentImages.arrange(own);
        if (purge.due()) {
            own.update(ImageSql.PURGE, KEEP_IMAGES_DAYS);
            own.update(HealSql.PURGE, KEEP_HEALS_DAYS, KEEP_HEALS);
        }
        List<Member> members = Member.all(own);
        if (keys.isEmpty() || !isOurs(own, members)) {
            seen.clear();
            say(own, List.of());
            return;
        }
        List<Due> due = new ArrayList<>();
        List<State> states = new ArrayList<>();
        sort(own, keys, members, reached, due, states);
        if (!due.isEmpty()) {
            states.addAll(heal(own, keys, policies, due));
        }
        say(own, states);
    }

    private static List<ForeignKey> keys(Session at, Map<ConstraintName, Healing> policies) {
        return policies.isEmpty() ? List.of() : ForeignKeys.between(at, policies::containsKey);
    }

    private boolean isOurs(Session own, List<Member> members) {
        Set<Integer> readOnly =
                new HashSet<>(own.query(NodeSql.READ_ONLY_NODES, row -> (int) row.number(1)));
        return members.stream()
                .filter(Member::ready)
                .filter(member -> !readOnly.contains(member.id()))
                .findFirst()
                .filter(first -> first.id() == identity.nodeId())
                .isPresent();
    }

    /** Finds all orphans: those that are due, and why the others are not. */
    private void sort(
            Session own,
            List<ForeignKey> keys,
            List<Member> members,
            Map<Integer, Long> reached,
            List<Due> due,
            List<State> states) {
        long now = Long.parseLong(own.value(MemberSql.NOW));
        long latest = reached.values().stream().reduce(now, Math::max);
        Map<Orphan.Id, First> still = new HashMap<>();
        for (ForeignKey fk : keys) {
            List<Orphan> orphans =
                    own.query(
                            OrphanSql.find(fk, true),
                            row ->
                                    new Orphan(
                                            new Orphan.Id(fk.id(), row.text(1), row.text(2)),
                                            row.truth(3),
                                            row.text(4)),
                            MOST);
            Set<TableName> held =
                    new HashSet<>(
                            own.query(
                                    HealSql.HELD, row -> new TableName(row.text(1), row.text(2))));
            for (Orphan orphan : orphans) {
                First first = seen.getOrDefault(orphan.id, new First(System.nanoTime(), latest));
                still.put(orphan.id, first);
                waits(fk, orphan, first, members, reached, held)
                        .ifPresentOrElse(
                                reason -> states.add(new State(orphan.id, reason)),
                                () -> due.add(new Due(fk, orphan)));
            }
        }
        seen = still;
    }

    private Optional<String> waits(
            ForeignKey fk,
            Orphan orphan,
            First first,
            List<Member> members,
            Map<Integer, Long> reached,
            Set<TableName> held) {
        if (fk.period()) {
            return Optional.of("foreign keys with PERIOD are only reported");
        }
        if (orphan.displaced) {
            return Optional.of("its parent is displaced: another row has its unique values");
        }
        if (isHeld(fk, held)) {
            return Optional.of("waits: changes to the table or its parent's are held here");
        }
        long needed = first.micros + Sight.DISORDER_MICROS;
        Optional<String> unheard =
                members.stream()
                        .filter(member -> member.id() != identity.nodeId())
                        .filter(member ->
                                reached.getOrDefault(member.id(), Long.MIN_VALUE) < needed)
                        .map(member -> member.name().text())
                        .findFirst();
        if (unheard.isPresent()) {
            return Optional.of("waits: the parent may be on its way from node " + unheard.get());
        }
        return System.nanoTime() - first.nanos < SETTLE_NANOS
                ? Optional.of("waits: it was found a moment ago")
                : Optional.empty();
    }

    /** Of a partitioned table it is the partitions that are held. */
    private static boolean isHeld(ForeignKey fk, Set<TableName> held) {
        return held.contains(fk.child().name())
                || held.contains(fk.parent().name())
                || (!held.isEmpty() && (fk.childPartitioned() || fk.parentPartitioned()));
    }

    private List<State> heal(
            Session own,
            List<ForeignKey> keys,
            Map<ConstraintName, Healing> policies,
            List<Due> due) {
        List<State> states = new ArrayList<>();
        try (GroupSessions group = GroupSessions.open(address)) {
            if (!group.problems().isEmpty()) {
                String why = "waits: " + group.problems().values().iterator().next();
                due.forEach(one -> states.add(new State(one.orphan.id, why)));
                return states;
            }
            Map<String, Session> peers = new TreeMap<>();
            group.members().stream()
                    .filter(member -> member.id() != identity.nodeId())
                    .forEach(member -> peers.put(member.name().text(), group.session(member)));
            Cure cure = new Cure(own, keys, policies, peers, peer -> keys(peer, policies));
            for (Due one : due) {
                if (stop.getCount() == 0) {
                    break;
                }
                heal(cure, one).ifPresent(why -> states.add(new State(one.orphan.id, why)));
            }
        }
        return states;
    }

    private static Optional<String> heal(Cure cure, Due due) {
        try {
            return cure.heal(due.fk, due.orphan.row);
        } catch (PgError.Busy e) {
            if (e.sqlState().startsWith("40") || e.sqlState().startsWith("55")) {
                return Optional.of("waits: " + e.getMessage());
            }
            throw e;
        }
    }

    /** Writes down why what is not healed is not, for people who ask. */
    private void say(Session own, List<State> states) {
        if (states.equals(said)) {
            return;
        }
        own.inTransaction(() -> {
            own.update(HealSql.FORGET_STATES);
            for (State state : states) {
                TableName table = state.orphan.constraint.table();
                own.update(
                        HealSql.SAY_STATE,
                        table.schema(),
                        table.name(),
                        state.orphan.constraint.name(),
                        state.orphan.key,
                        state.reason);
            }
            return 0;
        });
        said = states;
    }
}
