package org.pgchorus.daemon;

import org.pgchorus.config.Address;
import org.pgchorus.conflict.Window;
import org.pgchorus.link.Announcement;
import org.pgchorus.link.Exchange;
import org.pgchorus.member.Departure;
import org.pgchorus.member.Member;
import org.pgchorus.model.Lsn;
import org.pgchorus.model.NodeName;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.DetachSql;
import org.pgchorus.sql.LinkSql;
import org.pgchorus.sql.MemberSql;
import org.pgchorus.sql.ObjectNames;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Takes nodes out of a group, also such that are lost.
 *
 * <p>Nothing of them is applied any more, anywhere; then each of those that stay brings to each
 * other what that may lack of them; then all forget them. Every step may be done again, so the same
 * command ends what a killed one began.
 *
 * <p>One thread.
 */
public final class Detach implements AutoCloseable {
    /** What a node that still answers has written last is waited for this long. */
    private static final long LAST_COMMIT_NANOS = TimeUnit.SECONDS.toNanos(30);

    private static final long POLL_MILLIS = 50;

    /** Above every difference of clocks at which links still flow. */
    private static final long CLOCKS_MICROS = 10_000_000;

    private final GroupSessions group;
    private final Consumer<String> progress;
    private final List<Member> leavers = new ArrayList<>();
    private final Map<Integer, Session> staying = new TreeMap<>();
    private final List<Session> guards = new ArrayList<>();

    private Detach(GroupSessions group, Consumer<String> progress) {
        this.group = group;
        this.progress = progress;
    }

    /**
     * What was done.
     *
     * @param versions how many versions were brought to nodes that lacked them
     * @param alive those taken out whose databases still answer: they hold what they held, and have
     *     to be stripped
     */
    public record Detached(List<Member> nodes, long versions, List<Member> alive) {}

    /**
     * Takes nodes out; returns when all others are equal in what they have of them, and have
     * forgotten them.
     *
     * @param any a node that stays
     * @param progress hears each step
     */
    public static Detached nodes(Address any, List<NodeName> names, Consumer<String> progress)
            throws InterruptedException {
        try (GroupSessions group = GroupSessions.open(any);
                Detach detach = new Detach(group, progress)) {
            detach.choose(names);
            return detach.run();
        }
    }

    @Override
    public void close() {
        guards.forEach(Session::abort);
    }

    private Detached run() throws InterruptedException {
        group.lockMembership(staying, "another change of the group's membership");
        refuseHeld();
        boolean equal = isEqualAlready();
        List<Member> alive = leavers.stream().filter(l -> session(l) != null).toList();
        if (!equal) {
            alive.forEach(this::awaitLastCommit);
        }
        progress.accept("stopping the links from " + names(leavers));
        staying.values().forEach(s -> leavers.forEach(l -> Departure.begin(s, l)));
        guard();
        long versions = equal ? 0 : exchange();
        long gone = now() + CLOCKS_MICROS;
        progress.accept("forgetting " + names(leavers));
        staying.forEach((id, session) -> {
            for (Member leaver : leavers) {
                Departure.end(session, group.groupId(), id, leaver, gone);
            }
        });
        close();
        alive.forEach(this::dropSlotsAt);
        return new Detached(List.copyOf(leavers), versions, alive);
    }

    private void choose(List<NodeName> names) {
        Map<NodeName, Member> known = new HashMap<>();
        for (Session session : group.sessions().values()) {
            Departure.noted(session).forEach(d -> known.put(d.member().name(), d.member()));
        }
        group.members().forEach(m -> known.put(m.name(), m));
        for (NodeName name : new HashSet<>(names)) {
            leavers.add(known.containsKey(name) ? known.get(name) : group.member(name));
        }
        Set<Integer> gone = leavers.stream().map(Member::id).collect(Collectors.toSet());
        for (Member member : group.members()) {
            if (gone.contains(member.id())) {
                continue;
            }
            Session session = session(member);
            if (session == null) {
                throw PgError.refused(
                        ("node %s cannot be reached, and those that stay have to give each other"
                                        + " what only some of them have: %s; start it, or name it"
                                        + " too if it is lost as well")
                                .formatted(member.name(), group.problems().get(member.id())));
            }
            staying.put(member.id(), session);
        }
        if (staying.isEmpty()) {
            throw PgError.refused(
                    "no node would stay; to take pgchorus out of a database: pgchorus node remove"
                            + " ADDRESS");
        }
        for (Member leaver : leavers) {
            if (staying.values().stream().noneMatch(s -> isMember(s, leaver))) {
                throw PgError.refused(
                        "node %s has been taken out of the group already".formatted(leaver.name()));
            }
        }
        if (gone.contains(group.entry())) {
            throw PgError.refused(
                    "--group names node %s itself; name one that stays, such as %s"
                            .formatted(
                                    group.name(group.entry()),
                                    group.name(staying.keySet().iterator().next())));
        }
    }

    private static boolean isMember(Session at, Member node) {
        return at.value(DetachSql.IS_MEMBER, node.id()).equals("t");
    }

    private Session session(Member member) {
        return group.sessions().get(member.id());
    }

    private static String names(List<Member> members) {
        return String.join(", ", members.stream().map(m -> m.name().text()).toList());
    }

    /** What is held is newer than what the window goes by, and would be lost. */
    private void refuseHeld() {
        staying.forEach((id, session) -> {
            for (Member leaver : leavers) {
                List<String> held = session.query(DetachSql.HELD, row -> row.text(1), leaver.id());
                if (!held.isEmpty()) {
                    throw PgError.refused(
                            ("node %s holds changes of node %s that it cannot apply (%s); mend what"
                                            + " pgchorus status says of them, or step over them:"
                                            + " pgchorus link skip %s %s")
                                    .formatted(
                                            group.name(id),
                                            leaver.name(),
                                            String.join(", ", held),
                                            leaver.name(),
                                            group.name(id)));
                }
            }
        });
    }

    /** If some node has forgotten them already, all had been brought by then. */
    private boolean isEqualAlready() {
        Set<Integer> gone = new HashSet<>();
        staying.values()
                .forEach(s ->
                        Departure.noted(s).stream()
                                .filter(Departure.Detached::gone)
                                .forEach(d -> gone.add(d.member().id())));
        return leavers.stream().allMatch(l -> gone.contains(l.id()));
    }

    /** A node that still answers: what it has written so far comes by its links. */
    private void awaitLastCommit(Member leaver) {
        progress.accept(
                ("node %s still answers: waiting for what it wrote last; what its clients write"
                                + " from now on stays there (pgchorus node drain %s first keeps"
                                + " them away)")
                        .formatted(leaver.name(), leaver.name()));
        Session session = session(leaver);
        Lsn end;
        try {
            end = Lsn.parse(session.value(MemberSql.INSERT_POSITION));
            session.value(
                    LinkSql.EMIT, ObjectNames.MESSAGE_PREFIX, new Announcement.Fence().text());
        } catch (PgError.Busy e) {
            progress.accept("node %s is gone meanwhile".formatted(leaver.name()));
            return;
        }
        long deadline = System.nanoTime() + LAST_COMMIT_NANOS;
        while (!staying.values().stream().allMatch(s -> applied(s, leaver, end))) {
            if (System.nanoTime() > deadline) {
                progress.accept(
                        "not all have applied what node %s wrote last; going on with what they have"
                                .formatted(leaver.name()));
                return;
            }
            pause();
        }
    }

    private static boolean applied(Session at, Member from, Lsn end) {
        return at.first(LinkSql.APPLIED_POSITION, row -> row.lsn(1), from.id())
                .filter(position -> !end.isAfter(position))
                .isPresent();
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw PgError.busy("interrupted");
        }
    }

    /** From here on, nothing of them arrives anywhere. */
    private void guard() {
        staying.forEach((id, session) -> {
            for (Member leaver : leavers) {
                Departure.dropSlot(session, ObjectNames.link(group.groupId(), id, leaver.id()));
                Session guard = Session.open(address(id), "pgchorus");
                guards.add(guard);
                Departure.guard(guard, ObjectNames.link(group.groupId(), leaver.id(), id));
            }
        });
    }

    private Address address(int id) {
        return group.members().stream()
                .filter(m -> m.id() == id)
                .findFirst()
                .orElseThrow()
                .address();
    }

    private long exchange() throws InterruptedException {
        long versions = 0;
        List<Integer> writers = leavers.stream().map(Member::id).toList();
        for (int to : staying.keySet()) {
            Map<Integer, Long> applied = new TreeMap<>();
            staying.get(to)
                    .query(
                            DetachSql.APPLIED,
                            row -> applied.put((int) row.number(1), row.number(2)));
            Window window = Window.beyond(writers, applied);
            for (int from : staying.keySet()) {
                if (from != to) {
                    versions += exchange(from, to, window);
                }
            }
        }
        return versions;
    }

    private long exchange(int from, int to, Window window) throws InterruptedException {
        long versions = 0;
        try (Exchange exchange = new Exchange(address(from), address(to), to, group.groupId())) {
            for (TableName table : Catalog.published(staying.get(from))) {
                versions += exchange.bring(table, window);
            }
        }
        progress.accept(
                "node %s got %d version(s) from node %s"
                        .formatted(group.name(to), versions, group.name(from)));
        return versions;
    }

    private long now() {
        return staying.values().stream()
                .mapToLong(s -> Long.parseLong(s.value(MemberSql.NOW)))
                .max()
                .orElseThrow();
    }

    /** So that a server that goes on does not keep its log for nobody. */
    private void dropSlotsAt(Member leaver) {
        try {
            staying.keySet()
                    .forEach(id ->
                            Departure.dropSlot(
                                    session(leaver),
                                    ObjectNames.link(group.groupId(), leaver.id(), id)));
        } catch (PgError.Busy e) {
            progress.accept(
                    "the slots of node %s stay: %s".formatted(leaver.name(), e.getMessage()));
        }
    }
}
