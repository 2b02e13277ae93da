package org.pgchorus.demo;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/** Waits for a condition by asking again and again, up to a deadline. */
final class Poll {
    private static final long STEP_MILLIS = 10;

    private Poll() {}

    /**
     * Whether the condition became true before the deadline.
     *
     * @throws ServerFailed if the thread is interrupted; its flag stays set
     */
    static boolean until(Duration limit, BooleanSupplier condition) {
        long deadline = System.nanoTime() + limit.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                return false;
            }
            try {
                Thread.sleep(STEP_MILLIS);
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new ServerFailed("interrupted while waiting for a server", interrupted);
            }
        }
        return true;
    }
}
