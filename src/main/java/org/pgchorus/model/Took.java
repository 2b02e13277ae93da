package org.pgchorus.model;

import java.util.List;

/**
 * How long something took, as a histogram: how many took at most each of the {@link #BOUNDS} and
 * more than the one before. Immutable.
 *
 * @param counts one for each bound, and a last one for all that took longer
 * @param sumSeconds of all
 */
public record Took(List<Long> counts, double sumSeconds) {
    /** Upper bounds in seconds: from a commit that is applied at once to one that stood in line. */
    public static final List<Double> BOUNDS =
            List.of(
                    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
                    30.0, 60.0);

    /** Refuses another number of counts than there are classes. */
    public Took {
        counts = List.copyOf(counts);
        if (counts.size() != BOUNDS.size() + 1) {
            throw new IllegalArgumentException(counts.size() + " counts");
        }
    }

    /** The class that a duration belongs to, as a place in {@link #counts}. */
    public static int placeOf(double seconds) {
        int place = 0;
        while (place < BOUNDS.size() && seconds > BOUNDS.get(place)) {
            place++;
        }
        return place;
    }
}
