package org.pgchorus.cli;

import org.pgchorus.config.Nearest;

import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;

/**
 * Says what went wrong, on standard error, and with which exit status the process ends. No state.
 */
final class Failures {
    private Failures() {}

    /** A command line that cannot be understood or carried out as written. */
    static int wrongUse(ParameterException error, String[] args) {
        CommandLine command = error.getCommandLine();
        String message =
                error instanceof UnmatchedArgumentException unmatched
                        ? unknown(unmatched)
                        : lowerFirst(String.valueOf(error.getMessage()));
        print(command.getErr(), message);
        command.getErr().println("see: " + command.getCommandSpec().qualifiedName() + " --help");
        return Exit.WRONG_USE;
    }

    /** A command that failed. */
    static int failed(Exception error, CommandLine command, ParseResult parsed) {
        PrintWriter err = command.getErr();
        if (error instanceof InterruptedException) {
            print(err, "interrupted");
            return Exit.COULD_NOT_TELL;
        }
        if (isForPeople(error)) {
            print(err, String.valueOf(error.getMessage()));
        } else {
            print(err, "this is a mistake in pgchorus itself: " + error);
            error.printStackTrace(err);
        }
        return error instanceof IllegalArgumentException ? Exit.WRONG_USE : Exit.COULD_NOT_TELL;
    }

    /** Whether the message was written to be read by users: the rooms below write theirs so. */
    private static boolean isForPeople(Exception error) {
        return error.getClass().getName().startsWith("org.pgchorus.")
                || error instanceof IllegalArgumentException
                || error instanceof IllegalStateException
                || error instanceof UncheckedIOException;
    }

    /**
     * Prints one error; its message may have several lines, of which each may say that it is one.
     */
    static void print(PrintWriter err, String message) {
        String label = message.startsWith("error: ") ? "" : "error: ";
        err.println("pgchorus: " + label + Secrets.hidden(message));
        err.flush();
    }

    /** Prints something worth knowing that stops nothing. */
    static void warn(PrintWriter err, String message) {
        err.println("pgchorus: warning: " + Secrets.hidden(message));
        err.flush();
    }

    /** A command that needs one of its subcommands was typed without. */
    static ParameterException missingCommand(CommandLine command) {
        return new ParameterException(
                command,
                "%s needs a command: %s"
                        .formatted(
                                command.getCommandSpec().qualifiedName(),
                                String.join(", ", command.getSubcommands().keySet())));
    }

    private static String unknown(UnmatchedArgumentException error) {
        CommandLine command = error.getCommandLine();
        String word = error.getUnmatched().getFirst();
        if (word.startsWith("-")) {
            String name = word.replaceFirst("=.*", "");
            List<String> known =
                    command.getCommandSpec().options().stream()
                            .flatMap(option -> List.of(option.names()).stream())
                            .toList();
            String place = command.getParent() == null ? "; options stand behind a command" : "";
            return "%s has no option %s%s"
                    .formatted(
                            command.getCommandSpec().qualifiedName(),
                            name,
                            Nearest.to(name, known).isPresent()
                                    ? Nearest.hint(name, known)
                                    : place);
        }
        if (!command.getSubcommands().isEmpty()) {
            return "%s has no command \"%s\"%s"
                    .formatted(
                            command.getCommandSpec().qualifiedName(),
                            word,
                            Nearest.hint(word, command.getSubcommands().keySet()));
        }
        return "%s takes no \"%s\"".formatted(command.getCommandSpec().qualifiedName(), word);
    }

    private static String lowerFirst(String text) {
        return text.length() < 2 || Character.isUpperCase(text.charAt(1))
                ? text
                : text.substring(0, 1).toLowerCase(Locale.ROOT) + text.substring(1);
    }
}
