package org.pgchorus.bench;

import java.time.Duration;

/**
 * What all contestants of a run have in common.
 *
 * @param major PostgreSQL's major version
 * @param daemonClass whose {@code main} takes {@code run NAME=ADDRESS...}
 * @param heapMegabytes the daemon's memory
 * @param latency of the way between the two servers, there and back
 * @param durable whether what is flushed has to reach the disk
 */
public record Terms(
        int major, String daemonClass, int heapMegabytes, Duration latency, boolean durable) {
    /** Refuses a latency that no way on earth has. */
    public Terms {
        if (latency.isNegative() || latency.toMillis() > 1000) {
            throw new IllegalArgumentException(
                    "--latency must be from 0 to 1000, not " + latency.toNanos() / 1e6);
        }
    }

    /** Servers side by side, that need not outlive the machine. */
    public Terms(int major, String daemonClass, int heapMegabytes) {
        this(major, daemonClass, heapMegabytes, Duration.ZERO, false);
    }
}
