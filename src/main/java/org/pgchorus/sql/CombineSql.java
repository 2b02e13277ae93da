package org.pgchorus.sql;

import org.pgchorus.model.Row;
import org.pgchorus.model.Table;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** How a policy's SQL function is asked. No state. */
public final class CombineSql {
    private CombineSql() {}

    /**
     * Asks a function that takes two rows of the table and a jsonb object and returns a row of it.
     * Answers one row: whether the result is NULL as a whole, the source's columns, whether its key
     * is the one given. Parameters: the key, both rows by {@link #parameters}, then the object.
     *
     * @param function as SQL names it, quoted where it has to be
     */
    public static String ask(RowSql sql, String function) {
        String row = row(sql);
        String columns =
                sql.columnNames().stream()
                        .map(name -> "(x.r)." + Sql.name(name))
                        .collect(Collectors.joining(", "));
        String sameKey =
                sql.table().key().stream()
                        .map(name -> "(x.r).%1$s = k.%1$s".formatted(Sql.name(name)))
                        .collect(Collectors.joining(" AND "));
        return """
        SELECT x.r IS NULL, %s, coalesce(%s, false) FROM (SELECT %s) k, \
        (SELECT %s(%s, %s, ?::jsonb) AS r OFFSET 0) x\
        """
                .formatted(columns, sameKey, key(sql.table()), function, row, row);
    }

    private static String key(Table table) {
        return table.key().stream()
                .map(name -> "?::%s AS %s".formatted(KeySql.typeOf(table, name), Sql.name(name)))
                .collect(Collectors.joining(", "));
    }

    /** Columns that only this node has are NULL in both rows. */
    private static String row(RowSql sql) {
        Table table = sql.table();
        List<String> sent = sql.columnNames();
        return table.columns().stream()
                .map(column ->
                        sent.contains(column.name())
                                ? "?::" + column.type()
                                : "NULL::" + column.type())
                .collect(Collectors.joining(", ", "ROW(", ")::" + Sql.name(table.name())));
    }

    /** A row of the source as parameters of {@link #ask}. */
    public static List<String> parameters(RowSql sql, Row row) {
        List<String> sent = sql.columnNames();
        List<String> values = new ArrayList<>();
        for (Table.Column column : sql.table().columns()) {
            int index = sent.indexOf(column.name());
            if (index >= 0) {
                values.add(row.text(index).orElse(null));
            }
        }
        return values;
    }
}
