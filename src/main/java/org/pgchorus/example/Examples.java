package org.pgchorus.example;

import org.pgchorus.config.Nearest;
import org.pgchorus.demo.EmbeddedServer;

import java.util.List;

/** All examples, and how one is run and taken down. No state. */
public final class Examples {
    /** In the order in which they are best read. */
    public static final List<Example> ALL =
            List.of(
                    new QuickStart(),
                    new Mesh(),
                    new TwoDatacenters(),
                    new PrimaryPrimary(),
                    new AsyncFollowers());

    private Examples() {}

    /**
     * @throws IllegalArgumentException if there is none of that name, with the nearest one
     */
    public static Example named(String name) {
        return ALL.stream()
                .filter(example -> example.name().equals(name))
                .findFirst()
                .orElseThrow(() -> {
                    List<String> known = ALL.stream().map(Example::name).toList();
                    return new IllegalArgumentException(
                            "there is no example \"%s\"; there are %s%s"
                                    .formatted(
                                            name,
                                            String.join(", ", known),
                                            Nearest.hint(name, known)));
                });
    }

    /**
     * Runs an example from beginning to end; nothing of it is left afterwards.
     *
     * @throws IllegalArgumentException if one of its ports is taken or it runs already; then
     *     nothing was started
     * @throws Unmet at the first thing that is not as it should be
     */
    public static void run(Example example, Means means) throws InterruptedException {
        refuseTaken(example, means);
        try (Stage stage = Stage.open(example, means)) {
            example.play(stage);
            stage.finish();
        }
    }

    private static void refuseTaken(Example example, Means means) {
        List<Integer> ports = example.ports().stream().map(means::port).toList();
        for (int port : ports) {
            if (!EmbeddedServer.isFree(port)) {
                throw new IllegalArgumentException(
                        ("port %d of 127.0.0.1 is taken, and nothing was started. The example"
                                        + " needs %s: stop what listens there (an earlier run:"
                                        + " pgchorus example %s --down), or move all of them with"
                                        + " --shift, such as --shift 1000")
                                .formatted(port, ports, example.name()));
            }
        }
    }

    /**
     * Ends a run that another process has under way or has left behind.
     *
     * @return what was done, a line each; none if there was nothing to do
     */
    public static List<String> takeDown(Example example, int shift) {
        return Premises.clear(example.name(), shift);
    }
}
