package org.pgchorus.daemon;

import org.pgchorus.config.Address;
import org.pgchorus.link.Announcement;
import org.pgchorus.member.Member;
import org.pgchorus.model.LinkName;
import org.pgchorus.model.Lsn;
import org.pgchorus.model.NodeName;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.HeldSql;
import org.pgchorus.sql.LinkSql;
import org.pgchorus.sql.MemberSql;
import org.pgchorus.sql.ObjectNames;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Waits until what is committed now has been applied; what a link holds is not. No state. */
public final class Waiting {
    private static final long POLL_MILLIS = 20;

    /** To connect and to answer takes that long on a busy machine. */
    private static final Duration LEAST_PATIENCE = Duration.ofSeconds(5);

    /** A node that says nothing for so long is not waited for, however long the wait may be. */
    private static final Duration MOST_PATIENCE = Duration.ofSeconds(30);

    private Waiting() {}

    /**
     * Waits until everything committed before the call on the senders is applied on the receivers.
     *
     * @param from only from this node; from all if empty
     * @param to only at this node; at all if empty
     * @return the links that have not applied it within the time; empty if all have
     */
    public static List<LinkName> untilApplied(
            Address any, Duration timeout, Optional<NodeName> from, Optional<NodeName> to)
            throws InterruptedException {
        long deadline = System.nanoTime() + timeout.toNanos();
        Optional<List<LinkName>> plain = Followers.untilAppliedFromPlain(any, deadline);
        if (plain.isPresent()) {
            return plain.get();
        }
        try (GroupSessions group = GroupSessions.open(any, patience(timeout))) {
            from.ifPresent(group::member);
            Optional<NodeName> feeding = to.flatMap(name -> Followers.providerOf(group, name));
            if (feeding.isEmpty()) {
                to.ifPresent(group::member);
            }
            // What a follower gets from far away passes through its provider.
            List<LinkName> late =
                    new ArrayList<>(among(group, deadline, from, feeding.or(() -> to)));
            if (to.isEmpty() || feeding.isPresent()) {
                late.addAll(Followers.untilApplied(group, to, deadline));
            }
            return late;
        }
    }

    /** So that a node that falls silent meanwhile does not make the wait endless. */
    private static Duration patience(Duration timeout) {
        if (timeout.compareTo(LEAST_PATIENCE) < 0) {
            return LEAST_PATIENCE;
        }
        return timeout.compareTo(MOST_PATIENCE) > 0 ? MOST_PATIENCE : timeout;
    }

    private static List<LinkName> among(
            GroupSessions group, long deadline, Optional<NodeName> from, Optional<NodeName> to)
            throws InterruptedException {
        List<Fence> open = fences(group, from, to);
        while (true) {
            open.removeIf(fence -> fence.passed(group));
            if (open.isEmpty() || System.nanoTime() > deadline) {
                return open.stream().map(Fence::name).toList();
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
    }

    /** A position in a source's log that a target has to reach. */
    private record Fence(Member from, Member to, Lsn sourceLsn) {
        LinkName name() {
            return new LinkName(from.name(), to.name());
        }

        boolean passed(GroupSessions group) {
            Session target = group.sessions().get(to.id());
            if (target == null || sourceLsn == null) {
                return false;
            }
            try {
                // In this order: what the position has passed is either applied or held by then.
                return target.first(LinkSql.APPLIED_POSITION, row -> row.lsn(1), from.id())
                                .filter(position -> !sourceLsn.isAfter(position))
                                .isPresent()
                        && target.value(HeldSql.HOLDS_BEFORE, from.id(), sourceLsn).equals("f");
            } catch (PgError.Busy e) {
                // A node lost while we wait has not applied it; the answer names its links.
                return false;
            }
        }
    }

    private static List<Fence> fences(
            GroupSessions group, Optional<NodeName> from, Optional<NodeName> to) {
        List<Fence> fences = new ArrayList<>();
        for (Member source : group.members()) {
            if (from.isPresent() && !from.get().equals(source.name())) {
                continue;
            }
            Session session = group.sessions().get(source.id());
            Lsn end = session == null ? null : fence(session);
            for (Member target : group.members()) {
                if (target.id() != source.id()
                        && (to.isEmpty() || to.get().equals(target.name()))) {
                    fences.add(new Fence(source, target, end));
                }
            }
        }
        return fences;
    }

    /**
     * Takes the log's end, and says something behind it that makes every receiver write its
     * position down.
     */
    static Lsn fence(Session session) {
        Lsn end = Lsn.parse(session.value(MemberSql.INSERT_POSITION));
        session.value(LinkSql.EMIT, ObjectNames.MESSAGE_PREFIX, new Announcement.Fence().text());
        return end;
    }
}
