package org.pgchorus.example;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * What an example prints, line by line: steps with their numbers, what is done, what was checked.
 * Any thread.
 */
final class Script {
    /** What is typed, and what is answered, stand a little in. */
    private static final String INDENT = "  ";

    private static final long POLL_MILLIS = 20;

    private final String example;
    private final Consumer<String> out;
    private int steps;
    private int checks;
    private String title = "the start";
    private boolean muted;

    Script(String example, Consumer<String> out) {
        this.example = example;
        this.out = out;
    }

    /** Begins the next step. */
    synchronized void step(String name) {
        steps++;
        title = "step %d (%s)".formatted(steps, name);
        print("");
        print("%d. %s".formatted(steps, name));
        print("");
    }

    /** A sentence or more, for the reader; nothing is an empty line. */
    synchronized void say(String text) {
        if (text.isEmpty()) {
            print("");
        }
        text.lines().forEach(this::print);
    }

    /** What is typed or answered. */
    synchronized void show(String line) {
        print(line.isBlank() ? "" : INDENT + line.stripTrailing());
    }

    private void print(String line) {
        if (!muted) {
            out.accept(line);
        }
    }

    /** Prints nothing from now on: the process is being ended. */
    synchronized void mute() {
        muted = true;
    }

    synchronized boolean isMuted() {
        return muted;
    }

    synchronized int checks() {
        return checks;
    }

    /**
     * Goes on only if it is so.
     *
     * @param found what there is instead, if not; may be empty
     * @throws Unmet if it is not so
     */
    synchronized void check(String what, boolean holds, String found) {
        if (holds) {
            checks++;
            print(INDENT + "ok  " + what);
            return;
        }
        print(INDENT + "NOT SO  " + what + (found.isEmpty() ? "" : ": " + found));
        throw new Unmet(
                "example %s, %s: it is not so that %s%s"
                        .formatted(example, title, what, found.isEmpty() ? "" : "; " + found));
    }

    /**
     * Goes on as soon as it is so.
     *
     * @throws Unmet if it is not so within the limit
     */
    void eventually(String what, Duration limit, BooleanSupplier condition)
            throws InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        boolean holds = condition.getAsBoolean();
        while (!holds && System.nanoTime() - deadline < 0) {
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            holds = condition.getAsBoolean();
        }
        check(what, holds, holds ? "" : "not within %d s".formatted(limit.toSeconds()));
    }
}
