package org.pgchorus.pg;

/**
 * When to wait a moment before a read, so that it finds many messages and not one. A sender makes a
 * network packet of every message. In a burst a reader that is woken by each of them costs both
 * sides more than the messages themselves; at an even rate it is what makes the delay short.
 *
 * <p>One thread, the reader's. Decides only; times are {@link System#nanoTime}'s.
 */
final class ReadPace {
    /** Some ten messages of a burst: far less than the socket's buffer holds. */
    static final long MOMENT_NANOS = 200_000;

    private static final long WINDOW_NANOS = 2_000_000;

    /** So many messages within a window are a burst: 50,000 a second. */
    private static final long BURST = 100;

    /**
     * For so long nothing is waited for after a window in which it was no use: over TLS nobody can
     * see how much has come.
     */
    private static final long USELESS_NANOS = 100_000_000;

    private long windowNanos;
    private long messages;
    private boolean burst;
    private long notBeforeNanos;

    ReadPace(long nowNanos) {
        windowNanos = nowNanos;
        notBeforeNanos = nowNanos;
    }

    /** A message has come. */
    void came() {
        messages++;
    }

    /** How long to wait, now that nothing is there to be read; 0 for not at all. */
    long pauseNanos(long nowNanos) {
        long elapsed = nowNanos - windowNanos;
        if (elapsed >= WINDOW_NANOS) {
            boolean many = messages * WINDOW_NANOS >= BURST * elapsed;
            if (burst && !many) {
                notBeforeNanos = nowNanos + USELESS_NANOS;
            }
            burst = many && nowNanos - notBeforeNanos >= 0;
            windowNanos = nowNanos;
            messages = 0;
        }
        return burst ? MOMENT_NANOS : 0;
    }
}
