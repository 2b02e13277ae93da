package org.pgchorus.sql;

import org.pgchorus.model.Table;

import java.util.List;
import java.util.stream.Collectors;

/**
 * Triggers that keep the last version of rows that go away, so that a parent can be restored.
 *
 * <p>They fire for clients and for the applier alike, before the row goes: then the version's own
 * stamp can still be read. A stamp of NULL is that of the very transaction that ends the row.
 */
public final class ImageSql {
    /** Older than everything: written before commit times were kept. */
    private static final String UNKNOWN = "'" + Long.MIN_VALUE + "'::bigint";

    private ImageSql() {}

    /** Tables that keep images: schema, name, the body of their function. */
    public static final String KEEPING =
            """
            SELECT n.nspname, c.relname, f.prosrc
            FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
            JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_proc f ON f.oid = t.tgfoid
            WHERE t.tgname = 'pgchorus_keep' AND NOT t.tgisinternal ORDER BY 1, 2\
            """;

    /**
     * The tables that hold the rows of a table: itself or its partitions; parameter: its oid,
     * twice.
     */
    public static final String LEAVES =
            """
            SELECT n.nspname, c.relname
            FROM (SELECT v.root FROM (VALUES (?::oid)) v (root) UNION
                  SELECT p.relid::oid FROM (VALUES (?::oid)) v (root)
                  CROSS JOIN LATERAL pg_catalog.pg_partition_tree(v.root::regclass) p) t
            JOIN pg_class c ON c.oid = t.root JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind = 'r' ORDER BY 1, 2\
            """;

    /** Lets one at a time arrange the triggers, until its transaction ends. */
    public static final String LOCK =
            "SELECT pg_catalog.pg_advisory_xact_lock(%d, %d)"
                    .formatted(ObjectNames.LOCK_CLASS, ObjectNames.LOCK_IMAGES);

    /** Forgets images; parameter: days to keep. */
    public static final String PURGE =
            """
            DELETE FROM pgchorus.parent_image
            WHERE written < clock_timestamp() - ?::bigint * interval '1 day'\
            """;

    /** The hash that a row's image is found by, of the values of its key. */
    static String hash(List<String> values, int seed) {
        return "pg_catalog.hash_record_extended(ROW(%s), %d)"
                .formatted(String.join(", ", values), seed);
    }

    /** The body of the function that keeps a table's rows. */
    public static String body(Table table) {
        String same =
                table.key().stream()
                        .map(Sql::name)
                        .map(column -> "t.%s = OLD.%s".formatted(column, column))
                        .collect(Collectors.joining(" AND "));
        return """
        BEGIN
            INSERT INTO pgchorus.parent_image (relation, hash, "row", micros, node)
            SELECT TG_RELID, %1$s, row_to_json(OLD), v.micros, v.node
            FROM (VALUES (0)) one (zero) LEFT JOIN (
                SELECT CASE WHEN t.xmin <> pg_current_xact_id()::xid THEN
                           coalesce(s.micros, pgchorus.micros(x.timestamp), %2$s) END AS micros,
                       CASE WHEN t.xmin <> pg_current_xact_id()::xid THEN
                           coalesce(s.node, pgchorus.writer(x.roident), 0) END AS node
                FROM ONLY %3$s AS t
                CROSS JOIN LATERAL pg_xact_commit_timestamp_origin(t.xmin) x
                LEFT JOIN LATERAL (
                    SELECT g.micros, g.node FROM pgchorus.stamp g
                    WHERE g.relation = TG_RELID AND g.hash = %1$s AND g.hash2 = %4$s
                      AND g.row_xmin = t.xmin LIMIT 1) s ON true
                WHERE %5$s LIMIT 1) v ON true;
            IF TG_OP = 'UPDATE' THEN RETURN NEW; END IF;
            RETURN OLD;
        END \
        """
                .formatted(
                        KeySql.hashOfRow(table, "OLD", 0),
                        UNKNOWN,
                        Sql.name(table.name()),
                        KeySql.hashOfRow(table, "OLD", 1),
                        same);
    }

    /** The script that makes a table keep images; it must not do so already. */
    public static String keep(Table table) {
        return """
        %2$s;
        CREATE TRIGGER pgchorus_keep BEFORE DELETE ON %3$s FOR EACH ROW \
        EXECUTE FUNCTION pgchorus.keep_%1$d();
        CREATE TRIGGER pgchorus_keep_old BEFORE UPDATE ON %3$s FOR EACH ROW \
        WHEN (ROW(%4$s) IS DISTINCT FROM ROW(%5$s)) EXECUTE FUNCTION pgchorus.keep_%1$d();
        ALTER TABLE %3$s ENABLE ALWAYS TRIGGER pgchorus_keep;
        ALTER TABLE %3$s ENABLE ALWAYS TRIGGER pgchorus_keep_old\
        """
                .formatted(
                        table.oid(),
                        TableSql.triggerFunction("keep_" + table.oid(), body(table)),
                        Sql.name(table.name()),
                        keyOf(table, "OLD"),
                        keyOf(table, "NEW"));
    }

    /** The script that ends that. */
    public static String drop(Table table) {
        return """
        DROP TRIGGER IF EXISTS pgchorus_keep ON %1$s;
        DROP TRIGGER IF EXISTS pgchorus_keep_old ON %1$s;
        DROP FUNCTION IF EXISTS pgchorus.keep_%2$d()\
        """
                .formatted(Sql.name(table.name()), table.oid());
    }

    private static String keyOf(Table table, String alias) {
        return table.key().stream()
                .map(column -> alias + "." + Sql.name(column))
                .collect(Collectors.joining(", "));
    }
}
