package org.pgchorus.pg;

/**
 * When to wait before a socket is read, so that it has many messages and not one. A sender makes a
 * network packet of every message. A reader that keeps up with a burst is woken by each of them,
 * and that costs both sides more than the messages themselves; at an even rate it is what makes the
 * delay short.
 *
 * <p>The longer a burst lasts, the longer is waited, an eighth of its time: until the reader's side
 * is full early in a wait, and the sender's kernel joins what it cannot pass on into large packets,
 * which costs the sender half as much. A short burst is not delayed much.
 *
 * <p>One thread, the reader's. Decides only; times are {@link System#nanoTime}'s.
 */
final class ReadPace {
    /** The first waits of a burst: some ten messages. */
    static final long FIRST_NANOS = 200_000;

    /**
     * Some hundred small packets fill a receive buffer, which is a few milliseconds of a fast
     * sender; what comes after them is joined. Measured: docs/performance.md.
     */
    static final long LONGEST_NANOS = 32_000_000;

    /** A wait is so small a part of what the burst has lasted. */
    static final int PART = 8;

    /** A read that finds less may have been woken by a single message. */
    private static final int SMALL_BYTES = 1 << 10;

    /** So many of them within the window are a reader that keeps up with a burst. */
    private static final int OFTEN = 30;

    private static final long WINDOW_NANOS = 1_000_000;

    /**
     * A wait that finds less for each {@link #FIRST_NANOS} was the end of the burst. A full receive
     * buffer of small packets holds little and keeps the sender from passing on the rest, so it is
     * the end only if the next read, at once, does not find it either.
     */
    private static final int WORTH_WAITING_BYTES = 1 << 8;

    /** After a read that finds more there is more to be read, and nothing to wait for. */
    private static final int MANY_BYTES = 1 << 14;

    private long windowNanos;
    private int small;

    private boolean isBurst;
    private long burstNanos;
    private long waitedNanos;

    /** Since the last wait. */
    private long foundBytes;

    private boolean isDoubtful;
    private int lastBytes;

    ReadPace(long nowNanos) {
        windowNanos = nowNanos;
    }

    /** How long to wait before the next read; 0 for not at all. */
    long pauseNanos(long nowNanos) {
        if (!isBurst) {
            lookForBurst(nowNanos);
        } else if (lastBytes < MANY_BYTES) {
            judge();
        }
        if (!isBurst || isDoubtful || lastBytes >= MANY_BYTES) {
            return 0;
        }
        waitedNanos = Math.clamp((nowNanos - burstNanos) / PART, FIRST_NANOS, LONGEST_NANOS);
        foundBytes = 0;
        return waitedNanos;
    }

    private void lookForBurst(long nowNanos) {
        if (nowNanos - windowNanos >= WINDOW_NANOS) {
            windowNanos = nowNanos;
            small = 0;
        }
        if (small >= OFTEN) {
            isBurst = true;
            burstNanos = nowNanos;
            waitedNanos = 0;
        }
    }

    /** Whether the burst goes on, by what was found since the last wait. */
    private void judge() {
        boolean goesOn = foundBytes >= WORTH_WAITING_BYTES * (waitedNanos / FIRST_NANOS);
        if (!goesOn && isDoubtful) {
            isBurst = false;
            small = 0;
        }
        isDoubtful = !goesOn && !isDoubtful;
    }

    /** A read found so much. */
    void came(int bytes) {
        lastBytes = bytes;
        foundBytes += bytes;
        if (!isBurst && bytes < SMALL_BYTES) {
            small++;
        }
    }
}
