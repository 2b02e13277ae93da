package org.pgchorus.bench;

/** What the options of every bench may be. Pure. */
final class Limits {
    private Limits() {}

    /** Refuses a senseless number of rounds. */
    static void rounds(int rounds) {
        if (rounds < 1 || rounds > 100) {
            throw new IllegalArgumentException("--rounds must be from 1 to 100, not " + rounds);
        }
    }

    /** Refuses a senseless part of the whole. */
    static void scale(double scale) {
        if (!(scale > 0 && scale <= 100)) {
            throw new IllegalArgumentException(
                    "--scale must be above 0 and at most 100, not " + scale);
        }
    }
}
