package org.pgchorus.sql;

import org.pgchorus.model.TableName;

/** Orders about whole nodes: pausing one, and keeping clients from writing on one. */
public final class NodeSql {
    private static final String ROWS = "pgchorus_read_only";
    private static final String EMPTYING = "pgchorus_read_only_truncate";

    private NodeSql() {}

    /** Orders: node, paused, read-only. */
    public static final String CONTROLS =
            "SELECT node, paused, read_only FROM pgchorus.node_control ORDER BY node";

    /** Pauses a node or lets it go on; parameters: its id, paused. */
    public static final String PAUSE =
            """
            INSERT INTO pgchorus.node_control (node, paused) VALUES (?::smallint, ?::boolean)
            ON CONFLICT (node) DO UPDATE SET paused = excluded.paused\
            """;

    /** Makes a node read-only or not; parameters: its id, read-only. */
    public static final String READ_ONLY =
            """
            INSERT INTO pgchorus.node_control (node, read_only) VALUES (?::smallint, ?::boolean)
            ON CONFLICT (node) DO UPDATE SET read_only = excluded.read_only\
            """;

    /** Repeats all orders about a node; parameters: its id, paused, read-only. */
    public static final String COPY =
            """
            INSERT INTO pgchorus.node_control (node, paused, read_only)
            VALUES (?::smallint, ?::boolean, ?::boolean)\
            """;

    /** Forgets orders about nodes that are gone. */
    public static final String FORGET =
            """
            DELETE FROM pgchorus.node_control
            WHERE node NOT IN (SELECT id FROM pgchorus.member)\
            """;

    /** Nodes that are read-only. */
    public static final String READ_ONLY_NODES =
            "SELECT node FROM pgchorus.node_control WHERE read_only";

    /** Whether this node is read-only. */
    public static final String IS_READ_ONLY =
            """
            SELECT EXISTS (SELECT FROM pgchorus.node_control c JOIN pgchorus.local l
                           ON l.node_id = c.node WHERE c.read_only)\
            """;

    /** Whether a link into this node is to stand still; parameter: the writer's id. */
    public static final String LINK_PAUSED =
            """
            SELECT EXISTS (
                SELECT FROM (VALUES (?::smallint)) v (writer), pgchorus.local l
                WHERE EXISTS (SELECT FROM pgchorus.link_control c
                              WHERE c.from_node = v.writer AND c.paused)
                   OR EXISTS (SELECT FROM pgchorus.node_control n
                              WHERE n.paused AND n.node IN (v.writer, l.node_id)))\
            """;

    /** One at a time arranges the triggers, until its transaction ends. */
    public static final String LOCK =
            "SELECT pg_catalog.pg_advisory_xact_lock(%d, %d)"
                    .formatted(ObjectNames.LOCK_CLASS, ObjectNames.LOCK_READ_ONLY);

    /**
     * The next table whose triggers are not what the orders ask for: schema, name, what to do: 1
     * refuse writes, 2 stop refusing, 3 take the triggers away. The first come first. Parameter: up
     * to which of these.
     */
    public static final String NEXT =
            """
            SELECT schema, name, act FROM (
                SELECT n.nspname AS schema, c.relname AS name,
                       CASE WHEN w.wanted THEN 1 WHEN g.enabled > 0 THEN 2 ELSE 3 END AS act
                FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                CROSS JOIN LATERAL (
                    SELECT count(*) AS there, count(*) FILTER (WHERE t.tgenabled = 'O') AS enabled
                    FROM pg_trigger t WHERE t.tgrelid = c.oid
                    AND t.tgname IN ('%s', '%s')) g
                CROSS JOIN LATERAL (
                    SELECT EXISTS (SELECT FROM pgchorus.node_control o JOIN pgchorus.local l
                                   ON l.node_id = o.node WHERE o.read_only)
                       AND EXISTS (SELECT FROM pg_publication_rel r JOIN pg_publication p
                                   ON p.oid = r.prpubid
                                   WHERE r.prrelid = c.oid AND p.pubname = '%s') AS wanted) w
                WHERE c.relkind = 'r'
                  AND CASE WHEN w.wanted THEN g.enabled < 2 ELSE g.there > 0 END) todo
            WHERE act <= ?::integer ORDER BY act, schema, name LIMIT 1\
            """
                    .formatted(ROWS, EMPTYING, ObjectNames.PUBLICATION);

    /**
     * The script that makes a table refuse what clients write: row by row, since that also sees
     * what comes by way of a partitioned table or a parent. It waits for whoever is writing.
     */
    public static String refuse(TableName table) {
        return """
        CREATE OR REPLACE TRIGGER %2$s BEFORE INSERT OR UPDATE OR DELETE ON %1$s \
        FOR EACH ROW EXECUTE FUNCTION pgchorus.refuse_write();
        CREATE OR REPLACE TRIGGER %3$s BEFORE TRUNCATE ON %1$s \
        FOR EACH STATEMENT EXECUTE FUNCTION pgchorus.refuse_write();
        ALTER TABLE ONLY %1$s ENABLE TRIGGER %2$s;
        ALTER TABLE ONLY %1$s ENABLE TRIGGER %3$s\
        """
                .formatted(Sql.name(table), ROWS, EMPTYING);
    }

    /** The script that ends that; it does not wait for whoever is reading. */
    public static String allow(TableName table) {
        return """
        ALTER TABLE ONLY %1$s DISABLE TRIGGER %2$s;
        ALTER TABLE ONLY %1$s DISABLE TRIGGER %3$s\
        """
                .formatted(Sql.name(table), ROWS, EMPTYING);
    }

    /** The script that takes the triggers away. */
    public static String drop(TableName table) {
        return """
        DROP TRIGGER IF EXISTS %2$s ON %1$s;
        DROP TRIGGER IF EXISTS %3$s ON %1$s\
        """
                .formatted(Sql.name(table), ROWS, EMPTYING);
    }

    /** For how long a session may wait for a lock in the open transaction. */
    public static String patience(long millis) {
        return "SET LOCAL lock_timeout = '%dms'".formatted(millis);
    }
}
