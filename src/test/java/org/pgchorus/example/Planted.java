package org.pgchorus.example;

import java.util.List;
import java.util.function.Consumer;

/** An example that does what a test wants; it starts no servers by itself. */
record Planted(List<Integer> ports, Consumer<Stage> acts) implements Example {
    static Planted that(Consumer<Stage> acts) {
        return new Planted(List.of(), acts);
    }

    @Override
    public String name() {
        return "planted";
    }

    @Override
    public String summary() {
        return "for tests";
    }

    @Override
    public void play(Stage stage) {
        acts.accept(stage);
    }

    /** Means that print into a list and whose commands print their words and end with a status. */
    static Means means(List<String> printed, int status) {
        return new Means(
                (environment, out, err, words) -> {
                    out.println(environment + " " + words);
                    err.print("and that is all");
                    return status;
                },
                "none",
                printed::add,
                1,
                false);
    }
}
