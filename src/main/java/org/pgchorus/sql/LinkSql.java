package org.pgchorus.sql;

/** What a link says to its two databases besides the changes. */
public final class LinkSql {
    private LinkSql() {}

    /** Makes a session one that applies: no ordinary triggers, no foreign keys, no waiting. */
    public static final String APPLYING =
            "SET session_replication_role = replica; SET synchronous_commit = off;"
                    + " SET enable_seqscan = off; SET lc_monetary = 'C';"
                    + " SET client_min_messages = warning";

    /** Takes the origin for this session; parameter: its name. */
    public static final String SETUP_ORIGIN =
            "SELECT pg_catalog.pg_replication_origin_session_setup(?)";

    /** The position of this session's origin; of a fresh one, 0/0. */
    public static final String SESSION_POSITION =
            "SELECT coalesce(pg_catalog.pg_replication_origin_session_progress(false), '0/0')";

    /** The same, after everything up to it has been flushed. */
    public static final String FLUSH =
            "SELECT coalesce(pg_catalog.pg_replication_origin_session_progress(true), '0/0')";

    /** First statement of an applying transaction: lets joins wait for us; the target's clock. */
    public static final String OPEN =
            """
            SELECT pgchorus.micros(pg_catalog.clock_timestamp())
            FROM pg_catalog.pg_advisory_xact_lock_shared(%d, %d)\
            """
                    .formatted(ObjectNames.LOCK_CLASS, ObjectNames.LOCK_APPLYING);

    /** Last statement: position and commit time; parameters in that order. */
    public static final String POSITION =
            "SELECT pg_catalog.pg_replication_origin_xact_setup(?::pg_lsn, ?::timestamptz)";

    /** The same with the time of now; parameter: position. */
    public static final String POSITION_NOW =
            "SELECT pg_catalog.pg_replication_origin_xact_setup(?::pg_lsn, clock_timestamp())";

    /** Makes a transaction one that is written to the log; parameter: the link's writer. */
    public static final String TOUCH =
            """
            INSERT INTO pgchorus.link_control (from_node) VALUES (?::smallint)
            ON CONFLICT (from_node) DO UPDATE SET paused = link_control.paused\
            """;

    /** What a writer had applied, as it last said: peer, micros; parameter: the writer. */
    public static final String PROGRESS =
            "SELECT peer, micros FROM pgchorus.progress WHERE node = ?::smallint";

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
