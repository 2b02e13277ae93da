package org.pgchorus.link;

import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.LinkSql;

import java.util.concurrent.TimeUnit;

/**
 * Commit wait: a transaction is applied only when the target's own clock has passed its commit
 * time, so that whoever sees it there writes later stamps.
 *
 * <p>Micros since 2000-01-01 UTC. One thread, the session's.
 */
final class TargetClock {
    /** A reading answers for as long: a clock that stepped back must not be believed for longer. */
    private static final long BELIEVED_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private final LinkPlan plan;
    private final Session target;
    private final Clocks clocks;
    private long aheadMicros;
    private boolean hasBeenRead;
    private long readMicros;
    private long readNanos;

    TargetClock(LinkPlan plan, Session target, Clocks clocks) {
        this.plan = plan;
        this.clocks = clocks;
        this.target = target;
    }

    /**
     * How far the last commit lay ahead of the target's clock when it came here; negative for
     * behind.
     */
    long aheadMicros() {
        return aheadMicros;
    }

    /** What the target's clock says. */
    long nowMicros() {
        long highBefore = clocks.high(plan.toId());
        readMicros = Long.parseLong(target.value(LinkSql.CLOCK));
        readNanos = System.nanoTime();
        hasBeenRead = true;
        clocks.read(plan.toId(), readMicros, highBefore);
        return readMicros;
    }

    /**
     * Whether a commit may lie ahead of the target's clock, by what that said last and by what has
     * passed since. Asks nobody.
     */
    boolean mayBeAhead(long commitMicros) {
        return !hasBeenRead || commitMicros >= readMicros + microsSince(readNanos);
    }

    /** Whether the clock was seen to be past that time, a moment ago. */
    private boolean hasJustPassed(long commitMicros) {
        return hasBeenRead
                && commitMicros < readMicros
                && System.nanoTime() - readNanos < BELIEVED_NANOS;
    }

    private static long microsSince(long nanos) {
        return TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - nanos);
    }

    /**
     * How long to wait before a transaction may be applied, in microseconds; zero or less: go on.
     *
     * @param cameNanos when it came here, by {@link System#nanoTime}
     * @throws PgError.Halted if it lies so far ahead that a clock must be wrong
     */
    long waitMicros(long commitMicros, long cameNanos) {
        if (hasJustPassed(commitMicros)) {
            aheadMicros =
                    commitMicros - readMicros - microsSince(readNanos) + microsSince(cameNanos);
            return 0;
        }
        long ahead = commitMicros - nowMicros();
        aheadMicros = ahead + microsSince(cameNanos);
        return allowed(ahead) + 1;
    }

    private long allowed(long ahead) {
        if (ahead > plan.skewLimitMicros()) {
            throw PgError.halted(
                    ("the clock of node %s is %.1f s ahead of node %s's, over the limit of %.1f s;"
                                    + " nothing is applied until the clocks agree: set them right")
                            .formatted(
                                    plan.name().from(),
                                    ahead / 1e6,
                                    plan.name().to(),
                                    plan.skewLimitMicros() / 1e6));
        }
        return ahead;
    }

    /** Commit wait outside of a transaction; asks only if the time may not have come. */
    void awaitCommit(long commitMicros, long cameNanos) throws InterruptedException {
        while (mayBeAhead(commitMicros)) {
            long wait = waitMicros(commitMicros, cameNanos);
            if (wait <= 0) {
                return;
            }
            TimeUnit.MICROSECONDS.sleep(wait);
        }
    }

    /** Waits inside a transaction, for a version that came by another path than its stream. */
    void await(long commitMicros) {
        try {
            for (long ahead = allowed(commitMicros - nowMicros());
                    ahead >= 0;
                    ahead = allowed(commitMicros - nowMicros())) {
                TimeUnit.MICROSECONDS.sleep(ahead + 1);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw PgError.busy("interrupted");
        }
    }
}
