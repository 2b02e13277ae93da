package org.pgchorus.sql;

import org.pgchorus.model.TableName;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Repairs as statements that people can read, and run by hand: each changes one row only if it
 * still is what was compared. Pure.
 */
public final class RepairScript {
    private final String table;
    private final List<String> columns;
    private final List<String> key;

    /**
     * @param columns in the order in which values come
     * @param key the key's columns, in its order
     */
    public RepairScript(TableName table, List<String> columns, List<String> key) {
        this.table = Sql.name(table);
        this.columns = List.copyOf(columns);
        this.key = List.copyOf(key);
    }

    /** What a session has to do first, so that nothing of it travels and no trigger fires. */
    public static String head(String origin) {
        return """
        SELECT pg_replication_origin_create(%1$s)
        WHERE NOT EXISTS (SELECT FROM pg_replication_origin WHERE roname = %1$s);
        SELECT pg_replication_origin_session_setup(%1$s);
        SET session_replication_role = replica;
        """
                .formatted(Sql.literal(origin));
    }

    /**
     * One change, in a transaction that has the stamp of what is written.
     *
     * @param time when that was written first; empty if nobody knows any more
     */
    public static String stamped(Optional<String> time, String statement) {
        String stamp =
                time.map(t ->
                                "SELECT pg_replication_origin_xact_setup('0/1', %s); "
                                        .formatted(Sql.literal(t)))
                        .orElse("");
        return "BEGIN; " + stamp + statement + "; COMMIT;\n";
    }

    /** Adds a row that is not there. */
    public String insert(List<String> values) {
        String conflict = key.isEmpty() ? "" : " ON CONFLICT DO NOTHING";
        return "INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE VALUES (%s)%s"
                .formatted(
                        table,
                        Sql.names(columns),
                        values.stream()
                                .map(RepairScript::literal)
                                .collect(Collectors.joining(", ")),
                        conflict);
    }

    /** Changes a row that is. */
    public String update(List<String> keyValues, String xmin, List<String> values) {
        List<String> settings = new ArrayList<>();
        for (int i = 0; i < columns.size(); i++) {
            if (!key.contains(columns.get(i))) {
                settings.add(Sql.name(columns.get(i)) + " = " + literal(values.get(i)));
            }
        }
        List<String> all =
                settings.isEmpty()
                        ? Collections.nCopies(1, same(key.getFirst(), keyValues.getFirst()))
                        : settings;
        return "UPDATE ONLY %s SET %s WHERE %s"
                .formatted(table, String.join(", ", all), still(keyValues, xmin));
    }

    /** Removes a row. */
    public String delete(List<String> keyValues, String xmin) {
        return "DELETE FROM ONLY %s WHERE %s".formatted(table, still(keyValues, xmin));
    }

    /** Removes one of equal rows without a key. */
    public String deleteOne(List<String> values) {
        List<String> same = new ArrayList<>();
        for (int i = 0; i < columns.size(); i++) {
            same.add(
                    "%s::text IS NOT DISTINCT FROM %s"
                            .formatted(Sql.name(columns.get(i)), literal(values.get(i))));
        }
        return "DELETE FROM ONLY %1$s WHERE ctid = (SELECT min(ctid) FROM ONLY %1$s WHERE %2$s)"
                .formatted(table, String.join(" AND ", same));
    }

    private String still(List<String> keyValues, String xmin) {
        List<String> conditions = new ArrayList<>();
        for (int i = 0; i < key.size(); i++) {
            conditions.add(same(key.get(i), keyValues.get(i)));
        }
        conditions.add("xmin = " + Sql.literal(xmin));
        return String.join(" AND ", conditions);
    }

    private static String same(String column, String value) {
        return Sql.name(column) + " = " + literal(value);
    }

    private static String literal(String value) {
        return value == null ? "NULL" : Sql.literal(value);
    }
}
