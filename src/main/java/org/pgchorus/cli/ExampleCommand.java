package org.pgchorus.cli;

import org.pgchorus.example.Example;
import org.pgchorus.example.Examples;
import org.pgchorus.example.Means;
import org.pgchorus.example.Unmet;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.io.PrintWriter;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;

/** {@code pgchorus example}: known systems, done here, step by step. */
@Command(
        name = "example",
        description = {
            "Runs an example on throw-away servers: does every step, prints it, and checks what"
                    + " came of it. Without a name: lists the examples (examples/README.md).",
            "",
            "Nothing of it is left afterwards. Needs fixed ports of 127.0.0.1; if one is taken,"
                    + " nothing is started.",
            "",
            "Exit status: 0 if all was as it should be, 1 at the first thing that was not, 2 if"
                    + " used wrongly or a port is taken, 3 if servers could not be started."
        },
        footer = {
            "  pgchorus example",
            "  pgchorus example quick-start",
            "  pgchorus example mesh --keep           # stands at the end, until Ctrl-C",
            "  pgchorus example mesh --down           # or until this is said elsewhere",
            "  pgchorus example mesh --shift 1000     # all ports a thousand higher",
        })
final class ExampleCommand implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Parameters(arity = "0..1", paramLabel = "NAME", description = "Which one.")
    private Optional<String> name;

    @Option(
            names = "--shift",
            paramLabel = "N",
            defaultValue = "0",
            description = "Added to all of its ports. Default: ${DEFAULT-VALUE}.")
    private int shift;

    @Option(
            names = "--keep",
            description =
                    "Lets all stand until Ctrl-C, or --down said elsewhere, instead of taking it"
                            + " down.")
    private boolean keep;

    @Option(
            names = "--down",
            description =
                    "Ends a run that stands or is under way, and removes what one that was killed"
                            + " has left.")
    private boolean down;

    @Override
    public Integer call() throws InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        if (name.isEmpty()) {
            list(out);
            return Exit.WELL;
        }
        try {
            Example example = Examples.named(name.get());
            return down ? takeDown(example, out) : run(example, out);
        } catch (IllegalArgumentException refused) {
            throw new ParameterException(spec.commandLine(), refused.getMessage(), refused);
        }
    }

    private static void list(PrintWriter out) {
        Grid grid = new Grid("EXAMPLE", "WHAT IT SHOWS");
        Examples.ALL.forEach(example -> grid.row(example.name(), example.summary()));
        out.print(grid.text());
        out.flush();
    }

    private int takeDown(Example example, PrintWriter out) {
        List<String> done = Examples.takeDown(example, shift);
        out.println(
                done.isEmpty()
                        ? "nothing of the example %s is left to take down".formatted(example.name())
                        : done.stream().collect(Collectors.joining("\n")));
        out.flush();
        return Exit.WELL;
    }

    private int run(Example example, PrintWriter out) throws InterruptedException {
        Silence.ofTheLog();
        return run(example, meansOf(out, shift, keep), spec.commandLine().getErr());
    }

    /** What an example runs with inside this process. */
    static Means meansOf(PrintWriter out, int shift, boolean keep) {
        return new Means(
                ExampleCommand::inside,
                Main.class.getName(),
                line -> {
                    out.println(line);
                    out.flush();
                },
                shift,
                keep);
    }

    /** Runs one; the status is 1 if something was not as it should be. */
    static int run(Example example, Means means, PrintWriter err) throws InterruptedException {
        try {
            Examples.run(example, means);
            return Exit.WELL;
        } catch (Unmet unmet) {
            Failures.print(err, unmet.getMessage());
            return Exit.DIFFERS;
        }
    }

    /** The operator's own variables have no say in what an example does. */
    private static int inside(
            Map<String, String> given, PrintWriter out, PrintWriter err, List<String> words) {
        Map<String, String> environment = new HashMap<>(System.getenv());
        environment.keySet().removeIf(variable -> variable.startsWith("PG"));
        environment.putAll(given);
        Surroundings surroundings = new Surroundings(environment, false, InstantSource.system());
        return CommandLines.run(surroundings, out, err, words.toArray(String[]::new));
    }
}
