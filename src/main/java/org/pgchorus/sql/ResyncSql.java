package org.pgchorus.sql;

/** What bringing a node back asks and notes. */
public final class ResyncSql {
    private ResyncSql() {}

    /** Where the log ends. */
    public static final String END = "SELECT pg_catalog.pg_current_wal_insert_lsn()";

    /** Whether an origin is there; parameter: its name. */
    public static final String HAS_ORIGIN =
            "SELECT EXISTS (SELECT FROM pg_catalog.pg_replication_origin WHERE roname = ?)";

    /** Why no log is kept for a peer any more; parameter: its id. */
    public static final String NEEDED =
            "SELECT reason FROM pgchorus.resync_needed WHERE peer = ?::smallint";

    /** Log is kept again; parameter: the peer's id. */
    public static final String MET = "DELETE FROM pgchorus.resync_needed WHERE peer = ?::smallint";

    /** Links that are being renewed: from, to, whether the node was put back. */
    public static final String JOURNAL =
            "SELECT from_node, to_node, restored FROM pgchorus.resyncing ORDER BY 1, 2";

    /** Notes one; parameters: from, to, restored. */
    public static final String NOTE =
            """
            INSERT INTO pgchorus.resyncing (from_node, to_node, restored)
            VALUES (?::smallint, ?::smallint, ?::boolean)
            ON CONFLICT (from_node, to_node) DO UPDATE SET restored = excluded.restored\
            """;

    /** All are renewed. */
    public static final String DONE = "DELETE FROM pgchorus.resyncing";

    /**
     * The link from a writer goes on from a new place; what it held has come by the exchange.
     * Parameters: the writer's id, four times, snapshot, until.
     */
    public static final String RENEW =
            """
            WITH a AS (DELETE FROM pgchorus.held_change_entry WHERE from_node = ?::smallint),
                 b AS (DELETE FROM pgchorus.held_table WHERE from_node = ?::smallint),
                 c AS (DELETE FROM pgchorus.halt WHERE from_node = ?::smallint)
            INSERT INTO pgchorus.link_control (from_node, skip_snapshot, skip_until)
            VALUES (?::smallint, ?, ?::pg_lsn)
            ON CONFLICT (from_node) DO UPDATE
            SET skip_snapshot = excluded.skip_snapshot, skip_until = excluded.skip_until,
                heard_tenure = NULL\
            """;

    /** What a node said of itself before it was put back does not hold; parameter: its id. */
    public static final String FORGET_SAID =
            "DELETE FROM pgchorus.progress WHERE node = ?::smallint";

    /** What a node has said it had applied: peer, micros; parameter: its id. */
    public static final String SAID =
            "SELECT peer, micros FROM pgchorus.progress WHERE node = ?::smallint";

    /** The node takes writes again when its links have caught up; parameter: its id. */
    public static final String CATCH_UP =
            "UPDATE pgchorus.member SET state = 'joining' WHERE id = ?::smallint";

    /** Members as text, to be compared. */
    public static final String MEMBERS =
            "SELECT string_agg(id || ' ' || name, ', ' ORDER BY id) FROM pgchorus.member";

    /**
     * Raises a sequence that is there, and leaves it its own remainder; parameters: quoted name,
     * value.
     */
    public static final String RAISE_SEQUENCE =
            """
            SELECT pg_catalog.setval(s.seqrelid::regclass, v.p)
            FROM (VALUES (?, ?::bigint)) o (n, p)
            JOIN pg_catalog.pg_sequence s ON s.seqrelid = to_regclass(o.n)
            CROSS JOIN LATERAL (SELECT o.p + mod(mod(s.seqstart - o.p, s.seqincrement)
                                                 + s.seqincrement, s.seqincrement)) v (p)
            WHERE v.p BETWEEN s.seqmin AND s.seqmax
              AND coalesce(pg_catalog.pg_sequence_last_value(s.seqrelid::regclass), s.seqmin - 1)
                  < v.p AND s.seqincrement > 0\
            """;
}
