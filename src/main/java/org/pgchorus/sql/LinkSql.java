package org.pgchorus.sql;

/** What a link says to its two databases besides the changes. */
public final class LinkSql {
    private LinkSql() {}

    /** Makes a session one that applies: no ordinary triggers, no foreign keys, no waiting. */
    public static final String APPLYING =
            "SET session_replication_role = replica; SET synchronous_commit = off;"
                    + " SET enable_seqscan = off; SET enable_hashjoin = off;"
                    + " SET enable_mergejoin = off; SET plan_cache_mode = force_generic_plan;"
                    + " SET client_min_messages = error";

    /** Whether the database has our settings. */
    public static final String HAS_SETTINGS = "SELECT to_regclass('pgchorus.setting') IS NOT NULL";

    /** Whether a slot is kept by standbys too, and whether the group asks for it; from 17 on. */
    public static final String FAILOVER =
            """
            SELECT failover, EXISTS (SELECT FROM pgchorus.setting
                                     WHERE name = 'failover_slots' AND value = 'on')
            FROM pg_catalog.pg_replication_slots WHERE slot_name = ?\
            """;

    /** Takes the origin for this session; parameter: its name. */
    public static final String SETUP_ORIGIN =
            "SELECT pg_catalog.pg_replication_origin_session_setup(?)";

    /** How far a link has applied its source's log; parameter: the writer's id. */
    public static final String APPLIED_POSITION =
            "SELECT lsn FROM pgchorus.link_position WHERE from_node = ?::smallint";

    /** Flushes this node's log up to the last transaction of this session's origin. */
    public static final String FLUSH =
            "SELECT coalesce(pg_catalog.pg_replication_origin_session_progress(true), '0/0')";

    /** The target's clock in micros. */
    public static final String CLOCK = "SELECT pgchorus.micros(pg_catalog.clock_timestamp())";

    /**
     * Last statement of an applying transaction: moves the link's position, and gives the
     * transaction the writer's commit time under this session's origin. Parameters: position, the
     * writer's id, the number of the last added column known, position, commit time. Answers one
     * row, whether another column has been added since, or none if the link has no position.
     */
    public static final String MOVE = move(DdlSql.ANY_ADDED_SINCE.formatted("?::bigint"));

    /** The same in a group whose nodes do not note added columns. */
    public static final String MOVE_ONLY = move("?::bigint < 0");

    private static String move(String anyAddedSince) {
        return """
        WITH moved AS (
            UPDATE pgchorus.link_position SET lsn = ?::pg_lsn WHERE from_node = ?::smallint
            RETURNING 1)
        SELECT %s FROM moved,
            pg_catalog.pg_replication_origin_xact_setup(?::pg_lsn, ?::timestamptz)\
        """
                .formatted(anyAddedSince);
    }

    /** Gives a transaction a commit time under this session's origin; parameter: the time. */
    public static final String STAMP =
            "SELECT pg_catalog.pg_replication_origin_xact_setup('0/1', ?::timestamptz)";

    /** Notes which tenure of its source a link has heard last; parameters: writer, name. */
    public static final String HEAR_TENURE =
            """
            INSERT INTO pgchorus.link_control (from_node, heard_tenure) VALUES (?::smallint, ?)
            ON CONFLICT (from_node) DO UPDATE SET heard_tenure = excluded.heard_tenure
            WHERE link_control.heard_tenure IS DISTINCT FROM excluded.heard_tenure\
            """;

    /** The tenure last heard; parameter: the writer's id. */
    public static final String HEARD_TENURE =
            """
            SELECT heard_tenure FROM pgchorus.link_control
            WHERE from_node = ?::smallint AND heard_tenure IS NOT NULL\
            """;

    /**
     * At the source: whether it knows a tenure, and where its log ended when the next one was
     * announced; parameter: the name, twice.
     */
    public static final String TENURES_SINCE =
            """
            SELECT EXISTS (SELECT FROM pgchorus.tenure WHERE name = ?),
                   (SELECT min(t.announced_lsn) FROM pgchorus.tenure t
                    WHERE t.seq > (SELECT seq FROM pgchorus.tenure WHERE name = ?))\
            """;

    /** What a writer had applied, as it last said: peer, micros; parameter: the writer. */
    public static final String PROGRESS =
            "SELECT peer, micros FROM pgchorus.progress WHERE node = ?::smallint";

    /** How far this node's link from a writer is, in commit time; parameter: the writer. */
    public static final String APPLIED_OF =
            """
            SELECT greatest(p.micros, p.reached) FROM pgchorus.progress p, pgchorus.local l
            WHERE p.node = l.node_id AND p.peer = ?::smallint\
            """;

    /** Transactions that the copy of a join has brought already; parameter: the writer. */
    public static final String SKIP =
            """
            SELECT skip_snapshot, skip_until FROM pgchorus.link_control
            WHERE from_node = ?::smallint AND skip_snapshot IS NOT NULL\
            """;

    /** Notes vectors; parameters: arrays of nodes, peers, micros. */
    public static final String NOTE_PROGRESS =
            """
            INSERT INTO pgchorus.progress (node, peer, micros)
            SELECT * FROM unnest(?::smallint[], ?::smallint[], ?::bigint[])
            ON CONFLICT (node, peer) DO UPDATE
            SET micros = greatest(progress.micros, excluded.micros)\
            """;

    /** Notes where a writer's commit times stepped back from; parameters: writer, micros. */
    public static final String NOTE_STEP =
            """
            INSERT INTO pgchorus.progress (node, peer, micros, stepped)
            SELECT node_id, ?::smallint, 0, ?::bigint FROM pgchorus.local
            ON CONFLICT (node, peer) DO UPDATE SET stepped = excluded.stepped\
            """;

    /** Notes what a node says of itself; parameters: state, node, state. */
    public static final String NOTE_STATE =
            "UPDATE pgchorus.member SET state = ? WHERE id = ?::smallint AND state <> ?";

    /** Says something in the node's log, in order with its changes; parameters: prefix, text. */
    public static final String EMIT = "SELECT pg_catalog.pg_logical_emit_message(true, ?, ?)";

    /** Who a database is: group, id, name, its recorded and its real system identifier. */
    public static final String LOCAL =
            """
            SELECT l.group_id, l.node_id, l.node_name, l.system_identifier, c.system_identifier
            FROM pgchorus.local l, pg_catalog.pg_control_system() c\
            """;

    /** A slot: confirmed position, status, why it was invalidated; parameter: its name. */
    public static final String SLOT =
            """
            SELECT confirmed_flush_lsn, coalesce(wal_status, ''), active_pid,
                   pg_catalog.pg_current_wal_insert_lsn()
            FROM pg_catalog.pg_replication_slots WHERE slot_name = ?\
            """;
}
