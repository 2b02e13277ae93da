package org.pgchorus.sql;

import org.pgchorus.model.Table;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Statements that make a version from the conflict history the current one, as an ordinary write. A
 * version comes as a JSON object of its columns.
 */
public final class UndoSql {
    private UndoSql() {}

    /** Schema and name of a conflict's table; parameter: its id. */
    public static final String TABLE =
            "SELECT schema, \"table\" FROM pgchorus.conflict_history WHERE conflict_id = ?";

    /** The columns a version has; parameter: the version. */
    public static final String COLUMNS = "SELECT pg_catalog.json_object_keys(?::json)";

    /**
     * Writes a whole row, new or over the one that stands; parameter: the version. Rows without a
     * key are always new.
     *
     * @param columns all columns that can be written
     * @param counted delta columns, which a row that stands keeps
     */
    public static String write(Table table, List<String> columns, Set<String> counted) {
        String insert =
                """
                INSERT INTO %1$s AS t (%2$s) OVERRIDING SYSTEM VALUE \
                SELECT %2$s FROM pg_catalog.json_populate_record(NULL::%1$s, ?::json)\
                """
                        .formatted(Sql.name(table.name()), Sql.names(columns));
        return table.hasKey()
                ? insert
                        + " ON CONFLICT (%s) DO UPDATE SET %s"
                                .formatted(
                                        Sql.names(table.key()),
                                        assignments(table, columns, counted, "excluded"))
                : insert;
    }

    /**
     * The values of a version's columns, in their order; parameter: the version.
     *
     * @param columns the columns wanted
     */
    public static String values(Table table, List<String> columns) {
        return "SELECT %s FROM pg_catalog.json_populate_record(NULL::%s, ?::json)"
                .formatted(Sql.names(columns), Sql.name(table.name()));
    }

    /**
     * Overwrites some columns of the row that stands; parameter: the version.
     *
     * @param columns the columns that the version has, the key among them
     * @param counted as for {@link #write}
     */
    public static String overwrite(Table table, List<String> columns, Set<String> counted) {
        return """
        UPDATE ONLY %1$s AS t SET %2$s \
        FROM pg_catalog.json_populate_record(NULL::%1$s, ?::json) AS v WHERE %3$s\
        """
                .formatted(
                        Sql.name(table.name()),
                        assignments(table, columns, counted, "v"),
                        sameKey(table));
    }

    /** Deletes the row; parameter: its key as a JSON object. */
    public static String delete(Table table) {
        return """
        DELETE FROM ONLY %1$s AS t \
        USING pg_catalog.json_populate_record(NULL::%1$s, ?::json) AS v WHERE %2$s\
        """
                .formatted(Sql.name(table.name()), sameKey(table));
    }

    private static String sameKey(Table table) {
        return table.key().stream()
                .map(Sql::name)
                .map(column -> "t." + column + " = v." + column)
                .collect(Collectors.joining(" AND "));
    }

    /** Identity columns that only an INSERT may set stay as they are. */
    private static String assignments(
            Table table, List<String> columns, Set<String> kept, String from) {
        List<String> always =
                table.columns().stream()
                        .filter(Table.Column::identityAlways)
                        .map(Table.Column::name)
                        .toList();
        List<String> settable =
                columns.stream().filter(c -> !always.contains(c) && !kept.contains(c)).toList();
        String key = Sql.name(table.key().getFirst());
        return settable.isEmpty()
                ? key + " = t." + key
                : settable.stream()
                        .map(Sql::name)
                        .map(column -> column + " = " + from + "." + column)
                        .collect(Collectors.joining(", "));
    }
}
