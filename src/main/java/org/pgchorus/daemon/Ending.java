package org.pgchorus.daemon;

/** Waits for threads that were told to end, or end by themselves. */
public final class Ending {
    private Ending() {}

    /** Returns when a thread has ended; an interruption meanwhile is kept for the caller. */
    public static void await(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
