package org.pgchorus.sql;

/** What a node keeps of its log for its peers, and which of them it has let go. */
public final class WalSql {
    private WalSql() {}

    /**
     * Slots of peers that are ready, and of followers: the peer's id, 0 for a follower, its name,
     * the slot, bytes of log that it keeps, bytes of log that the peer has not confirmed, its
     * status, whether the peer is marked.
     */
    public static final String KEPT =
            """
            SELECT m.id, m.name, r.slot_name,
                   coalesce(pg_catalog.pg_wal_lsn_diff(w.lsn, r.restart_lsn), 0)::bigint,
                   coalesce(pg_catalog.pg_wal_lsn_diff(w.lsn, r.confirmed_flush_lsn), 0)::bigint,
                   coalesce(r.wal_status, ''),
                   EXISTS (SELECT FROM pgchorus.resync_needed n WHERE n.peer = m.id)
            FROM (SELECT p.id::integer AS id, p.name,
                         'pgchorus_' || l.group_id || '_' || l.node_id || '_' || p.id AS slot
                  FROM pgchorus.local l
                  JOIN pgchorus.member p ON p.id <> l.node_id AND p.state = 'ready'
                  UNION ALL SELECT 0, f.name, 'pgchorus_follow_' || f.id || '_' || f.name
                  FROM pgchorus.follower f) m
            JOIN pg_catalog.pg_replication_slots r ON r.slot_name = m.slot
            CROSS JOIN (SELECT pg_catalog.pg_current_wal_lsn()) w (lsn)
            ORDER BY m.id, m.name\
            """;

    /** Marks a peer that lacks something from now on; parameters: its id, the reason. */
    public static final String MARK =
            """
            INSERT INTO pgchorus.resync_needed (peer, reason) VALUES (?::smallint, ?)
            ON CONFLICT (peer) DO UPDATE SET reason = excluded.reason\
            """;

    /** Peers that are marked: id, reason, since. */
    public static final String MARKED =
            "SELECT peer, reason, since FROM pgchorus.resync_needed ORDER BY peer";

    /** Takes a mark back; parameter: the peer's id. */
    public static final String UNMARK =
            "DELETE FROM pgchorus.resync_needed WHERE peer = ?::smallint";

    /** Forgets marks of nodes that are gone. */
    public static final String FORGET =
            """
            DELETE FROM pgchorus.resync_needed
            WHERE peer NOT IN (SELECT id FROM pgchorus.member)\
            """;

    /** Time for a sender that was ended to let go of its slot. */
    public static final String MOMENT = "SELECT pg_catalog.pg_sleep(0.05)";

    /** Puts a setting of the group back to its default; parameter: its name. */
    public static final String UNSET = "DELETE FROM pgchorus.setting WHERE name = ?";
}
