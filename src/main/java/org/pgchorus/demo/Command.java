package org.pgchorus.demo;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs a short command of the operating system to its end. */
final class Command {
    /** All commands here take milliseconds; more means the machine is stuck. */
    private static final long LIMIT_SECONDS = 30;

    private Command() {}

    /**
     * @throws ServerFailed with what the command printed, if its exit status is not 0
     */
    static void run(List<String> command) {
        Outcome outcome = outcome(command);
        if (outcome.status != 0) {
            throw new ServerFailed(
                    "%s: exit status %d: %s"
                            .formatted(String.join(" ", command), outcome.status, outcome.printed));
        }
    }

    /** Whether the command exists and ends with status 0. */
    static boolean succeeds(List<String> command) {
        return outcome(command).status == 0;
    }

    /** Sends a signal to each process; those that are gone already are left out of account. */
    static void signal(String name, Collection<Long> processes) {
        var command = new ArrayList<>(List.of("sh", "-c", "kill -s \"$@\"", "kill", name));
        processes.forEach(process -> command.add(Long.toString(process)));
        outcome(command);
    }

    /** Single-quoted for sh, so that it stands for itself. */
    static String quoted(String word) {
        return "'" + word.replace("'", "'\\''") + "'";
    }

    /** As {@link #quoted}, but plain where no shell would mind: for people to read. */
    static String quotedIfNeeded(String word) {
        return word.matches("[A-Za-z0-9_@%+=:,./-]+") ? word : quoted(word);
    }

    private record Outcome(int status, String printed) {}

    private static Outcome outcome(List<String> command) {
        Process process;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException missing) {
            return new Outcome(127, missing.getMessage());
        }
        try {
            process.getOutputStream().close();
            // What these commands print fits into the pipe, so waiting first is safe.
            if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new ServerFailed(String.join(" ", command) + " does not end");
            }
            String printed =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new Outcome(process.exitValue(), printed.strip());
        } catch (IOException broken) {
            throw new ServerFailed(String.join(" ", command) + ": output lost", broken);
        } catch (InterruptedException interrupted) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new ServerFailed("interrupted in " + String.join(" ", command), interrupted);
        }
    }
}
