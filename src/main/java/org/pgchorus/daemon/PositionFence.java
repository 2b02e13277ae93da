package org.pgchorus.daemon;

import org.pgchorus.member.Member;
import org.pgchorus.model.LinkName;
import org.pgchorus.model.Lsn;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.LinkSql;
import org.pgchorus.verify.Fence;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Waits until nodes that are compared know the same of every node: what each of them has committed,
 * and what any of them has applied of others. A change that a table is held for counts as come.
 *
 * <p>One thread.
 */
final class PositionFence implements Fence {
    private static final long POLL_MILLIS = 10;

    /** Once it did not arrive in time, there is little hope for the next table. */
    private static final Duration AFTER_FAILURE = Duration.ofSeconds(2);

    private final GroupSessions group;
    private final List<Member> compared;
    private Duration timeout;

    /** How far a target has to be in a source's log; nobody knows where if there is none. */
    private record Goal(Member from, Member to, Optional<Lsn> sourceLsn) {
        LinkName name() {
            return new LinkName(from.name(), to.name());
        }
    }

    PositionFence(GroupSessions group, List<Member> compared, Duration timeout) {
        this.group = group;
        this.compared = List.copyOf(compared);
        this.timeout = timeout;
    }

    @Override
    public List<LinkName> pass() throws InterruptedException {
        long deadline = System.nanoTime() + timeout.toNanos();
        List<Goal> open = goals();
        while (true) {
            open.removeIf(this::reached);
            if (open.isEmpty()) {
                return List.of();
            }
            if (System.nanoTime() > deadline) {
                timeout = timeout.compareTo(AFTER_FAILURE) < 0 ? timeout : AFTER_FAILURE;
                return open.stream().map(Goal::name).toList();
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
    }

    private List<Goal> goals() {
        List<Goal> goals = new ArrayList<>();
        for (Member source : group.members()) {
            Optional<Lsn> end = compared.contains(source) ? ownEnd(source) : farthest(source);
            for (Member target : compared) {
                if (target.id() != source.id()) {
                    goals.add(new Goal(source, target, end));
                }
            }
        }
        return goals;
    }

    private Optional<Lsn> ownEnd(Member source) {
        try {
            return Optional.of(Waiting.fence(group.session(source)));
        } catch (PgError.Busy lost) {
            return Optional.empty();
        }
    }

    /** How far the nodes that are compared have applied another one's log. */
    private Optional<Lsn> farthest(Member source) {
        Lsn farthest = Lsn.ZERO;
        for (Member target : compared) {
            try {
                Lsn position = position(target, source).orElse(Lsn.ZERO);
                farthest = position.isAfter(farthest) ? position : farthest;
            } catch (PgError.Busy lost) {
                return Optional.empty();
            }
        }
        return Optional.of(farthest);
    }

    private Optional<Lsn> position(Member target, Member source) {
        Session session = group.session(target);
        return session.first(LinkSql.APPLIED_POSITION, row -> row.lsn(1), source.id());
    }

    private boolean reached(Goal goal) {
        try {
            return goal.sourceLsn.isPresent()
                    && position(goal.to, goal.from)
                            .filter(position -> !goal.sourceLsn.get().isAfter(position))
                            .isPresent();
        } catch (PgError.Busy lost) {
            // A node lost while we wait has not applied it; the answer names its links.
            return false;
        }
    }
}
