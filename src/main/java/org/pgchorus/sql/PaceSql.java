package org.pgchorus.sql;

/**
 * What a transaction takes on a link: bytes of its writer's log, lately. Databases of an older
 * version may have no column for it.
 */
public final class PaceSql {
    private PaceSql() {}

    /** Whether a node has the column. */
    public static final String NODE_KEEPS =
            """
            SELECT EXISTS (SELECT FROM pg_catalog.pg_attribute
                WHERE attrelid = 'pgchorus.link_status'::regclass
                  AND attname = 'transaction_bytes' AND NOT attisdropped)\
            """;

    /** Notes it; parameters: bytes, the writer. */
    public static final String NODE_NOTES =
            """
            UPDATE pgchorus.link_status SET transaction_bytes = ?::bigint
            WHERE from_node = ?::smallint\
            """;

    /** Whether a follower has the column. */
    public static final String FOLLOWER_KEEPS =
            """
            SELECT EXISTS (SELECT FROM pg_catalog.pg_attribute
                WHERE attrelid = 'pgchorus.follow_status'::regclass
                  AND attname = 'transaction_bytes' AND NOT attisdropped)\
            """;

    /** Notes it; parameters: bytes, and 0, the only link there is. */
    public static final String FOLLOWER_NOTES =
            "UPDATE pgchorus.follow_status SET transaction_bytes = ?::bigint WHERE ?::int = 0";

    /** What a follower noted, or null. */
    public static final String FOLLOWER_TAKES =
            "SELECT to_jsonb(f) ->> 'transaction_bytes' FROM pgchorus.follow_status f";
}
