package org.pgchorus.link;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Watches whether clocks step back: this node's own, by readings of it, and the peers', by the
 * commit times in their streams. Shared by all that belongs to one node; any thread.
 *
 * <p>"Applied up to t" says nothing of what is committed after a step back from t, with an earlier
 * time. So stamps up to there prove nothing about what a writer had seen.
 *
 * <p>Unit: micros since 2000-01-01 UTC.
 */
public final class Clocks {
    private static final Logger LOG = LoggerFactory.getLogger(Clocks.class);

    /**
     * Readings and commit times of one node may be this much out of order without a step: a
     * transaction takes its time a moment before its place in the log. It is what the proof of a
     * row allows for ({@link org.pgchorus.conflict.Sight#DISORDER_MICROS}), and less.
     */
    private static final long TOLERANCE_MICROS = 1_500_000;

    private final Map<Integer, Long> high = new ConcurrentHashMap<>();
    private final Map<Integer, Long> stepped = new ConcurrentHashMap<>();

    /**
     * A node's clock was seen at this time.
     *
     * @return whether it has stepped back since it was last seen
     */
    public boolean seen(int node, long micros) {
        return read(node, micros, high(node));
    }

    /**
     * A node's clock was asked. Several threads ask the same clock, and an answer may be old before
     * anybody looks at it: it is compared only with what was seen before the question.
     *
     * @param highBefore what {@link #high} said before the question
     * @return whether it has stepped back since then
     */
    public boolean read(int node, long micros, long highBefore) {
        high.merge(node, micros, Math::max);
        long highest = Math.max(highBefore, micros);
        if (highest - micros <= TOLERANCE_MICROS || highest == steppedFrom(node)) {
            return false;
        }
        stepped.merge(node, highest, Math::max);
        LOG.warn(
                "the clock of node {} stepped back by {} s; until it has caught up, concurrent"
                        + " writes of other nodes to rows it writes may be decided by the wrong"
                        + " time",
                node,
                (highest - micros) / 1e6);
        return true;
    }

    /** What was noted of a node before this process began. */
    public void remember(int node, long highMicros, long steppedMicros) {
        high.merge(node, highMicros, Math::max);
        stepped.merge(node, steppedMicros, Math::max);
    }

    /** The latest time a node's clock was seen at. */
    public long high(int node) {
        return high.getOrDefault(node, Long.MIN_VALUE);
    }

    /** Where a node's clock stood when it stepped back; {@link Long#MIN_VALUE} if it never did. */
    public long steppedFrom(int node) {
        return stepped.getOrDefault(node, Long.MIN_VALUE);
    }

    /** By node, where its clock stood when it stepped back. */
    Map<Integer, Long> steps() {
        return Map.copyOf(stepped);
    }
}
