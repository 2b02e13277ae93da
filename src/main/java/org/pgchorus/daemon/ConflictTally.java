package org.pgchorus.daemon;

import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Counts a node's conflicts as they are recorded, each once. Pure; one thread.
 *
 * <p>They are numbered in the order they were begun with, and seen in the order they were committed
 * in. So the last {@value #WINDOW} numbers are looked at again and remembered; what is recorded
 * further behind is not counted.
 */
final class ConflictTally {
    /** More than all links of a node record in the time of one transaction. */
    static final int WINDOW = 500;

    private final long beginning;
    private final TreeSet<Long> seen = new TreeSet<>();
    private final Map<Sight.Kind, Long> counts = new TreeMap<>();

    /**
     * @param newest number of the newest conflict there is; only later ones are counted
     */
    ConflictTally(long newest) {
        this.beginning = newest;
    }

    /** What has a higher number is to be looked at. */
    long after() {
        return seen.isEmpty() ? beginning : Math.max(beginning, seen.last() - WINDOW);
    }

    /** Counts one unless that was done. */
    void take(long number, Sight.Kind kind) {
        if (number > beginning && seen.add(number)) {
            counts.merge(kind, 1L, Long::sum);
            seen.headSet(seen.last() - WINDOW, true).clear();
        }
    }

    /** How many there were of each kind. */
    Map<Sight.Kind, Long> counts() {
        return Map.copyOf(counts);
    }
}
