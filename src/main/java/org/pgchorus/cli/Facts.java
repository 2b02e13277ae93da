package org.pgchorus.cli;

import java.util.LinkedHashMap;
import java.util.Map;

/** One thing described for people: a heading, then a name and a value on each line. One thread. */
final class Facts {
    private final String heading;
    private final Map<String, String> facts = new LinkedHashMap<>();

    Facts(String heading) {
        this.heading = heading;
    }

    /** Adds a line, unless the value is empty. */
    Facts fact(String name, String value) {
        if (!value.isEmpty()) {
            facts.put(name, value);
        }
        return this;
    }

    /** The lines, each with its end. */
    String text() {
        int width = facts.keySet().stream().mapToInt(String::length).max().orElse(0);
        StringBuilder text = new StringBuilder(heading).append('\n');
        facts.forEach((name, value) ->
                text.append("  ")
                        .append(name)
                        .append(" ".repeat(width - name.length() + 2))
                        .append(value)
                        .append('\n'));
        return text.toString();
    }
}
