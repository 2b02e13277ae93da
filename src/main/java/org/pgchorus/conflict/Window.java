package org.pgchorus.conflict;

import org.pgchorus.model.Stamp;

import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;

/**
 * Which versions one database may lack of what another holds: those of some writers with stamps
 * above what it had applied of each. Pure; immutable.
 *
 * <p>Law: a version that is not in the window is held by the receiver already, or something newer
 * is. Versions in the window that it holds do no harm: merging is idempotent.
 *
 * @param sinceMicros by writer, the time above which versions count; in microseconds since
 *     2000-01-01, {@link Long#MIN_VALUE} for all
 */
public record Window(Map<Integer, Long> sinceMicros) {
    /**
     * Ten seconds. The commit times of one node's stream are not exactly in the order of its log,
     * so "applied up to t" can miss something a little older than t; two seconds are the most that
     * was seen. A larger margin costs only some versions that are sent for nothing.
     */
    public static final long MARGIN_MICROS = 10_000_000;

    /** Copies the map. */
    public Window {
        sinceMicros = Map.copyOf(sinceMicros);
    }

    /**
     * What somebody may lack of these writers.
     *
     * @param appliedMicros by writer, up to which commit time he had applied it; all of a writer
     *     that is not in it
     */
    public static Window beyond(Collection<Integer> writers, Map<Integer, Long> appliedMicros) {
        Map<Integer, Long> since = new TreeMap<>();
        for (int writer : writers) {
            since.put(writer, below(appliedMicros.getOrDefault(writer, Long.MIN_VALUE)));
        }
        return new Window(since);
    }

    /** A commit time with the margin taken off. */
    public static long below(long appliedMicros) {
        return appliedMicros < Long.MIN_VALUE + MARGIN_MICROS
                ? Long.MIN_VALUE
                : appliedMicros - MARGIN_MICROS;
    }

    /** Whether the receiver may lack a version. */
    public boolean admits(Stamp stamp) {
        Long since = sinceMicros.get(stamp.node());
        return since != null && stamp.micros() > since;
    }
}
