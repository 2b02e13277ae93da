package org.pgchorus.pg;

/**
 * When to wait before a socket is read, so that it has many messages and not one. A sender makes a
 * network packet of every message. A reader that keeps up with a burst is woken by each of them,
 * and that costs both sides more than the messages themselves; at an even rate it is what makes the
 * delay short.
 *
 * <p>The longer a burst lasts, the longer is waited: some milliseconds in the end, so that the
 * reader's side is full and the sender's kernel joins what it cannot pass on into large packets. A
 * wait is never longer than the burst was before it, and a short burst is not delayed much.
 *
 * <p>One thread, the reader's. Decides only; times are {@link System#nanoTime}'s.
 */
final class ReadPace {
    /** The first wait of a burst: some ten messages. Each one after it is twice as long. */
    static final long FIRST_NANOS = 200_000;

    static final long LONGEST_NANOS = 4_000_000;

    /** A read that finds less may have been woken by a single message. */
    private static final int SMALL_BYTES = 1 << 10;

    /** So many of them within the window are a reader that keeps up with a burst. */
    private static final int OFTEN = 30;

    private static final long WINDOW_NANOS = 1_000_000;

    /** A wait that finds less for each {@link #FIRST_NANOS} was the end of the burst. */
    private static final int WORTH_WAITING_BYTES = 1 << 8;

    /** After a read that finds more there is more to be read, and nothing to wait for. */
    private static final int MANY_BYTES = 1 << 14;

    private long windowNanos;
    private int small;

    /** In a burst how long to wait next, otherwise 0. */
    private long momentNanos;

    private long waitedNanos;
    private int lastBytes;

    ReadPace(long nowNanos) {
        windowNanos = nowNanos;
    }

    /** How long to wait before the next read; 0 for not at all. */
    long pauseNanos(long nowNanos) {
        if (momentNanos == 0) {
            if (nowNanos - windowNanos >= WINDOW_NANOS) {
                windowNanos = nowNanos;
                small = 0;
            }
            momentNanos = small >= OFTEN ? FIRST_NANOS : 0;
        }
        waitedNanos = lastBytes < MANY_BYTES ? momentNanos : 0;
        return waitedNanos;
    }

    /** A read found so much. */
    void came(int bytes) {
        lastBytes = bytes;
        if (waitedNanos > 0) {
            small = 0;
            boolean goesOn = bytes >= WORTH_WAITING_BYTES * (waitedNanos / FIRST_NANOS);
            momentNanos = goesOn ? Math.min(LONGEST_NANOS, 2 * momentNanos) : 0;
        } else if (bytes < SMALL_BYTES) {
            small++;
        }
    }
}
