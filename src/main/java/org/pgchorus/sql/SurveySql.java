package org.pgchorus.sql;

/** Questions of {@code status}, {@code lag}, {@code wait} and the conflict history. */
public final class SurveySql {
    private SurveySql() {}

    /** Server version, end of the log, how far its clock lies behind where it stepped back from. */
    public static final String NODE =
            """
            SELECT current_setting('server_version'), pg_catalog.pg_current_wal_insert_lsn(),
                   clock_stepped - pgchorus.micros(clock_timestamp())
            FROM pgchorus.local\
            """;

    /**
     * Links that end here: from, state, reason, paused, seconds since the daemon last said
     * something, received, durable, micros from the last applied commit to when that was said, skew
     * micros, transactions, changes, conflicts, standing at, position, paused nodes it ends at,
     * bytes a transaction takes (null too where there is no column for it).
     */
    public static final String LINKS_IN =
            """
            SELECT m.id, s.state, s.reason, coalesce(c.paused, false),
                   extract(epoch FROM clock_timestamp() - s.said)::bigint, s.received_lsn,
                   s.durable_lsn, pgchorus.micros(s.said) - s.applied_micros, s.skew_micros,
                   s.applied_transactions,
                   s.applied_changes, s.conflicts, s.standing_at,
                   (SELECT p.lsn FROM pgchorus.link_position p WHERE p.from_node = m.id),
                   (SELECT string_agg(e.name, ', ' ORDER BY e.id) FROM pgchorus.node_control n
                    JOIN pgchorus.member e ON e.id = n.node
                    WHERE n.paused AND n.node IN (m.id, l.node_id)),
                   to_jsonb(s) ->> 'transaction_bytes'
            FROM pgchorus.local l
            JOIN pgchorus.member m ON m.id <> l.node_id
            LEFT JOIN pgchorus.link_status s ON s.from_node = m.id
            LEFT JOIN pgchorus.link_control c ON c.from_node = m.id
            ORDER BY m.id\
            """;

    /**
     * Slots that begin here: to, slot, active, pid, restart, confirmed, retained bytes, status, how
     * many bytes more the server would keep.
     */
    public static final String SLOTS_OUT =
            """
            SELECT m.id, r.slot_name, r.active, r.active_pid, r.restart_lsn, r.confirmed_flush_lsn,
                   pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn(),
                                              r.restart_lsn)::bigint,
                   coalesce(r.wal_status, ''), r.safe_wal_size
            FROM pgchorus.local l
            JOIN pgchorus.member m ON m.id <> l.node_id
            JOIN pg_catalog.pg_replication_slots r
              ON r.slot_name = 'pgchorus_' || l.group_id || '_' || l.node_id || '_' || m.id\
            """;

    /** What the daemon last said of a link, if lately; parameter: the writer's id. */
    public static final String LINK_STATE =
            """
            SELECT (SELECT state FROM pgchorus.link_status WHERE from_node = ?::smallint
                    AND said > clock_timestamp() - interval '5 seconds')\
            """;

    /** Columns of the conflict history, in the order of {@link #CONFLICTS}; lines have no key. */
    private static final String CONFLICT =
            """
            SELECT h.conflict_id, h.time, l.node_name, h.schema, h."table",
                   coalesce(h.key::text, '{}'), h.conflict_type, h.resolution, h.policy,
                   h.local_tuple::text, h.remote_tuple::text, h.local_commit_time, h.local_node,
                   h.remote_commit_time, h.remote_node, h.remote_xid, h.remote_lsn
            FROM pgchorus.conflict_history h, pgchorus.local l
            """;

    /** The newest first; parameters: table twice (null for all), since twice, how many. */
    public static final String CONFLICTS =
            CONFLICT
                    + """
                    WHERE (?::text IS NULL OR ?::text IN (h."table", h.schema || '.' || h."table"))
                      AND (?::timestamptz IS NULL OR h.time >= ?::timestamptz)
                    ORDER BY h.time DESC LIMIT ?::bigint\
                    """;

    /** One; parameter: its id. */
    public static final String CONFLICT_BY_ID = CONFLICT + "WHERE h.conflict_id = ?";

    /** Numbers: table, type, resolution, how many, the newest. */
    public static final String CONFLICT_COUNTS =
            """
            SELECT schema_name || '.' || table_name, type, resolution, count(*), max(time)
            FROM pgchorus.conflict GROUP BY 1, 2, 3 ORDER BY 1, 2, 3\
            """;

    /** Tables that take part: schema, name, key, rows about, bytes. */
    public static final String TABLES =
            """
            SELECT p.schemaname, p.tablename,
                   (SELECT string_agg(a.attname, ', ' ORDER BY k.place)
                    FROM pg_index i
                    CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, place)
                    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
                    WHERE i.indrelid = c.oid AND i.indisprimary),
                   greatest(c.reltuples, 0)::bigint, pg_catalog.pg_table_size(c.oid)
            FROM pg_publication_tables p
            JOIN pg_namespace n ON n.nspname = p.schemaname
            JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = p.tablename
            WHERE p.pubname = 'pgchorus' ORDER BY 1, 2\
            """;
}
