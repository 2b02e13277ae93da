package org.pgchorus.sql;

/** What a node's daemon asks and writes in its own database. */
public final class AgentSql {
    private AgentSql() {}

    /** Whether the server is a standby, or has not finished starting. */
    public static final String IN_RECOVERY = "SELECT pg_catalog.pg_is_in_recovery()";

    /** From which nodes the links are to stand still. */
    public static final String CONTROLS =
            """
            SELECT from_node FROM pgchorus.link_control WHERE paused
            UNION SELECT m.id FROM pgchorus.local l JOIN pgchorus.member m ON m.id <> l.node_id
            JOIN pgchorus.node_control n ON n.paused AND n.node IN (m.id, l.node_id)\
            """;

    /** peer, micros of what this node had applied, stepped; parameter: this node. */
    public static final String APPLIED =
            "SELECT peer, micros, stepped FROM pgchorus.progress WHERE node = ?::smallint";

    /**
     * Parameters: from, state, reason, received, applied, durable, applied micros, skew micros,
     * transactions, changes, conflicts, standing at.
     */
    public static final String SAY_STATUS =
            """
            INSERT INTO pgchorus.link_status (from_node, state, reason, received_lsn, applied_lsn,
                durable_lsn, applied_micros, skew_micros, applied_transactions, applied_changes,
                conflicts, standing_at, said)
            VALUES (?::smallint, ?, ?, ?::pg_lsn, ?::pg_lsn, ?::pg_lsn, ?::bigint, ?::bigint,
                ?::bigint, ?::bigint, ?::bigint, ?, clock_timestamp())
            ON CONFLICT (from_node) DO UPDATE SET (state, reason, received_lsn, applied_lsn,
                durable_lsn, applied_micros, skew_micros, applied_transactions, applied_changes,
                conflicts, standing_at, said) = (excluded.state, excluded.reason,
                excluded.received_lsn, excluded.applied_lsn, excluded.durable_lsn,
                coalesce(excluded.applied_micros, link_status.applied_micros),
                excluded.skew_micros, excluded.applied_transactions, excluded.applied_changes,
                excluded.conflicts, excluded.standing_at, excluded.said)\
            """;

    /** Forgets links from nodes that are gone. */
    public static final String FORGET_STATUS =
            """
            DELETE FROM pgchorus.link_status
            WHERE from_node NOT IN (SELECT id FROM pgchorus.member)\
            """;

    /** Begins a tenure; parameter: its name. */
    public static final String BEGIN_TENURE = "INSERT INTO pgchorus.tenure (name) VALUES (?)";

    /** Notes that it was announced; parameter: its name. */
    public static final String TENURE_ANNOUNCED =
            """
            UPDATE pgchorus.tenure SET announced_lsn = pg_catalog.pg_current_wal_insert_lsn()
            WHERE name = ?\
            """;

    /** Forgets tenures long past. */
    public static final String FORGET_TENURES =
            """
            DELETE FROM pgchorus.tenure
            WHERE seq < (SELECT max(seq) - 10000 FROM pgchorus.tenure)\
            """;

    /** The latest time this node's clock was seen at, and where it stood before a step back. */
    public static final String CLOCK = "SELECT clock_high, clock_stepped FROM pgchorus.local";

    /** Notes them; parameters: both. */
    public static final String NOTE_CLOCK =
            "UPDATE pgchorus.local SET clock_high = ?::bigint, clock_stepped = ?::bigint";

    /** Makes this node ready; parameter: its id. */
    public static final String BECOME_READY =
            "UPDATE pgchorus.member SET state = 'ready' WHERE id = ?::smallint";

    /** Up to where every node has passed every other, as far as this one has heard. */
    static final String HORIZON =
            """
            WITH pair AS (
                SELECT a.id AS node, b.id AS peer
                FROM pgchorus.member a JOIN pgchorus.member b ON a.id <> b.id
            ), horizon AS (
                SELECT CASE WHEN count(*) = 0 THEN pgchorus.micros(clock_timestamp())
                            WHEN count(*) = count(p.micros) THEN min(p.micros) END AS micros
                FROM pair LEFT JOIN pgchorus.progress p USING (node, peer)
            )\
            """;

    /**
     * Deletes tombstones, stamps and deltas that every node has passed, and that are a while old.
     * Nothing goes while a pair of nodes has not been heard of; a node alone waits for nobody. A
     * row without its stamp counts with the commit time of its xmin, so every node must have passed
     * that too. Parameter: seconds to keep in any case.
     */
    public static final String PURGE =
            HORIZON
                    + """
                    , old AS (
                        SELECT clock_timestamp() - ?::bigint * interval '1 second' AS written
                    ), tombstones AS (
                        DELETE FROM pgchorus.tombstone_entry e USING horizon h, old
                        WHERE NOT e.provisional AND e.written < old.written
                          AND coalesce(e.micros, pgchorus.micros(pg_xact_commit_timestamp(e.xmin)),
                                       h.micros - 1) < h.micros
                        RETURNING 1
                    ), stamps AS (
                        DELETE FROM pgchorus.stamp_entry s USING horizon h, old
                        WHERE s.written < old.written
                          AND greatest(s.micros,
                                       pgchorus.micros(pg_xact_commit_timestamp(s.row_xmin)))
                              < h.micros
                        RETURNING 1
                    ), groups AS (
                        DELETE FROM pgchorus.stamp_group g USING horizon h, old
                        WHERE g.written < old.written
                          AND greatest(g.last_micros,
                                       pgchorus.micros(pg_xact_commit_timestamp(g.row_xmin)))
                              < h.micros
                        RETURNING 1
                    ), deltas AS (
                        DELETE FROM pgchorus.delta_entry e USING horizon h, old
                        WHERE e.written < old.written
                          AND coalesce(e.micros, pgchorus.micros(pg_xact_commit_timestamp(e.xmin)),
                                       h.micros - 1) < h.micros
                        RETURNING 1
                    )
                    SELECT (SELECT count(*) FROM tombstones) + (SELECT count(*) FROM stamps)
                         + (SELECT count(*) FROM groups) + (SELECT count(*) FROM deltas)\
                    """;

    /** Deletes old conflicts, and all but the newest; parameters: days to keep, how many. */
    public static final String PURGE_CONFLICTS =
            """
            DELETE FROM pgchorus.conflict
            WHERE time < clock_timestamp() - ?::bigint * interval '1 day'
               OR seq <= (SELECT max(seq) FROM pgchorus.conflict) - ?::bigint\
            """;

    /** What the history takes on disk. */
    public static final String CONFLICT_BYTES =
            "SELECT pg_catalog.pg_total_relation_size('pgchorus.conflict')";

    /**
     * Deletes the oldest conflicts, so that the versions of the others take no more than so many
     * bytes, which is the parameter. Reads all of the history but for large values.
     */
    public static final String PURGE_CONFLICT_BYTES =
            """
            DELETE FROM pgchorus.conflict
            WHERE seq <= (
                SELECT max(t.seq) FROM (
                    SELECT seq, sum(200 + coalesce(pg_column_size(local), 0)
                                    + coalesce(pg_column_size(remote), 0))
                                OVER (ORDER BY seq DESC) AS bytes
                    FROM pgchorus.conflict) t
                WHERE t.bytes > ?::bigint)\
            """;

    /**
     * Tombstones of rows that were not there: place, schema, table, key, micros, origin, node,
     * whether nobody who may have been writing the row is left.
     */
    public static final String PROVISIONAL =
            """
            SELECT e.ctid::text, n.nspname, c.relname, e.key,
                   coalesce(e.micros, pgchorus.micros(x.timestamp)),
                   coalesce(e.node, pgchorus.writer(x.roident)),
                   coalesce(e.check_after
                            <= pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot()), false)
            FROM pgchorus.tombstone_entry e
            CROSS JOIN LATERAL pg_catalog.pg_xact_commit_timestamp_origin(e.xmin) x
            JOIN pg_class c ON c.oid = e.relation JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE e.provisional ORDER BY e.written LIMIT 500\
            """;

    /**
     * Looks at one of them again: it keeps its stamp, learns which transactions to wait for, and,
     * if they are over, is provisional no more. Parameters: micros, node, done, place.
     */
    public static final String SETTLE =
            """
            UPDATE pgchorus.tombstone_entry
            SET micros = ?::bigint, node = ?::smallint, provisional = NOT ?::boolean,
                check_after = coalesce(check_after,
                    pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot()))
            WHERE ctid = ?::tid AND provisional\
            """;
}
