package org.pgchorus.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.io.PrintWriter;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;

/** {@code --watch}: the same question again and again until Ctrl-C. */
final class Watch {
    /** As often as a person can read it; each time asks every node. */
    private static final long PERIOD_MILLIS = 1000;

    /**
     * Cursor to the top left corner, then everything below is wiped: flickers less than clearing.
     */
    private static final String HOME_AND_WIPE = "\u001b[H\u001b[J";

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(names = "--watch", description = "Asks again every second, until Ctrl-C.")
    private boolean watch;

    /** As wide as the smallest usual terminal. */
    private static final int COLUMNS = 80;

    /** Whether the question is asked more than once. */
    boolean repeats() {
        return watch;
    }

    /**
     * Asks once, or for ever. When watching, a failure is printed and asked over: what is watched
     * may well be down for a while.
     *
     * @param question prints its answer and returns the exit status
     */
    int ask(IntSupplier question) throws InterruptedException {
        if (!watch) {
            return question.getAsInt();
        }
        boolean interactive = Program.surroundings(command).interactive();
        int status = Exit.COULD_NOT_TELL;
        while (true) {
            PrintWriter out = command.commandLine().getOut();
            if (interactive) {
                out.print(HOME_AND_WIPE);
                out.println(
                        Words.time(Program.surroundings(command).clock().instant())
                                + ", again every second; Ctrl-C ends it");
                out.println();
            }
            try {
                status = question.getAsInt();
            } catch (IllegalArgumentException wrongUse) {
                throw wrongUse;
            } catch (RuntimeException failed) {
                Failures.print(command.commandLine().getErr(), failed.getMessage());
            }
            if (out.checkError()) {
                // Nobody reads any more.
                return status;
            }
            TimeUnit.MILLISECONDS.sleep(PERIOD_MILLIS);
        }
    }

    /** The text, its long lines broken where there are blanks: what is watched must not scroll. */
    String fitted(String text) {
        return watch ? fit(text) : text;
    }

    /** What goes on in the next line stands a little to the right. */
    static String fit(String text) {
        StringBuilder fitted = new StringBuilder();
        text.lines()
                .forEach(line -> {
                    String rest = line;
                    while (rest.length() > COLUMNS) {
                        int cut = rest.lastIndexOf(' ', COLUMNS);
                        cut = cut > rest.length() - rest.stripLeading().length() ? cut : COLUMNS;
                        fitted.append(rest, 0, cut).append('\n');
                        rest = "    " + rest.substring(cut).stripLeading();
                    }
                    fitted.append(rest).append('\n');
                });
        return fitted.toString();
    }
}
