package org.pgchorus.model;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;

/**
 * When and where a row version was first committed: the one thing that decides between versions.
 *
 * <p>{@code micros}: microseconds since 2000-01-01 00:00 UTC by the clock of the writing node, as
 * in PostgreSQL's commit timestamps. {@code node}: the id of the node a client wrote it on, never
 * of the one that applied or sent it; 0 for versions whose writer is no longer known.
 *
 * <p>Totally ordered: time first, then node id.
 */
public record Stamp(long micros, int node) implements Comparable<Stamp> {
    /** Microseconds from 1970-01-01 to PostgreSQL's epoch, 2000-01-01. */
    private static final long EPOCH_OFFSET_MICROS = 946_684_800_000_000L;

    private static final Instant POSTGRES_EPOCH = Instant.parse("2000-01-01T00:00:00Z");

    /** Older than everything: written before commit timestamps were kept. */
    public static final Stamp UNKNOWN = new Stamp(Long.MIN_VALUE, 0);

    private static final Comparator<Stamp> ORDER =
            Comparator.comparingLong(Stamp::micros).thenComparingInt(Stamp::node);

    /** Refuses a negative node id. */
    public Stamp {
        if (node < 0) {
            throw new IllegalArgumentException("node id " + node + " is negative");
        }
    }

    /** The moment {@code micros} stands for; meaningless for {@link #UNKNOWN}. */
    public static Instant instantOf(long micros) {
        return POSTGRES_EPOCH.plus(micros, ChronoUnit.MICROS);
    }

    /** The microseconds since 2000-01-01 of a moment. */
    public static long microsOf(Instant instant) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, instant) - EPOCH_OFFSET_MICROS;
    }

    @Override
    public int compareTo(Stamp other) {
        return ORDER.compare(this, other);
    }

    /** For people: {@code 2026-11-20T13:30:00.123456Z@2}. */
    @Override
    public String toString() {
        return equals(UNKNOWN) ? "unknown" : instantOf(micros) + "@" + node;
    }
}
