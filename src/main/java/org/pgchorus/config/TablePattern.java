package org.pgchorus.config;

import org.pgchorus.model.TableName;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/**
 * Which tables are meant: {@code schema.table}, {@code table} (in any schema), {@code public.*},
 * {@code *_log}, {@code !audit.*}.
 *
 * <pre>
 *   *        any number of characters, within schema or table
 *   "a.b"    taken as it stands, stars too; "" inside is one quote
 *   !        in front: the tables that match are left out
 * </pre>
 *
 * <p>Compared with names as PostgreSQL stores them: {@code Order} and {@code order} are two tables.
 * Pure and immutable.
 */
public final class TablePattern {
    private final String text;
    private final boolean excludes;
    private final Pattern schema;
    private final Pattern table;
    private final String schemaFit;
    private final String tableFit;

    private TablePattern(String text, boolean excludes, String schema, String table) {
        this.text = text;
        this.excludes = excludes;
        this.schema = regex(schema);
        this.table = regex(table);
        schemaFit = serverRegex(schema);
        tableFit = serverRegex(table);
    }

    /**
     * @throws IllegalArgumentException if a name is empty, there are more than two of them, or a
     *     quote is not closed
     */
    public static TablePattern parse(String text) {
        String trimmed = text.strip();
        boolean excludes = trimmed.startsWith("!");
        String names = excludes ? trimmed.substring(1).strip() : trimmed;
        int firstEnd = nameEnd(names, 0, text);
        if (firstEnd == names.length()) {
            return new TablePattern(trimmed, excludes, "*", names);
        }
        if (nameEnd(names, firstEnd + 1, text) != names.length()) {
            throw refused(text, "it has more than schema and table");
        }
        return new TablePattern(
                trimmed, excludes, names.substring(0, firstEnd), names.substring(firstEnd + 1));
    }

    /**
     * Several, separated by commas outside of quotes; none if there is nothing but blanks.
     *
     * @throws IllegalArgumentException if one of them is none
     */
    public static List<TablePattern> parseAll(String text) {
        List<TablePattern> patterns = new ArrayList<>();
        boolean quoted = false;
        int begin = 0;
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) == '"') {
                quoted = !quoted;
            } else if (text.charAt(i) == ',' && !quoted) {
                patterns.add(parse(text.substring(begin, i)));
                begin = i + 1;
            }
        }
        if (!text.isBlank()) {
            patterns.add(parse(text.substring(begin)));
        }
        return patterns;
    }

    /** Where the name that starts at {@code start} ends: at a dot outside quotes, or the end. */
    private static int nameEnd(String names, int start, String text) {
        boolean quoted = false;
        int i = start;
        while (i < names.length() && (quoted || names.charAt(i) != '.')) {
            if (names.charAt(i) == '"') {
                quoted = !quoted;
            }
            i++;
        }
        if (quoted) {
            throw refused(text, "a quote is not closed");
        }
        if (i == start) {
            throw refused(text, "a name is empty");
        }
        return i;
    }

    private static Pattern regex(String name) {
        return Pattern.compile(expression(name, Pattern::quote), Pattern.DOTALL);
    }

    /** The same as PostgreSQL writes regular expressions. */
    private static String serverRegex(String name) {
        return "^" + expression(name, c -> ("\\^$.[]|()?*+{}".contains(c) ? "\\" : "") + c) + "$";
    }

    /**
     * @param literal how one character is written that stands for itself; one beyond 16 bits is a
     *     text of two
     */
    private static String expression(String name, UnaryOperator<String> literal) {
        var regex = new StringBuilder();
        boolean quoted = false;
        for (int i = 0; i < name.length(); i = name.offsetByCodePoints(i, 1)) {
            int c = name.codePointAt(i);
            if (c == '"' && quoted && name.startsWith("\"\"", i)) {
                regex.append('"');
                i++;
            } else if (c == '"') {
                quoted = !quoted;
            } else if (c == '*' && !quoted) {
                regex.append(".*");
            } else {
                regex.append(literal.apply(Character.toString(c)));
            }
        }
        return regex.toString();
    }

    /** A regular expression of PostgreSQL's that the schema's name fits. */
    public String schemaFit() {
        return schemaFit;
    }

    /** The same for the table's name. */
    public String tableFit() {
        return tableFit;
    }

    private static IllegalArgumentException refused(String text, String why) {
        return new IllegalArgumentException(
                "\"%s\" is not a table pattern: %s; ".formatted(text, why)
                        + "write schema.table, table, schema.* or !schema.table");
    }

    /** Whether the pattern was written with {@code !}: what it matches is left out. */
    public boolean excludes() {
        return excludes;
    }

    /** Whether the names fit; says nothing of {@link #excludes}. */
    public boolean matches(TableName name) {
        return schema.matcher(name.schema()).matches() && table.matcher(name.name()).matches();
    }

    /**
     * Whether a list of patterns selects a table: one without {@code !} matches it (or the list has
     * none such), and none with {@code !} does. The order does not matter.
     */
    public static boolean selects(Collection<TablePattern> patterns, TableName name) {
        boolean included = true;
        boolean anyIncluding = false;
        for (TablePattern pattern : patterns) {
            if (pattern.excludes && pattern.matches(name)) {
                return false;
            }
            if (!pattern.excludes) {
                included = anyIncluding && included || pattern.matches(name);
                anyIncluding = true;
            }
        }
        return included;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TablePattern pattern && text.equals(pattern.text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    /** As written; reads back as the same pattern. */
    @Override
    public String toString() {
        return text;
    }
}
