package org.pgchorus.example;

import java.io.PrintWriter;
import java.io.Writer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Types command lines of the program, and shows them with what they print. Used by one thread at a
 * time.
 */
final class Shell {
    /** Longer command lines are broken before an option. */
    private static final int COLUMNS = 96;

    private final Means means;
    private final Script script;
    private final Map<String, String> environment = new TreeMap<>();

    Shell(Means means, Script script) {
        this.means = means;
        this.script = script;
    }

    void export(String name, String value) {
        environment.put(name, value);
        script.show("$ export " + name + "=" + quoted(value));
    }

    /** Runs one to its end. */
    Said run(List<String> words) {
        type(words, "");
        Echo echo = new Echo(script::show);
        PrintWriter writer = new PrintWriter(echo, true);
        int status = means.commands().run(environment, writer, writer, words);
        writer.flush();
        echo.close();
        return new Said(status, echo.all());
    }

    /** Shows a command line as it is typed. */
    void type(List<String> words, String end) {
        List<String> quoted = new ArrayList<>(List.of("pgchorus"));
        words.forEach(word -> quoted.add(quoted(word)));
        String whole = String.join(" ", quoted) + end;
        if (whole.length() <= COLUMNS) {
            script.show("$ " + whole);
            return;
        }
        StringBuilder line = new StringBuilder("$");
        for (int i = 0; i < quoted.size(); i++) {
            String word = quoted.get(i);
            boolean breaks =
                    i > 1 && line.length() + word.length() > COLUMNS - 4
                            || word.startsWith("--") && line.length() > 40;
            if (breaks) {
                script.show(line + " \\");
                line = new StringBuilder("     ");
            }
            line.append(' ').append(word);
        }
        script.show(line + end);
    }

    /** As a shell would want it. */
    private static String quoted(String word) {
        return word.matches("[A-Za-z0-9_@%+=:,./?&-]+")
                ? word
                : "'" + word.replace("'", "'\\''") + "'";
    }

    /** Passes on whole lines, and remembers them. */
    private static final class Echo extends Writer {
        private final Consumer<String> lines;
        private final List<String> said = new ArrayList<>();
        private final StringBuilder begun = new StringBuilder();

        Echo(Consumer<String> lines) {
            this.lines = lines;
        }

        @Override
        public void write(char[] text, int offset, int length) {
            for (int i = offset; i < offset + length; i++) {
                if (text[i] == '\n') {
                    end();
                } else if (text[i] != '\r') {
                    begun.append(text[i]);
                }
            }
        }

        private void end() {
            said.add(begun.toString());
            lines.accept(begun.toString());
            begun.setLength(0);
        }

        @Override
        public void flush() {
            // Lines are passed on when they end.
        }

        @Override
        public void close() {
            if (!begun.isEmpty()) {
                end();
            }
        }

        String all() {
            return said.stream().map(line -> line + "\n").collect(Collectors.joining());
        }
    }
}
