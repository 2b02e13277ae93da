package org.pgchorus.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A table for people: columns in line, no borders, {@code -} for what is not known. One thread.
 *
 * <p>A heading that begins with {@code >} makes its column one of numbers, flush right.
 */
final class Grid {
    private static final String GAP = "  ";

    private final List<String> headings;
    private final boolean[] right;
    private final List<List<String>> rows = new ArrayList<>();

    Grid(String... headings) {
        this.headings =
                Arrays.stream(headings).map(h -> h.startsWith(">") ? h.substring(1) : h).toList();
        this.right = new boolean[headings.length];
        for (int i = 0; i < headings.length; i++) {
            right[i] = headings[i].startsWith(">");
        }
    }

    /** Adds a row; control characters, which could play tricks on a terminal, show as {@code ?}. */
    Grid row(String... cells) {
        if (cells.length != headings.size()) {
            throw new IllegalArgumentException(
                    "%d cells for %d columns".formatted(cells.length, headings.size()));
        }
        rows.add(
                Arrays.stream(cells)
                        .map(cell -> cell.isEmpty() ? "-" : cell.replaceAll("\\p{Cntrl}", "?"))
                        .toList());
        return this;
    }

    /** The lines, each with its end and no blanks before it. */
    String text() {
        return IntStream.range(-1, rows.size())
                .mapToObj(i -> line(i < 0 ? headings : rows.get(i)))
                .collect(Collectors.joining());
    }

    private String line(List<String> cells) {
        StringBuilder line = new StringBuilder();
        for (int column = 0; column < cells.size(); column++) {
            String cell = cells.get(column);
            String space = " ".repeat(width(column) - length(cell));
            line.append(column == 0 ? "" : GAP).append(right[column] ? space + cell : cell + space);
        }
        return line.toString().stripTrailing() + "\n";
    }

    private int width(int column) {
        return rows.stream()
                .mapToInt(row -> length(row.get(column)))
                .reduce(length(headings.get(column)), Math::max);
    }

    private static int length(String text) {
        return text.codePointCount(0, text.length());
    }
}
