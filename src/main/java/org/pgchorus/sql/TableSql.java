package org.pgchorus.sql;

import org.pgchorus.model.Table;

/**
 * What a table needs to take part: triggers that leave tombstones for what clients delete.
 *
 * <p>The triggers are ordinary ones, so they do not fire for the applier, which writes its own
 * tombstones. The functions pin every setting that shapes a text, since they run in clients'
 * sessions, and run with their owner's rights, since clients need none on our schema.
 */
public final class TableSql {
    private static final String FUNCTION =
            """
            CREATE OR REPLACE FUNCTION pgchorus.%s() RETURNS trigger LANGUAGE plpgsql \
            SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET DateStyle = 'ISO' \
            SET TimeZone = 'UTC' SET IntervalStyle = 'postgres' SET extra_float_digits = 3 \
            SET bytea_output = 'hex' AS $pgchorus$
            BEGIN
                INSERT INTO pgchorus.tombstone_entry (relation, hash, hash2, key) %s;
                RETURN NULL;
            END $pgchorus$\
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
        return FUNCTION.formatted(name, entries) + ";\n";
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
                .collect(java.util.stream.Collectors.joining(", "));
    }
}
