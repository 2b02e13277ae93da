package org.pgchorus.cli;

import org.pgchorus.bench.Terms;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** What the commands below {@code bench} have in common. */
final class BenchOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "3",
            description = "How often; the median counts (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(
            names = "--pg",
            paramLabel = "VERSION",
            defaultValue = "18",
            description = "PostgreSQL's major version (default: ${DEFAULT-VALUE}).")
    private int major;

    int rounds() {
        return rounds;
    }

    int major() {
        return major;
    }

    /** Servers side by side. */
    Terms terms(int heapMegabytes) {
        return terms(heapMegabytes, 0, false);
    }

    Terms terms(int heapMegabytes, double latencyMillis, boolean durable) {
        return new Terms(
                major,
                Main.class.getName(),
                heapMegabytes,
                Duration.ofNanos(Math.round(latencyMillis * 1e6)),
                durable);
    }

    /** Tells on standard error what is being done. */
    Consumer<String> progress() {
        PrintWriter err = command.commandLine().getErr();
        return line -> {
            err.println(line);
            err.flush();
        };
    }

    /** What is to be measured; what cannot be is a wrong use of the command. */
    <T> T checked(Supplier<T> options) {
        try {
            return options.get();
        } catch (IllegalArgumentException refused) {
            throw new ParameterException(command.commandLine(), refused.getMessage(), refused);
        }
    }

    /**
     * Whether something is to be measured beside ours.
     *
     * @param asked what was given with {@code --against}
     * @param known the one thing there is
     */
    boolean isAgainst(Optional<String> asked, String known) {
        if (asked.isPresent() && !asked.get().equals(known)) {
            throw new ParameterException(
                    command.commandLine(),
                    "--against knows only %s, not %s".formatted(known, asked.get()));
        }
        return asked.isPresent();
    }
}
