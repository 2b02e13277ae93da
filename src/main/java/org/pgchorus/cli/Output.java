package org.pgchorus.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.io.PrintWriter;
import java.util.function.Supplier;

/** {@code --output} and {@code --json}: in which form a command answers. */
final class Output {
    /** The forms. */
    enum Form {
        /** For people. */
        TABLE,
        /** For programs. */
        JSON;

        @Override
        public String toString() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORM",
            defaultValue = "table",
            description = "How to answer: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
    private Form form;

    @Option(names = "--json", description = "The same as --output json.")
    private boolean json;

    /** Whether a program reads the answer. */
    boolean isJson() {
        return json || form == Form.JSON;
    }

    /**
     * Prints the answer in the form that was asked for.
     *
     * @param text for people, lines with their ends
     * @param value for programs, as {@link Json} takes it
     */
    void print(Supplier<String> text, Supplier<Object> value) {
        show(isJson() ? Json.pretty(value.get()) + System.lineSeparator() : text.get());
    }

    /** The same, JSON on one line: for answers that follow each other. */
    void printOnOneLine(Supplier<String> text, Supplier<Object> value) {
        show(isJson() ? Json.compact(value.get()) + System.lineSeparator() : text.get());
    }

    private void show(String text) {
        PrintWriter out = command.commandLine().getOut();
        out.print(text);
        out.flush();
    }
}
