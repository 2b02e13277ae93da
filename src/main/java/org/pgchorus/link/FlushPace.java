package org.pgchorus.link;

import java.util.concurrent.TimeUnit;

/**
 * How often what was applied is made durable at the target, and acknowledged with that. Decides
 * only.
 */
final class FlushPace {
    /** A busy link: a flush delays what waits behind it. */
    private static final long BUSY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /**
     * An idle one: less than how long the source waits to be told. A flush with every transaction
     * would take as much of the target as the transaction.
     */
    private static final long IDLE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private FlushPace() {}

    /**
     * @param sinceNanos the last flush
     * @param idle whether nothing waits
     */
    static boolean isDue(long sinceNanos, boolean idle) {
        return sinceNanos > (idle ? IDLE_NANOS : BUSY_NANOS);
    }
}
