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
    private final LinkPlan plan;
    private final Session target;
    private long aheadMicros;

    TargetClock(LinkPlan plan, Session target) {
        this.plan = plan;
        this.target = target;
    }

    /** How far the last commit asked about lay ahead of the target's clock; negative for behind. */
    long aheadMicros() {
        return aheadMicros;
    }

    /** What the target's clock says. */
    long nowMicros() {
        return Long.parseLong(target.value(LinkSql.CLOCK));
    }

    /**
     * How long to wait before a transaction may be applied, in microseconds; zero or less: go on.
     *
     * @throws PgError.Refused if it lies so far ahead that a clock must be wrong
     */
    long waitMicros(long commitMicros) {
        aheadMicros = commitMicros - nowMicros();
        if (aheadMicros > plan.skewLimitMicros()) {
            throw PgError.refused(
                    ("the clock of node %s is %.1f s ahead of node %s's, over the limit of %.1f s;"
                                    + " nothing is applied until the clocks agree: set them right")
                            .formatted(
                                    plan.name().from(),
                                    aheadMicros / 1e6,
                                    plan.name().to(),
                                    plan.skewLimitMicros() / 1e6));
        }
        return aheadMicros + 1;
    }

    /** Waits inside a transaction, for a version that came by another path than its stream. */
    void await(long commitMicros) {
        try {
            for (long wait = waitMicros(commitMicros); wait > 0; wait = waitMicros(commitMicros)) {
                TimeUnit.MICROSECONDS.sleep(wait);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw PgError.busy("interrupted");
        }
    }
}
