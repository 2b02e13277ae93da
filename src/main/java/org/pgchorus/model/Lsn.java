package org.pgchorus.model;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A position in one node's write-ahead log.
 *
 * <p>Unit: bytes since the start of that log, an unsigned 64-bit number. Positions taken from two
 * different nodes are unrelated; comparing them is a mistake the types cannot catch, so a field of
 * this type always says whose log it is in, as in {@code sourceEndLsn}.
 *
 * <p>Source: PostgreSQL manual, "pg_lsn Type".
 */
public record Lsn(long bytes) implements Comparable<Lsn> {
    private static final Pattern TEXT = Pattern.compile("([0-9A-Fa-f]{1,8})/([0-9A-Fa-f]{1,8})");

    /** Before every position. */
    public static final Lsn ZERO = new Lsn(0);

    /**
     * Reads the text form the server prints, such as {@code 16/3002D50}.
     *
     * @throws IllegalArgumentException if the text has any other form; there is no "invalid" Lsn
     */
    public static Lsn parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("not a WAL position: " + text);
        }
        long high = Long.parseLong(matcher.group(1), 16);
        long low = Long.parseLong(matcher.group(2), 16);
        return new Lsn(high << 32 | low);
    }

    /** True if this position lies behind {@code other} in the same log. */
    public boolean isAfter(Lsn other) {
        return compareTo(other) > 0;
    }

    /** The bytes from {@code earlier} to here, never negative. */
    public long bytesSince(Lsn earlier) {
        return isAfter(earlier) ? bytes - earlier.bytes : 0;
    }

    @Override
    public int compareTo(Lsn other) {
        return Long.compareUnsigned(bytes, other.bytes);
    }

    /** The server's text form. */
    @Override
    public String toString() {
        return "%X/%X".formatted(bytes >>> 32, bytes & 0xFFFFFFFFL);
    }
}
