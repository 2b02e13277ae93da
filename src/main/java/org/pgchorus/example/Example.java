package org.pgchorus.example;

import java.util.List;

/** One published system, done here: servers, steps, checks. No state; a run has a {@link Stage}. */
public interface Example {
    /** As it is typed, and as its folder below {@code examples} is called. */
    String name();

    /** What it shows, in one sentence. */
    String summary();

    /** Every port it listens on, before {@link Means#shift}. */
    List<Integer> ports();

    /**
     * Does and checks all of it; the stage takes down what it put up.
     *
     * @throws Unmet at the first thing that is not as it should be
     */
    void play(Stage stage) throws InterruptedException;
}
