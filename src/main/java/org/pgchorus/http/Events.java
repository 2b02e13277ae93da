package org.pgchorus.http;

import org.pgchorus.daemon.Conflicts;

import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * What was seen as server-sent events, after each look: {@code status} each time, {@code conflicts}
 * and {@code happened} when there are new ones. Any thread.
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
        private List<Conflicts.Conflict> told = List.of();
        private long lastNumber;

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
            return retry
                    + event("status", Api.status(newest))
                    + conflicts(newest)
                    + happened(newest);
        }

        private static String event(String name, Object data) {
            return "event: " + name + "\ndata: " + Json.text(data) + "\n\n";
        }

        private String conflicts(View newest) {
            List<Conflicts.Conflict> recent = newest.sight().recent();
            if (recent.equals(told)) {
                return "";
            }
            told = recent;
            return event("conflicts", Api.recent(newest));
        }

        private String happened(View newest) {
            List<Happening> more =
                    newest.past().stream().filter(it -> it.number() > lastNumber).toList();
            if (more.isEmpty()) {
                return "";
            }
            lastNumber = more.getLast().number();
            return event("happened", Api.history(more));
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
