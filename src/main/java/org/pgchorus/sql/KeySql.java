package org.pgchorus.sql;

import org.pgchorus.model.Table;

import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;

/**
 * How the key of a row is said in SQL: as a condition, as two hashes, as an array of texts.
 *
 * <p>The hashes follow the equality of the columns' own types (1.0 and 1.00 are one key), which no
 * text form does; two of 64 bits together stand for the key. They are compared only inside one
 * database, never between nodes.
 */
public final class KeySql {
    private KeySql() {}

    /** {@code "a" = ? AND "b" = ?}, each column with {@code alias.} in front. */
    public static String condition(Table table, String alias) {
        return table.key().stream()
                .map(column -> alias + Sql.name(column) + " = ?")
                .collect(Collectors.joining(" AND "));
    }

    /** The hash of key values given as parameters, one {@code ?} for each key column. */
    public static String hashOfParameters(Table table, int seed) {
        List<String> typed =
                table.key().stream().map(column -> "?::" + typeOf(table, column)).toList();
        return hash(typed, seed);
    }

    /** The hash of the key columns of the row that {@code alias} names. */
    public static String hashOfRow(Table table, String alias, int seed) {
        return hash(table.key().stream().map(c -> alias + "." + Sql.name(c)).toList(), seed);
    }

    /** The key columns of the row that {@code alias} names, as an array of texts. */
    public static String texts(Table table, String alias) {
        return table.key().stream()
                .map(column -> alias + "." + Sql.name(column) + "::text")
                .collect(Collectors.joining(", ", "ARRAY[", "]"));
    }

    /** An array of texts from parameters, one {@code ?} for each key column. */
    public static String textsOfParameters(Table table) {
        return "ARRAY["
                + String.join(", ", Collections.nCopies(table.key().size(), "?::text"))
                + "]";
    }

    /** The hash of key values held in a {@code text[]} expression. */
    public static String hashOfTexts(Table table, String array, int seed) {
        List<String> typed =
                java.util.stream.IntStream.range(0, table.key().size())
                        .mapToObj(i ->
                                "(%s)[%d]::%s"
                                        .formatted(array, i + 1, typeOf(table, table.key().get(i))))
                        .toList();
        return hash(typed, seed);
    }

    /** The hash of a key's values, each of its column's type. */
    static String hash(List<String> values, int seed) {
        return "pg_catalog.hash_record_extended(ROW("
                + String.join(", ", values)
                + "), "
                + seed
                + ")";
    }

    /** The type of a column that the table has. */
    static String typeOf(Table table, String column) {
        return table.columns().stream()
                .filter(c -> c.name().equals(column))
                .findFirst()
                .orElseThrow()
                .type();
    }
}
