package org.pgchorus.link;

import org.pgchorus.pg.PgError;

/**
 * Commit wait: a transaction is applied only when the target's own clock has passed its commit
 * time, so that whoever sees it there writes later stamps. Pure arithmetic over readings.
 *
 * <p>Micros since 2000-01-01 UTC.
 */
final class TargetClock {
    private final LinkPlan plan;

    TargetClock(LinkPlan plan) {
        this.plan = plan;
    }

    /**
     * How long to wait before a transaction may be applied, in microseconds; zero or less: go on.
     *
     * @throws PgError.Refused if it lies so far ahead that a clock must be wrong
     */
    long waitMicros(long commitMicros, long targetMicros) {
        long ahead = commitMicros - targetMicros;
        if (ahead > plan.skewLimitMicros()) {
            throw PgError.refused(
                    ("the clock of node %s is %.1f s ahead of node %s's, over the limit of %.1f s;"
                                    + " nothing is applied until the clocks agree: set them right")
                            .formatted(
                                    plan.name().from(),
                                    ahead / 1e6,
                                    plan.name().to(),
                                    plan.skewLimitMicros() / 1e6));
        }
        return ahead + 1;
    }
}
