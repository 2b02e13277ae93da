package org.pgchorus.sql;

import org.pgchorus.model.Table;

import java.util.Collection;
import java.util.stream.Collectors;

/**
 * What a table needs to take part: triggers that leave tombstones for what clients delete, and, if
 * it has delta columns, entries of what clients add to them.
 *
 * <p>The triggers are ordinary ones, so they do not fire for the applier, which writes its own
 * entries. The functions pin every setting that shapes a text, since they run in clients' sessions,
 * and run with their owner's rights, since clients need none on our schema.
 */
public final class TableSql {
    private static final String BODY =
            """

            BEGIN
                INSERT INTO pgchorus.%s %s;
                RETURN NULL;
            END \
            """;

    private TableSql() {}

    /**
     * The script that creates (again) the functions and triggers of a table. A table without a key
     * gets only the one for TRUNCATE.
     *
     * @param inherits whether it is a partition or a child of another table: such tables allow no
     *     view of all deleted rows at once, so theirs go one by one
     */
    public static String triggers(Table table, boolean inherits) {
        String name = Sql.name(table.name());
        long oid = table.oid();
        StringBuilder script = new StringBuilder(dropTriggers(table));
        if (table.hasKey()) {
            script.append(function("row_left_" + oid, entry(table, "OLD")));
            if (inherits) {
                script.append(
                        """
                        CREATE TRIGGER pgchorus_deleted AFTER DELETE ON %s \
                        FOR EACH ROW EXECUTE FUNCTION pgchorus.row_left_%d();
                        """
                                .formatted(name, oid));
            } else {
                script.append(function("rows_left_" + oid, entry(table, "o") + " FROM gone AS o"));
                script.append(
                        """
                        CREATE TRIGGER pgchorus_deleted AFTER DELETE ON %s \
                        REFERENCING OLD TABLE AS gone \
                        FOR EACH STATEMENT EXECUTE FUNCTION pgchorus.rows_left_%d();
                        """
                                .formatted(name, oid));
            }
            script.append(
                    """
                    CREATE TRIGGER pgchorus_key_changed AFTER UPDATE ON %s FOR EACH ROW \
                    WHEN (ROW(%s) IS DISTINCT FROM ROW(%s)) \
                    EXECUTE FUNCTION pgchorus.row_left_%d();
                    """
                            .formatted(name, keyOf(table, "OLD"), keyOf(table, "NEW"), oid));
        }
        script.append(function("emptied_" + oid, "VALUES (TG_RELID, 0, 0, NULL)"));
        script.append(
                """
                CREATE TRIGGER pgchorus_emptied AFTER TRUNCATE ON %s \
                FOR EACH STATEMENT EXECUTE FUNCTION pgchorus.emptied_%d();
                """
                        .formatted(name, oid));
        return script.toString();
    }

    private static String function(String name, String entries) {
        return function(name, "tombstone_entry (relation, hash, hash2, key)", entries);
    }

    private static String function(String name, String into, String entries) {
        return triggerFunction(name, BODY.formatted(into, entries)) + ";\n";
    }

    /**
     * A function for triggers. Its body is a literal: names of columns are in it, which may be
     * whatever could end a body in dollars.
     */
    static String triggerFunction(String name, String body) {
        return """
        CREATE OR REPLACE FUNCTION pgchorus.%s() RETURNS trigger LANGUAGE plpgsql \
        SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET DateStyle = 'ISO' \
        SET TimeZone = 'UTC' SET IntervalStyle = 'postgres' SET extra_float_digits = 3 \
        SET bytea_output = 'hex' AS %s\
        """
                .formatted(name, Sql.literal(body));
    }

    private static String entry(Table table, String alias) {
        return "SELECT TG_RELID, %s, %s, %s"
                .formatted(
                        KeySql.hashOfRow(table, alias, 0),
                        KeySql.hashOfRow(table, alias, 1),
                        KeySql.texts(table, alias));
    }

    /** The script that takes them away. */
    public static String dropTriggers(Table table) {
        String name = Sql.name(table.name());
        return """
        DROP TRIGGER IF EXISTS pgchorus_deleted ON %1$s;
        DROP TRIGGER IF EXISTS pgchorus_key_changed ON %1$s;
        DROP TRIGGER IF EXISTS pgchorus_emptied ON %1$s;
        DROP FUNCTION IF EXISTS pgchorus.row_left_%2$d();
        DROP FUNCTION IF EXISTS pgchorus.rows_left_%2$d();
        DROP FUNCTION IF EXISTS pgchorus.emptied_%2$d();
        """
                .formatted(name, table.oid());
    }

    private static String keyOf(Table table, String alias) {
        return table.key().stream()
                .map(column -> alias + "." + Sql.name(column))
                .collect(Collectors.joining(", "));
    }

    /** Lets a table's updates and deletes carry the whole row that they found. */
    public static String identityFull(Table table) {
        return "ALTER TABLE " + Sql.name(table.name()) + " REPLICA IDENTITY FULL";
    }

    /**
     * The script that creates or replaces the triggers of delta columns: an insert, and an update
     * that moves a row to another key, leave the whole value as an entry under the row's key; any
     * other update leaves the difference. Amounts are numeric, which neither overflows nor rounds;
     * none is zero.
     *
     * @param columns at least one, each NOT NULL and of an exact number type
     */
    public static String deltaTriggers(Table table, Collection<String> columns) {
        String moved =
                "ROW(%s) IS DISTINCT FROM ROW(%s)"
                        .formatted(keyOf(table, "OLD"), keyOf(table, "NEW"));
        String changed =
                columns.stream()
                        .map(Sql::name)
                        .map(c -> "OLD." + c + " IS DISTINCT FROM NEW." + c)
                        .collect(Collectors.joining(" OR "));
        String all = "NEW.%1$s::numeric";
        String more = "NEW.%1$s::numeric - OLD.%1$s::numeric";
        return deltaFunction("added_", table, columns, all)
                + deltaFunction("changed_", table, columns, more)
                + deltaTrigger(table, "pgchorus_added", "INSERT", "", "added_")
                + deltaTrigger(table, "pgchorus_moved", "UPDATE", moved, "added_")
                + deltaTrigger(
                        table,
                        "pgchorus_changed",
                        "UPDATE",
                        "NOT (%s) AND (%s)".formatted(moved, changed),
                        "changed_");
    }

    private static String deltaTrigger(
            Table table, String trigger, String event, String when, String function) {
        return """
        CREATE OR REPLACE TRIGGER %s AFTER %s ON %s FOR EACH ROW %s \
        EXECUTE FUNCTION pgchorus.%s%d();
        """
                .formatted(
                        trigger,
                        event,
                        Sql.name(table.name()),
                        when.isEmpty() ? "" : "WHEN (" + when + ")",
                        function,
                        table.oid());
    }

    private static String deltaFunction(
            String name, Table table, Collection<String> columns, String amount) {
        String amounts =
                columns.stream()
                        .sorted()
                        .map(c ->
                                "(%s, %s)".formatted(Sql.literal(c), amount.formatted(Sql.name(c))))
                        .collect(Collectors.joining(", "));
        return function(
                name + table.oid(),
                "delta_entry (relation, hash, hash2, key, column_name, amount)",
                "%s, v.name, v.amount FROM (VALUES %s) v (name, amount) WHERE v.amount <> 0"
                        .formatted(entry(table, "NEW"), amounts));
    }

    /** The script that takes the triggers of delta columns away. */
    public static String dropDeltaTriggers(Table table) {
        return """
        DROP TRIGGER IF EXISTS pgchorus_added ON %1$s;
        DROP TRIGGER IF EXISTS pgchorus_moved ON %1$s;
        DROP TRIGGER IF EXISTS pgchorus_changed ON %1$s;
        DROP FUNCTION IF EXISTS pgchorus.added_%2$d();
        DROP FUNCTION IF EXISTS pgchorus.changed_%2$d();
        """
                .formatted(Sql.name(table.name()), table.oid());
    }
}
