package org.pgchorus.conflict;

/** Chance that can be repeated: the splitmix64 generator. Not shared between threads. */
final class Dice {
    private long state;

    Dice(long seed) {
        state = seed;
    }

    /** A number from 0 to {@code bound - 1}. */
    int below(int bound) {
        return (int) (((next() >>> 32) * bound) >>> 32);
    }

    /** True once in {@code bound} times. */
    boolean oneIn(int bound) {
        return below(bound) == 0;
    }

    private long next() {
        state += 0x9E3779B97F4A7C15L;
        long z = state;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
