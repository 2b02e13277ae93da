package org.pgchorus.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Where the program starts: hands the command line to {@link CommandLines} and ends with its
 * status.
 */
public final class Main {
    private Main() {}

    /** Runs one command line and ends the process with the status of {@link Exit}. */
    public static void main(String[] args) {
        if (List.of(args).equals(List.of("--version"))) {
            // Known without looking at any command: this answers before those are loaded.
            System.out.println(Version.line());
            return;
        }
        PrintWriter out = new PrintWriter(System.out, false, StandardCharsets.UTF_8);
        PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        int status = CommandLines.run(Surroundings.ofProcess(), out, err, args);
        out.flush();
        err.flush();
        System.exit(status);
    }
}
