package org.pgchorus.sql;

import org.pgchorus.model.Row;
import org.pgchorus.model.Table;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The statements that a follower needs besides those of {@link RowSql}: overwriting only what was
 * sent of a row, and finding rows of tables without a key by all their values. Pure.
 */
public final class FollowRowSql {
    private FollowRowSql() {}

    /** The places of the values that were sent and that an UPDATE may set. */
    public static List<Integer> settable(RowSql sql, Row after) {
        List<String> names = sql.columnNames();
        return IntStream.range(0, names.size())
                .filter(i -> !after.isUnchanged(i) && !isIdentityAlways(sql, names.get(i)))
                .boxed()
                .toList();
    }

    private static boolean isIdentityAlways(RowSql sql, String column) {
        return sql.table().columns().stream()
                .anyMatch(c -> c.name().equals(column) && c.identityAlways());
    }

    /** Overwrites some values of a row; parameters: {@link #values} of them, then the key. */
    public static String update(RowSql sql, List<Integer> places) {
        return "UPDATE ONLY %s AS t SET %s WHERE %s"
                .formatted(
                        Sql.name(sql.table().name()),
                        assignments(sql, places),
                        KeySql.condition(sql.table(), "t."));
    }

    /** Answers a row if there is one; parameters: the key. */
    public static String exists(Table table) {
        return "SELECT 1 FROM ONLY %s AS t WHERE %s"
                .formatted(Sql.name(table.name()), KeySql.condition(table, "t."));
    }

    /** Overwrites in a table without a key; parameters: those values, then all of the old row. */
    public static String updateWhole(RowSql sql, List<Integer> places) {
        return "UPDATE ONLY %s AS t SET %s WHERE t.ctid = (%s)"
                .formatted(Sql.name(sql.table().name()), assignments(sql, places), oneLike(sql));
    }

    /** Removes one row of a table without a key; parameters: all its values. */
    public static String deleteWhole(RowSql sql) {
        return "DELETE FROM ONLY %s AS t WHERE t.ctid = (%s)"
                .formatted(Sql.name(sql.table().name()), oneLike(sql));
    }

    /** Whether two keys are one by their types' own equality; parameters: both. */
    public static String sameKey(Table table) {
        String typed =
                table.key().stream()
                        .map(c -> "?::" + typeOf(table, c))
                        .collect(Collectors.joining(", "));
        return "SELECT ROW(%1$s) = ROW(%1$s)".formatted(typed);
    }

    /** The values at some places. */
    public static List<String> values(Row row, List<Integer> places) {
        List<String> values = new ArrayList<>();
        for (int place : places) {
            values.add(row.text(place).orElse(null));
        }
        return values;
    }

    private static String assignments(RowSql sql, List<Integer> places) {
        return places.stream()
                .map(i -> Sql.name(sql.columnNames().get(i)) + " = ?")
                .collect(Collectors.joining(", "));
    }

    /** Values are compared as texts: not every type has an equality. */
    private static String oneLike(RowSql sql) {
        String same =
                sql.columnNames().stream()
                        .map(c ->
                                "o.%s::text IS NOT DISTINCT FROM (?::%s)::text"
                                        .formatted(Sql.name(c), typeOf(sql.table(), c)))
                        .collect(Collectors.joining(" AND "));
        return "SELECT o.ctid FROM ONLY %s AS o WHERE %s LIMIT 1"
                .formatted(Sql.name(sql.table().name()), same);
    }

    private static String typeOf(Table table, String column) {
        return table.columns().stream()
                .filter(c -> c.name().equals(column))
                .findFirst()
                .orElseThrow()
                .type();
    }

    /**
     * Whether a table outside of a list refers to one inside, so that PostgreSQL refuses to
     * TRUNCATE; parameters: the oids as an array, twice.
     */
    public static final String REFERRED =
            """
            SELECT EXISTS (SELECT FROM pg_constraint
                           WHERE contype = 'f' AND confrelid::bigint = ANY (?::bigint[])
                             AND NOT conrelid::bigint = ANY (?::bigint[]))\
            """;

    /** Empties tables. */
    public static String truncate(Collection<Table> tables) {
        return "TRUNCATE "
                + tables.stream()
                        .map(t -> "ONLY " + Sql.name(t.name()))
                        .collect(Collectors.joining(", "));
    }

    /** Empties one that others refer to. */
    public static String deleteAll(Table table) {
        return "DELETE FROM ONLY " + Sql.name(table.name());
    }
}
