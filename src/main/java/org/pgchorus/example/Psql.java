package org.pgchorus.example;

import org.pgchorus.pg.Session;
import org.pgchorus.pg.Sheet;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Runs SQL on a node and shows it, with its answer, as psql would. Used by one thread.
 *
 * <p>Source: PostgreSQL manual, "psql", aligned and expanded output formats.
 */
final class Psql {
    private final Script script;

    Psql(Script script) {
        this.script = script;
    }

    Sheet show(Node node, List<String> statements) {
        try (Session session = connect(node)) {
            Sheet sheet = null;
            for (String sql : statements) {
                typed(node, sql, ";").forEach(script::show);
                sheet = session.sheet(sql);
                answer(sql, sheet).forEach(script::show);
            }
            return sheet;
        }
    }

    Sheet showExpanded(Node node, String sql) {
        try (Session session = connect(node)) {
            typed(node, sql, " \\gx").forEach(script::show);
            Sheet sheet = session.sheet(sql);
            expanded(sheet).forEach(script::show);
            return sheet;
        }
    }

    Sheet quietly(Node node, String sql) {
        try (Session session = connect(node)) {
            return session.sheet(sql);
        }
    }

    /** As a client of the database, not as the program. */
    private static Session connect(Node node) {
        Session session = Session.open(node.address().address(), "pgchorus example");
        // Sessions of the program itself do not wait for peers; clients may have to.
        session.execute("RESET synchronous_commit; SET timezone = 'UTC'");
        return session;
    }

    /** The statement behind a prompt that names the node. */
    static List<String> typed(Node node, String sql, String end) {
        List<String> lines = sql.strip().lines().toList();
        return IntStream.range(0, lines.size())
                .mapToObj(i ->
                        node.name()
                                + (i == 0 ? "=# " : "-# ")
                                + lines.get(i)
                                + (i == lines.size() - 1 ? end : ""))
                .toList();
    }

    /** The answer as a table, or what psql says of a statement without one. */
    static List<String> answer(String sql, Sheet sheet) {
        return sheet.columns().isEmpty() ? List.of(tag(sql, sheet.changed())) : table(sheet);
    }

    private static String tag(String sql, long changed) {
        String[] words = sql.strip().toUpperCase(Locale.ROOT).split("[\\s(;]+", 3);
        return switch (words[0]) {
            case "INSERT" -> "INSERT 0 " + changed;
            case "UPDATE", "DELETE", "MERGE" -> words[0] + " " + changed;
            case "CREATE", "ALTER", "DROP" -> words[0] + " " + words[1];
            default -> words[0];
        };
    }

    private static List<String> table(Sheet sheet) {
        int columns = sheet.columns().size();
        int[] widths =
                IntStream.range(0, columns)
                        .map(c ->
                                sheet.rows().stream()
                                        .mapToInt(row -> row.get(c).length())
                                        .reduce(sheet.columns().get(c).name().length(), Math::max))
                        .toArray();
        List<String> lines = new ArrayList<>();
        lines.add(
                line(
                        IntStream.range(0, columns)
                                .mapToObj(c -> centred(sheet.columns().get(c).name(), widths[c]))
                                .toList()));
        lines.add(
                IntStream.of(widths)
                        .mapToObj(width -> "-".repeat(width + 2))
                        .collect(Collectors.joining("+")));
        for (List<String> row : sheet.rows()) {
            lines.add(
                    line(
                            IntStream.range(0, columns)
                                    .mapToObj(c ->
                                            aligned(
                                                    row.get(c),
                                                    widths[c],
                                                    sheet.columns().get(c).isNumber()))
                                    .toList()));
        }
        int rows = sheet.rows().size();
        lines.add("(%d row%s)".formatted(rows, rows == 1 ? "" : "s"));
        return lines;
    }

    private static String line(List<String> cells) {
        return cells.stream().map(cell -> " " + cell + " ").collect(Collectors.joining("|"));
    }

    private static String centred(String text, int width) {
        int left = (width - text.length()) / 2;
        return aligned(" ".repeat(left) + text, width, false);
    }

    private static String aligned(String text, int width, boolean right) {
        String space = " ".repeat(width - text.length());
        return right ? space + text : text + space;
    }

    /** The answer with a line for each value, as {@code \gx} has it. */
    static List<String> expanded(Sheet sheet) {
        int names = sheet.columns().stream().mapToInt(c -> c.name().length()).max().orElse(0);
        List<String> lines = new ArrayList<>();
        for (int row = 0; row < sheet.rows().size(); row++) {
            String head = "-[ RECORD %d ]".formatted(row + 1);
            lines.add(head + "-".repeat(Math.max(0, names + 1 - head.length())) + "+------");
            for (int column = 0; column < sheet.columns().size(); column++) {
                lines.add(
                        aligned(sheet.columns().get(column).name(), names, false)
                                + " | "
                                + sheet.rows().get(row).get(column));
            }
        }
        return lines;
    }
}
