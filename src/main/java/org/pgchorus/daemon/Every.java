package org.pgchorus.daemon;

import java.util.concurrent.TimeUnit;

/** A duty that comes round: due at once, then each time its period has passed. One thread. */
final class Every {
    private final long periodNanos;
    private long lastNanos;
    private boolean began;

    Every(long periodMillis) {
        periodNanos = TimeUnit.MILLISECONDS.toNanos(periodMillis);
    }

    /** Whether it is time; if so, the next period begins now. */
    boolean due() {
        long now = System.nanoTime();
        if (began && now - lastNanos < periodNanos) {
            return false;
        }
        began = true;
        lastNanos = now;
        return true;
    }
}
