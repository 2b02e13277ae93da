package org.pgchorus.house.planted.pg;

import org.pgchorus.house.planted.model.Culprit;

/** Uses the room below, as it may, which uses it in turn, as it may not. */
public record Accomplice(Culprit culprit) {
    /** Reading the clock is allowed here. */
    public static long nanos() {
        return System.nanoTime();
    }
}
