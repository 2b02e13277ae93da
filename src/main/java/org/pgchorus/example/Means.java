package org.pgchorus.example;

import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * What an example is given by whoever lets it run.
 *
 * @param commands runs the program's own command lines inside this process
 * @param mainClass whose {@code main} takes the same command lines, in a process of its own
 * @param out takes one line at a time
 * @param shift added to every port
 * @param keep whether all is to stand at the end, until this process is ended
 */
public record Means(
        Commands commands, String mainClass, Consumer<String> out, int shift, boolean keep) {
    private static final int LAST_PORT = 65_535;

    /** Refuses shifts that leave no ports. */
    public Means {
        if (Math.abs(shift) > LAST_PORT) {
            throw new IllegalArgumentException("a shift of " + shift + " leaves no ports");
        }
    }

    /** The command line of the program. */
    @FunctionalInterface
    public interface Commands {
        /**
         * Runs one command line to its end.
         *
         * @param environment what it finds there besides what this process has
         * @return the exit status
         */
        int run(
                Map<String, String> environment,
                PrintWriter out,
                PrintWriter err,
                List<String> words);
    }

    /** A port of an example as it is in this run. */
    int port(int usual) {
        int port = usual + shift;
        if (port < 1 || port > LAST_PORT) {
            throw new IllegalArgumentException(
                    "port %d shifted by %d is not from 1 to %d".formatted(usual, shift, LAST_PORT));
        }
        return port;
    }
}
