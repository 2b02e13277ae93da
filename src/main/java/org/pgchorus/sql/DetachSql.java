package org.pgchorus.sql;

/** What is noted of nodes that are taken out, and what is forgotten of them. */
public final class DetachSql {
    private DetachSql() {}

    /** Begins it; parameters: id, name, address. */
    public static final String LEAVING =
            """
            INSERT INTO pgchorus.detached (id, name, address, state)
            VALUES (?::smallint, ?, ?, 'leaving') ON CONFLICT (id) DO NOTHING\
            """;

    /** id, name, address, state. */
    public static final String ALL =
            "SELECT id, name, address, state FROM pgchorus.detached ORDER BY id";

    /** Those that are gone: id, since micros. */
    public static final String GONE =
            "SELECT id, gone_micros FROM pgchorus.detached WHERE gone_micros IS NOT NULL";

    /** Ends it; parameters: micros, name of the origin twice, id. */
    public static final String IS_GONE =
            """
            UPDATE pgchorus.detached d
            SET state = 'gone', gone_micros = ?::bigint, origin = ?,
                lsn = pg_catalog.pg_current_wal_insert_lsn(),
                roident = (SELECT o.roident FROM pg_catalog.pg_replication_origin o
                           WHERE o.roname = ?)
            WHERE d.id = ?::smallint AND d.state = 'leaving'\
            """;

    /**
     * Forgets a node, but for how far it was applied here: that is asked for changes made before it
     * was gone. Parameters: its id, six times.
     */
    public static final String FORGET =
            """
            WITH a AS (DELETE FROM pgchorus.link_position WHERE from_node = ?::smallint),
                 b AS (DELETE FROM pgchorus.link_control WHERE from_node = ?::smallint),
                 c AS (DELETE FROM pgchorus.link_status WHERE from_node = ?::smallint),
                 d AS (DELETE FROM pgchorus.progress WHERE node = ?::smallint),
                 e AS (DELETE FROM pgchorus.halt WHERE from_node = ?::smallint)
            DELETE FROM pgchorus.member WHERE id = ?::smallint\
            """;

    /** Tables held because of a node: schema and table, for people; parameter: its id. */
    public static final String HELD =
            """
            SELECT schema_name || '.' || table_name FROM pgchorus.held_table
            WHERE from_node = ?::smallint ORDER BY 1\
            """;

    /** Up to which commit time this node has applied the others: id, micros. */
    public static final String APPLIED =
            """
            SELECT p.peer, p.micros FROM pgchorus.progress p
            JOIN pgchorus.local l ON p.node = l.node_id\
            """;

    /**
     * Origins of nodes that are gone which nothing needs any more: no slot can decode log written
     * under it, which 14 and 15 tell by its name, and every node has passed all that was. Answers
     * the name.
     */
    public static final String DROPPABLE =
            """
            WITH horizon AS (
                SELECT CASE WHEN count(*) = 0 THEN pgchorus.micros(clock_timestamp())
                            WHEN count(*) = count(p.micros) THEN min(p.micros) END AS micros
                FROM pgchorus.member a JOIN pgchorus.member b ON a.id <> b.id
                LEFT JOIN pgchorus.progress p ON (p.node, p.peer) = (a.id, b.id)
            )
            SELECT d.origin FROM pgchorus.detached d, horizon h
            WHERE d.state = 'gone' AND NOT d.dropped AND d.gone_micros < h.micros
              AND NOT EXISTS (SELECT FROM pg_catalog.pg_replication_slots s
                              WHERE s.database = pg_catalog.current_database()
                                AND s.confirmed_flush_lsn <= d.lsn
                                AND coalesce(s.wal_status, '') <> 'lost')\
            """;

    /** Notes that an origin was dropped, and forgets how far its node was; parameter: its name. */
    public static final String DROPPED =
            """
            WITH d AS (
                UPDATE pgchorus.detached SET dropped = true WHERE origin = ? RETURNING id)
            DELETE FROM pgchorus.progress p USING d WHERE p.peer = d.id OR p.node = d.id\
            """;

    /** Whether a node is a member here; parameter: its id. */
    public static final String IS_MEMBER =
            "SELECT EXISTS (SELECT FROM pgchorus.member WHERE id = ?::smallint)";
}
