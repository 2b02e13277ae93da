package org.pgchorus.member;

import org.pgchorus.config.Address;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;

/**
 * The sessions of a join with every node of the group, which hold the membership while they stand.
 * One thread.
 */
final class JoinSessions implements AutoCloseable {
    static final String NAME = "pgchorus join";

    /** All nodes are asked at once: whoever is down, it is known well within ten seconds. */
    static final int CONNECT_SECONDS = 4;

    /** A server that crashed is back within this, if it comes back by itself. */
    private static final long RETURN_SECONDS = 15;

    private static final long POLL_MILLIS = 200;

    private final List<Member> members;
    private final Address newcomerAddress;
    private final Map<Integer, Session> sessions = new TreeMap<>();
    private Optional<Session> newcomer;
    private boolean locking;

    /**
     * Connects to all but the one that is connected to already.
     *
     * @param via a session with one of the members, which now belongs to this
     * @param newcomer a session with the newcomer, which now belongs to this, if there is one
     */
    JoinSessions(
            List<Member> members,
            int viaId,
            Session via,
            Address newcomerAddress,
            Optional<Session> newcomer,
            ThreadFactory threads)
            throws InterruptedException {
        this.members = members;
        this.newcomerAddress = newcomerAddress;
        this.newcomer = newcomer;
        sessions.put(viaId, via);
        Map<Member, Future<Session>> opening = new java.util.LinkedHashMap<>();
        try (ExecutorService executor = Executors.newThreadPerTaskExecutor(threads)) {
            for (Member member : members) {
                if (member.id() != viaId) {
                    opening.put(member, executor.submit(() -> open(member)));
                }
            }
        }
        RuntimeException failure = null;
        for (Map.Entry<Member, Future<Session>> entry : opening.entrySet()) {
            try {
                sessions.put(entry.getKey().id(), entry.getValue().get());
            } catch (ExecutionException e) {
                failure =
                        PgError.refused(
                                "node %s cannot be reached, and a join needs every node: %s"
                                        .formatted(
                                                entry.getKey().name(), e.getCause().getMessage()),
                                e.getCause());
            }
        }
        if (failure != null) {
            close();
            throw failure;
        }
    }

    private static Session open(Member member) {
        return Session.open(member.address(), NAME, CONNECT_SECONDS);
    }

    List<Member> members() {
        return members;
    }

    Map<Integer, Session> all() {
        return sessions;
    }

    Session of(int id) {
        return sessions.get(id);
    }

    /** Takes the membership on every node, so that nobody else changes it meanwhile. */
    void lock() {
        locking = true;
        sessions.values().forEach(this::lock);
    }

    private void lock(Session session) {
        if (locking) {
            MembershipLock.take(session);
        }
    }

    /** Whether the newcomer could be reached. */
    boolean hasNewcomer() {
        return newcomer.isPresent();
    }

    Session newcomer() {
        return newcomer.orElseThrow();
    }

    /** A session with a node that works, out of any transaction: a new one if it is broken. */
    Session standing(int id) throws InterruptedException {
        Session session = standing(sessions.get(id), member(id).address());
        if (session != sessions.put(id, session)) {
            lock(session);
        }
        return session;
    }

    /** The same with the newcomer. */
    Session standingNewcomer() throws InterruptedException {
        newcomer = Optional.of(standing(newcomer(), newcomerAddress));
        return newcomer();
    }

    private static Session standing(Session old, Address address) throws InterruptedException {
        try {
            old.rollback();
            old.value("SELECT 1");
            return old;
        } catch (PgError broken) {
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(RETURN_SECONDS);
            while (true) {
                try {
                    Session fresh = Session.open(address, NAME, CONNECT_SECONDS);
                    closeQuietly(old, broken);
                    return fresh;
                } catch (PgError.Busy e) {
                    if (System.nanoTime() > deadline) {
                        e.addSuppressed(broken);
                        throw e;
                    }
                }
                TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            }
        }
    }

    private static void closeQuietly(Session session, PgError because) {
        try {
            session.close();
        } catch (PgError e) {
            because.addSuppressed(e);
        }
    }

    private Member member(int id) {
        return members.stream().filter(m -> m.id() == id).findFirst().orElseThrow();
    }

    @Override
    public void close() {
        sessions.values().forEach(Session::close);
        newcomer.ifPresent(Session::close);
    }
}
