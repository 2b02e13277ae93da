package org.pgchorus.daemon;

import org.pgchorus.config.Address;
import org.pgchorus.member.Identity;
import org.pgchorus.member.Member;
import org.pgchorus.member.MembershipLock;
import org.pgchorus.model.NodeName;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;

/**
 * Sessions on the nodes of a group, found through one of them, opened side by side.
 *
 * <p>One thread at a time.
 */
final class GroupSessions implements AutoCloseable {
    private static final String NAME = "pgchorus";

    private final Optional<Duration> patience;
    private final String groupId;
    private final int entry;
    private final List<Member> members;
    private final Map<Integer, Session> sessions = new TreeMap<>();
    private final Map<Integer, String> problems = new TreeMap<>();

    private GroupSessions(
            Optional<Duration> patience, String groupId, int entry, List<Member> members) {
        this.patience = patience;
        this.groupId = groupId;
        this.entry = entry;
        this.members = members;
    }

    /**
     * Connects to every node; those that cannot be reached are in {@link #problems}. A follower
     * leads to its group.
     */
    static GroupSessions open(Address any) {
        return open(any, Optional.empty());
    }

    /**
     * The same, to be kept and used {@link #again}.
     *
     * @param patience how long at most a server may say nothing, to the second
     */
    static GroupSessions open(Address any, Duration patience) {
        return open(any, Optional.of(patience));
    }

    private static GroupSessions open(Address any, Optional<Duration> patience) {
        Session first = Followers.leadToGroup(connect(any, patience), to -> connect(to, patience));
        GroupSessions group;
        Identity identity;
        try {
            identity = requireMember(first);
            group =
                    new GroupSessions(
                            patience, identity.groupId(), identity.nodeId(), Member.all(first));
        } catch (RuntimeException e) {
            first.close();
            throw e;
        }
        group.sessions.put(identity.nodeId(), first);
        group.connectOthers();
        return group;
    }

    /**
     * The same sessions, with those nodes tried again that are not reached, and with the members
     * there are by now. These here are not to be used any more.
     *
     * @throws PgError.Busy if no node is reached any more
     */
    GroupSessions again() {
        sessions.values().removeIf(Session::isLost);
        for (Map.Entry<Integer, Session> entry : sessions.entrySet()) {
            Session session = entry.getValue();
            try {
                requireMember(session);
                GroupSessions next =
                        new GroupSessions(patience, groupId, entry.getKey(), Member.all(session));
                sessions.forEach((id, kept) -> {
                    if (next.members.stream().anyMatch(member -> member.id() == id)) {
                        next.sessions.put(id, kept);
                    } else {
                        kept.close();
                    }
                });
                next.connectOthers();
                return next;
            } catch (PgError.Busy lost) {
                problems.put(entry.getKey(), lost.getMessage());
            }
        }
        throw PgError.busy("no node of the group can be reached: " + problems.values());
    }

    /** A session as the others here are. */
    Session connect(Address address) {
        return connect(address, patience);
    }

    /**
     * @param patience how long at most the server may say nothing, to the second
     */
    static Session connect(Address address, Optional<Duration> patience) {
        if (patience.isEmpty()) {
            return Session.open(address, NAME);
        }
        Session session = Session.open(address, NAME, Math.toIntExact(patience.get().toSeconds()));
        session.giveUpAfter(patience.get());
        return session;
    }

    /** Which node a database is that has to be one. */
    static Identity requireMember(Session session) {
        return Identity.of(session)
                .orElseThrow(() ->
                        PgError.refused(
                                ("the database at %s is in no group; make one:"
                                                + " pgchorus group create NAME=%s")
                                        .formatted(session.where(), session.where())));
    }

    private void connectOthers() {
        Map<Integer, Session> opened = new ConcurrentHashMap<>();
        Map<Integer, String> failed = new ConcurrentHashMap<>();
        List<Thread> threads = new ArrayList<>();
        for (Member member : members) {
            if (!sessions.containsKey(member.id())) {
                threads.add(
                        Thread.ofVirtual()
                                .start(() -> {
                                    try {
                                        opened.put(member.id(), connect(member.address()));
                                    } catch (PgError e) {
                                        failed.put(member.id(), e.getMessage());
                                    }
                                }));
            }
        }
        try {
            for (Thread thread : threads) {
                thread.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        sessions.putAll(opened);
        problems.putAll(failed);
    }

    String groupId() {
        return groupId;
    }

    /** The id of the node that the group was found through. */
    int entry() {
        return entry;
    }

    /** All nodes, reached or not, by id. */
    List<Member> members() {
        return members;
    }

    /** Why a node cannot be reached, by id. */
    Map<Integer, String> problems() {
        return problems;
    }

    /** The sessions there are, by node id. */
    Map<Integer, Session> sessions() {
        return sessions;
    }

    /** A node by name. */
    Member member(NodeName name) {
        return members.stream()
                .filter(m -> m.name().equals(name))
                .findFirst()
                .orElseThrow(() ->
                        PgError.refused(
                                "the group has no node %s; it has %s"
                                        .formatted(
                                                name,
                                                members.stream()
                                                        .map(m -> m.name().text())
                                                        .toList())));
    }

    /** The name of a node, for people. */
    String name(int id) {
        return members.stream()
                .filter(m -> m.id() == id)
                .map(m -> m.name().text())
                .findFirst()
                .orElse("?");
    }

    /**
     * Keeps others from changing the membership, and what joins take along, while these sessions
     * live.
     *
     * @param what they may be doing now, for people
     */
    void lockMembership(Map<Integer, Session> some, String what) {
        some.forEach((id, session) -> MembershipLock.take(session, what, "node " + name(id)));
    }

    /**
     * Does something on every node that was reached, or on none: in a transaction each, committed
     * when it is done on all.
     *
     * @param work gets the node's id and its session
     * @param told what is said of the nodes that have it, should others be lost in between
     */
    void onAllOrNone(BiConsumer<Integer, Session> work, String told) {
        allOrNone(() -> sessions.forEach(work), told);
    }

    /** The same, for what goes to and fro between the nodes. */
    void allOrNone(Runnable work, String told) {
        try {
            sessions.values().forEach(Session::begin);
            work.run();
        } catch (RuntimeException e) {
            for (Session session : sessions.values()) {
                try {
                    session.rollback();
                } catch (PgError lost) {
                    e.addSuppressed(lost);
                }
            }
            throw e;
        }
        commitAll(told);
    }

    private void commitAll(String told) {
        List<String> committed = new ArrayList<>();
        Map<String, PgError> lost = new TreeMap<>();
        sessions.forEach((id, session) -> {
            try {
                session.commit();
                committed.add(name(id));
            } catch (PgError e) {
                lost.put(name(id), e);
            }
        });
        if (!lost.isEmpty()) {
            PgError first = lost.values().iterator().next();
            throw PgError.refused(
                    ("%s on %s, and unknown on %s, lost in the middle (%s); set it again when they"
                                    + " are back")
                            .formatted(told, committed, lost.keySet(), first.getMessage()),
                    first);
        }
    }

    /**
     * Refuses if a node is not reached.
     *
     * @param why all are needed, for people
     */
    void requireAll(String why) {
        problems.forEach((id, problem) -> {
            throw PgError.refused(
                    "node %s cannot be reached, and %s: %s; start it, or take it out: pgchorus node"
                                    .formatted(name(id), why, problem)
                            + " detach "
                            + name(id));
        });
    }

    /** The session on a node that has to be reached. */
    Session session(Member member) {
        Session session = sessions.get(member.id());
        if (session == null) {
            throw PgError.busy(
                    "node %s cannot be reached: %s"
                            .formatted(member.name(), problems.get(member.id())));
        }
        return session;
    }

    /** Sessions on all nodes, for what has to be done on all or none. */
    List<Session> all() {
        return members.stream().map(this::session).toList();
    }

    @Override
    public void close() {
        sessions.values().forEach(Session::close);
    }
}
