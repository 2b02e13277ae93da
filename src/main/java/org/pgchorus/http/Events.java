package org.pgchorus.http;

import java.time.Duration;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * The status as server-sent events, one after each look. Any thread.
 *
 * <p>A stream ends before an answer has to; browsers ask again by themselves, at once.
 */
final class Events {
    /** Each holds a connection. */
    static final int STREAMS = 32;

    private static final Duration LIFE = Duration.ofSeconds(Server.ANSWER_SECONDS - 10);
    private static final long POLL_MILLIS = 100;
    private static final int TOO_MANY = 503;

    private final Supplier<View> view;
    private final AtomicInteger open = new AtomicInteger();

    Events(Supplier<View> view) {
        this.view = view;
    }

    /** A stream, unless there are too many. */
    Reply stream() {
        if (open.incrementAndGet() > STREAMS) {
            open.decrementAndGet();
            return Reply.refusal(TOO_MANY, "%d streams are open already".formatted(STREAMS));
        }
        return new Reply.Stream(new Looks(), open::decrementAndGet);
    }

    /** An event for each look, the newest at once. */
    private final class Looks implements Iterator<String> {
        private final long end = System.nanoTime() + LIFE.toNanos();
        private boolean begun;
        private long lastNanos;

        @Override
        public boolean hasNext() {
            return System.nanoTime() < end && !Thread.currentThread().isInterrupted();
        }

        @Override
        public String next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            String retry = begun ? "" : "retry: 1000\n";
            View newest = view.get();
            while (begun && newest.takenNanos() == lastNanos && hasNext()) {
                pause();
                newest = view.get();
            }
            begun = true;
            lastNanos = newest.takenNanos();
            return retry + "event: status\ndata: " + Json.text(Api.status(newest)) + "\n\n";
        }

        private static void pause() {
            try {
                TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
