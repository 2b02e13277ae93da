package org.pgchorus.verify;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Keeps a comparison from reading more rows a second, on each node, than it may. Any thread.
 *
 * @param rowsPerSecond 0 if it may read as fast as it can
 */
public record Pace(long rowsPerSecond) {
    /** As fast as it can. */
    public static final Pace FULL = new Pace(0);

    /** Refuses what is no rate. */
    public Pace {
        if (rowsPerSecond < 0) {
            throw new IllegalArgumentException("rows per second: " + rowsPerSecond);
        }
    }

    /** Waits until so many rows may have been read since that moment. */
    void await(long rows, long sinceNanos) {
        if (rowsPerSecond == 0) {
            return;
        }
        long dueNanos = (long) ((double) rows / rowsPerSecond * TimeUnit.SECONDS.toNanos(1));
        long left = dueNanos - (System.nanoTime() - sinceNanos);
        while (left > 0 && !Thread.currentThread().isInterrupted()) {
            LockSupport.parkNanos(left);
            left = dueNanos - (System.nanoTime() - sinceNanos);
        }
    }

    /** How many rows to read at once at most, so that it is even. */
    long mostAtOnce(long wanted) {
        return rowsPerSecond == 0 ? wanted : Math.clamp(rowsPerSecond / 4, 1, wanted);
    }
}
