package org.pgchorus.sql;

/** Questions of a daemon that keeps looking at its group; cheap, since asked again and again. */
public final class SightSql {
    private SightSql() {}

    /**
     * Whether the server is in recovery, whether new sessions begin read-only there, and how many
     * micros the clock lies behind where it stepped back from. What is set for the database counts
     * more than what is set for the server, and is read where it is kept: a session goes by what
     * was set when it began.
     */
    public static final String VITALS =
            """
            SELECT pg_catalog.pg_is_in_recovery(),
                   coalesce(
                       (SELECT split_part(c.word, '=', 2)::boolean
                        FROM pg_catalog.pg_db_role_setting s
                        CROSS JOIN LATERAL unnest(s.setconfig) c (word)
                        WHERE s.setrole = 0 AND c.word LIKE 'default\\_transaction\\_read\\_only=%'
                          AND s.setdatabase = (SELECT d.oid FROM pg_catalog.pg_database d
                                               WHERE d.datname = current_database())),
                       (SELECT s.reset_val = 'on' FROM pg_catalog.pg_settings s
                        WHERE s.name = 'default_transaction_read_only'
                          AND s.source NOT LIKE '%database%')),
                   (SELECT l.clock_stepped - pgchorus.micros(clock_timestamp())
                    FROM pgchorus.local l)\
            """;

    /** How many tombstones there are; of more than ten thousand about how many. */
    public static final String TOMBSTONES =
            """
            SELECT CASE WHEN t.n <= 10000 THEN t.n
                   ELSE greatest(t.n, pg_catalog.pg_stat_get_live_tuples(
                                          'pgchorus.tombstone_entry'::regclass)) END
            FROM (SELECT count(*) AS n
                  FROM (SELECT FROM pgchorus.tombstone_entry LIMIT 10001) e) t\
            """;

    /** Displaced rows: table, how many. */
    public static final String DISPLACED =
            """
            SELECT n.nspname || '.' || c.relname, count(*)
            FROM pgchorus.displaced_row d
            JOIN pg_catalog.pg_class c ON c.oid = d.relation
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            GROUP BY 1 ORDER BY 1\
            """;

    /** Number of the newest conflict. */
    public static final String LAST_CONFLICT =
            "SELECT coalesce(max(seq), 0) FROM pgchorus.conflict";

    /** Conflicts by their numbers: number, type, resolution; parameters: after which, how many. */
    public static final String CONFLICTS_AFTER =
            """
            SELECT seq, type, resolution FROM pgchorus.conflict
            WHERE seq > ?::bigint ORDER BY seq LIMIT ?::bigint\
            """;
}
