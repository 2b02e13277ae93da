package org.pgchorus.link;

import java.util.Arrays;

/**
 * A {@code pg_snapshot} in its text form, {@code xmin:xmax:xip,xip,...}, asked about 32-bit ids as
 * the stream has them.
 *
 * <p>A 32-bit id stands for the 64-bit one nearest to {@code xmax}; that is right for ids less than
 * two billion transactions away, and the server keeps none older.
 */
public final class SnapshotText {
    private final long xmin;
    private final long xmax;
    private final long[] inProgress;

    private SnapshotText(long xmin, long xmax, long[] inProgress) {
        this.xmin = xmin;
        this.xmax = xmax;
        this.inProgress = inProgress;
    }

    /**
     * Reads the text form.
     *
     * @throws IllegalArgumentException for any other text
     */
    public static SnapshotText parse(String text) {
        String[] parts = text.split(":", -1);
        if (parts.length != 3) {
            throw new IllegalArgumentException("not a snapshot: " + text);
        }
        long[] inProgress =
                parts[2].isEmpty()
                        ? new long[0]
                        : Arrays.stream(parts[2].split(",")).mapToLong(Long::parseLong).toArray();
        return new SnapshotText(Long.parseLong(parts[0]), Long.parseLong(parts[1]), inProgress);
    }

    /** Whether the snapshot sees what that transaction, known to have committed, wrote. */
    public boolean sees(int xid) {
        long full = xmax + (xid - (int) xmax);
        if (full < xmin) {
            return true;
        }
        return full < xmax && Arrays.stream(inProgress).noneMatch(other -> other == full);
    }
}
