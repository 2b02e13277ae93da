package org.pgchorus.verify;

/**
 * How much to hash in one statement, so that it takes about a quarter of a second: long enough to
 * be cheap, short enough to hold back no vacuum, and to be interrupted. One thread.
 */
final class RangeSize {
    private static final long TARGET_MICROS = 250_000;
    private static final long FIRST_ROWS = 20_000;

    /** Below, round trips are what costs. */
    private static final long LEAST_ROWS = 1_000;

    /** The index is walked that far to find the next bound. */
    private static final long MOST_ROWS = 1_000_000;

    private static final long FIRST_PAGES = 1_000;
    private static final long LEAST_PAGES = 100;
    private static final long MOST_PAGES = 100_000;

    private final long least;
    private final long most;
    private long size;

    private RangeSize(long first, long least, long most) {
        this.size = first;
        this.least = least;
        this.most = most;
    }

    static RangeSize ofRows() {
        return new RangeSize(FIRST_ROWS, LEAST_ROWS, MOST_ROWS);
    }

    static RangeSize ofPages() {
        return new RangeSize(FIRST_PAGES, LEAST_PAGES, MOST_PAGES);
    }

    long get() {
        return size;
    }

    /** So many took that long; the next size is at most twice and at least half of it. */
    void took(long some, long micros) {
        long fitting = (long) (some * ((double) TARGET_MICROS / Math.max(1, micros)));
        size = Math.clamp(Math.clamp(fitting, size / 2, size * 2), least, most);
    }

    /** Half of it; false if that would be too little. */
    boolean halve() {
        boolean can = size > least;
        size = Math.max(least, size / 2);
        return can;
    }
}
