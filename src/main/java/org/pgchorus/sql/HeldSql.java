package org.pgchorus.sql;

/** What a link holds back for tables that it cannot change: written, read, applied, skipped. */
public final class HeldSql {
    private HeldSql() {}

    /** One table of one link; parameters: writer, schema, table. */
    private static final String ONE_TABLE =
            " WHERE from_node = ?::smallint AND schema_name = ? AND table_name = ?";

    /** Tables that a link holds: schema, table, reached micros; parameter: the writer. */
    public static final String TABLES =
            """
            SELECT schema_name, table_name, reached_micros FROM pgchorus.held_table
            WHERE from_node = ?::smallint ORDER BY 1, 2\
            """;

    /** Lowest commit time, number and bytes of what a link holds; parameter: the writer, twice. */
    public static final String SIZE =
            """
            SELECT (SELECT min(micros) FROM pgchorus.held_change_entry
                    WHERE from_node = ?::smallint),
                   count(*), coalesce(sum(bytes), 0)::bigint
            FROM pgchorus.held_change_entry WHERE from_node = ?::smallint\
            """;

    /** The lowest commit time a link holds, null for none; parameter: the writer. */
    public static final String FIRST_MICROS =
            "SELECT min(micros) FROM pgchorus.held_change_entry WHERE from_node = ?::smallint";

    /**
     * Holds a table; parameters: writer, schema, table, sqlstate, message, where the transaction
     * commits in the writer's log, up to which commit time the writer's changes of it are here.
     */
    public static final String HOLD =
            """
            INSERT INTO pgchorus.held_table (from_node, schema_name, table_name, sqlstate, message,
                first_lsn, reached_micros)
            VALUES (?::smallint, ?, ?, ?, ?, ?::pg_lsn, ?::bigint)
            ON CONFLICT (from_node, schema_name, table_name) DO NOTHING\
            """;

    /**
     * This node has not applied all of a writer beyond that any more, however far the link goes;
     * parameters: micros, writer.
     */
    public static final String CAP_PROGRESS =
            """
            UPDATE pgchorus.progress
            SET reached = greatest(reached, micros), micros = least(micros, ?::bigint)
            WHERE peer = ?::smallint AND node = (SELECT node_id FROM pgchorus.local)\
            """;

    /** How far a link is that holds something; parameters: micros, writer. */
    public static final String NOTE_REACHED =
            """
            UPDATE pgchorus.progress SET reached = greatest(reached, ?::bigint)
            WHERE peer = ?::smallint AND node = (SELECT node_id FROM pgchorus.local)\
            """;

    /**
     * Keeps a change; parameters: writer, schema, table, xid, commit position, micros, number of
     * the change, operation, identity, columns, key columns, types, key only, before, after,
     * unchanged, nodes and micros seen by the writer, bytes. Answers its seq.
     */
    public static final String KEEP =
            """
            INSERT INTO pgchorus.held_change_entry (from_node, schema_name, table_name, xid,
                commit_lsn, micros, change, operation, identity, columns, key_columns, types,
                key_only, before, after, unchanged, seen_nodes, seen_micros, bytes)
            VALUES (?::smallint, ?, ?, ?::bigint, ?::pg_lsn, ?::bigint, ?::bigint, ?::"char",
                ?::"char", ?::text[], ?::boolean[], ?::bigint[], ?::boolean, ?::text[], ?::text[],
                ?::boolean[], ?::smallint[], ?::bigint[], ?::bigint)
            RETURNING seq\
            """;

    /** Notes which change failed; parameters: seq, writer, schema, table. */
    public static final String NOTE_FAILING =
            "UPDATE pgchorus.held_table SET failing_seq = ?::bigint" + ONE_TABLE;

    /**
     * Locks what is known of a held table against operators who skip; answers one row, or none if
     * it is held no more. Parameters: writer, schema, table.
     */
    public static final String LOCK =
            "SELECT 1 FROM pgchorus.held_table" + ONE_TABLE + " FOR UPDATE";

    /**
     * The next transaction held for a table: xid, commit position, micros, nodes and micros that
     * its writer had seen; parameters: writer, schema, table.
     */
    public static final String NEXT =
            """
            SELECT xid, commit_lsn, micros, seen_nodes::text[], seen_micros::text[]
            FROM pgchorus.held_change_entry\
            """
                    + ONE_TABLE
                    + " ORDER BY seq LIMIT 1";

    /**
     * Its changes: seq, operation, identity, columns, key columns, types, key only, whether there
     * is a row before and one after, both, unchanged, bytes. Parameters: writer, schema, table,
     * commit position, seq after which to go on, how many.
     */
    public static final String CHANGES =
            """
            SELECT seq, operation, identity, columns, key_columns::text[], types::text[], key_only,
                   before IS NOT NULL, after IS NOT NULL, before, after, unchanged::text[], bytes
            FROM pgchorus.held_change_entry\
            """
                    + ONE_TABLE
                    + " AND commit_lsn = ?::pg_lsn AND seq > ?::bigint ORDER BY seq LIMIT"
                    + " ?::bigint";

    /** They are applied; parameters: writer, schema, table, commit position. */
    public static final String APPLIED =
            "DELETE FROM pgchorus.held_change_entry" + ONE_TABLE + " AND commit_lsn = ?::pg_lsn";

    /** How far a held table is; parameters: micros, writer, schema, table. */
    public static final String ADVANCE =
            "UPDATE pgchorus.held_table SET reached_micros = greatest(reached_micros, ?::bigint)"
                    + ONE_TABLE;

    /**
     * It still does not work; parameters: sqlstate, message, seq of the change, null if unknown,
     * writer, schema, table.
     */
    public static final String FAILED =
            """
            UPDATE pgchorus.held_table SET sqlstate = ?, message = ?, failing_seq = ?::bigint,
                tried = clock_timestamp()\
            """
                    + ONE_TABLE;

    /**
     * Lets a table flow of which nothing is held, and whose first held transaction is behind the
     * link; answers one row, or none if it stays held. Parameters: writer, schema, table.
     */
    public static final String RELEASE =
            """
            DELETE FROM pgchorus.held_table t
            WHERE t.from_node = ?::smallint AND t.schema_name = ? AND t.table_name = ?
              AND NOT EXISTS (SELECT FROM pgchorus.held_change_entry e
                              WHERE (e.from_node, e.schema_name, e.table_name)
                                    = (t.from_node, t.schema_name, t.table_name))
              AND EXISTS (SELECT FROM pgchorus.link_position p
                          WHERE p.from_node = t.from_node AND p.lsn > t.first_lsn)
            RETURNING 1\
            """;

    /** Lets go of held tables that nothing is kept for; parameter: the writer. */
    public static final String FORGET_EMPTY =
            """
            DELETE FROM pgchorus.held_table t
            WHERE t.from_node = ?::smallint
              AND NOT EXISTS (SELECT FROM pgchorus.held_change_entry e
                              WHERE (e.from_node, e.schema_name, e.table_name)
                                    = (t.from_node, t.schema_name, t.table_name))\
            """;

    /** Whether a link holds changes from before a position; parameters: the writer, position. */
    public static final String HOLDS_BEFORE =
            """
            SELECT EXISTS (SELECT FROM pgchorus.held_change_entry
                           WHERE from_node = ?::smallint AND commit_lsn < ?::pg_lsn)\
            """;

    /** The tables that a node holds: writer's name and table, for people. */
    public static final String ANY =
            """
            SELECT m.name, t.schema_name || '.' || t.table_name
            FROM pgchorus.held_table t LEFT JOIN pgchorus.member m ON m.id = t.from_node
            ORDER BY 1, 2\
            """;

    /**
     * What {@code status} shows: writer, schema, table, changes held, sqlstate, message, key of the
     * change that failed as JSON, since.
     */
    public static final String SURVEY =
            """
            SELECT t.from_node, t.schema_name, t.table_name, n.changes, t.sqlstate, t.message,
                   (SELECT json_object_agg(v.name, v.value ORDER BY v.place) FILTER (WHERE v.key)
                    FROM pgchorus.held_change_entry e
                    CROSS JOIN LATERAL unnest(e.columns, coalesce(e.before, e.after),
                                              e.key_columns)
                         WITH ORDINALITY v (name, value, key, place)
                    WHERE e.seq = coalesce(t.failing_seq, n.first)),
                   t.since
            FROM pgchorus.held_table t
            CROSS JOIN LATERAL (
                SELECT count(*) AS changes, min(e.seq) AS first FROM pgchorus.held_change_entry e
                WHERE (e.from_node, e.schema_name, e.table_name)
                      = (t.from_node, t.schema_name, t.table_name)) n
            ORDER BY 1, 2, 3\
            """;

    /** Known differences: writer, how many, of which tables. */
    public static final String DIFFERENCES =
            """
            SELECT from_node, count(*),
                   string_agg(DISTINCT schema_name || '.' || table_name, ', ')
            FROM pgchorus.known_difference GROUP BY 1 ORDER BY 1\
            """;

    /**
     * The first transaction a link holds, or the first with some xid: xid, commit position, commit
     * time, how many changes. Parameters: writer, xid twice (null for any).
     */
    public static final String FIRST =
            """
            SELECT f.xid, f.commit_lsn, pgchorus.instant(f.micros),
                   (SELECT count(*) FROM pgchorus.held_change_entry e
                    WHERE e.from_node = f.from_node AND e.commit_lsn = f.commit_lsn)
            FROM pgchorus.held_change_entry f
            WHERE f.from_node = ?::smallint AND (?::bigint IS NULL OR f.xid = ?::bigint)
            ORDER BY f.seq LIMIT 1\
            """;

    /**
     * Its changes: number, table, operation, before, after. Parameters: writer, commit position,
     * number twice (null for all), how many.
     */
    public static final String SHOW =
            """
            SELECT change, schema || '.' || "table", operation, before::text, after::text
            FROM pgchorus.held_change
            WHERE from_id = ?::smallint AND commit_lsn = ?::pg_lsn
              AND (?::bigint IS NULL OR change = ?::bigint)
            ORDER BY held_id LIMIT ?::bigint\
            """;

    /** Locks the held tables of a link against its daemon; parameter: the writer. */
    public static final String LOCK_ALL =
            "SELECT 1 FROM pgchorus.held_table WHERE from_node = ?::smallint ORDER BY"
                    + " schema_name, table_name FOR UPDATE";

    /**
     * Steps over changes of a held transaction and records them as known differences; parameters:
     * writer, commit position, number twice (null for all). Answers how many.
     */
    public static final String SKIP =
            """
            WITH gone AS (
                DELETE FROM pgchorus.held_change_entry
                WHERE from_node = ?::smallint AND commit_lsn = ?::pg_lsn
                  AND (?::bigint IS NULL OR change = ?::bigint)
                RETURNING *
            ), noted AS (
                INSERT INTO pgchorus.known_difference (from_node, schema_name, table_name, xid,
                    commit_lsn, micros, change, operation, before, after, reason)
                SELECT g.from_node, g.schema_name, g.table_name, g.xid, g.commit_lsn, g.micros,
                       g.change, g.operation,
                       (SELECT json_object_agg(v.name, v.value ORDER BY v.place)
                        FROM unnest(g.columns, g.before) WITH ORDINALITY v (name, value, place)
                        WHERE g.before IS NOT NULL),
                       (SELECT json_object_agg(v.name, v.value ORDER BY v.place)
                        FROM unnest(g.columns, g.after, g.unchanged)
                             WITH ORDINALITY v (name, value, missing, place)
                        WHERE g.after IS NOT NULL AND v.missing IS NOT TRUE),
                       'skipped: ' || coalesce(t.message, 'no reason known')
                FROM gone g LEFT JOIN pgchorus.held_table t
                  USING (from_node, schema_name, table_name)
                ORDER BY g.seq
                RETURNING 1)
            SELECT count(*) FROM noted\
            """;
}
