package org.pgchorus.sql;

/** Conflicts that a link stands at under the policy {@code error}, and what a person chose. */
public final class HaltSql {
    private HaltSql() {}

    /** What was chosen; parameters: writer, position of the commit, number of the change. */
    public static final String CHOICE =
            """
            DELETE FROM pgchorus.halt WHERE from_node = ?::smallint AND commit_lsn = ?::pg_lsn
              AND change = ?::bigint AND keep IS NOT NULL RETURNING keep\
            """;

    /** The link stands nowhere else any more; parameter: the writer. */
    public static final String LEFT =
            "DELETE FROM pgchorus.halt WHERE from_node = ?::smallint AND keep IS NULL";

    /**
     * Notes where a link stands. Parameters: writer, position, change, xid, schema, table, those of
     * the images, type, micros and node of what stands here, micros of the incoming change.
     *
     * @param key image of the key, as an expression of its parameters
     * @param local image of the row here
     * @param remote image of the incoming row
     */
    public static String stand(String key, String local, String remote) {
        return """
        INSERT INTO pgchorus.halt (from_node, commit_lsn, change, xid, schema_name, table_name, key,
            local, remote, type, local_micros, local_node, remote_micros)
        VALUES (?::smallint, ?::pg_lsn, ?::bigint, ?::bigint, ?, ?, %s, %s, %s, ?, ?::bigint,
            ?::smallint, ?::bigint)
        ON CONFLICT DO NOTHING\
        """
                .formatted(key, local, remote);
    }

    /**
     * Where a link stands: position, change, xid, table, key, type, local, remote, local time and
     * node, remote time, since; parameter: the writer.
     */
    public static final String SHOW =
            """
            SELECT h.commit_lsn, h.change, h.xid, h.schema_name || '.' || h.table_name, h.key::text,
                   h.type, h.local::text, h.remote::text,
                   CASE WHEN h.local_micros > -9223372036854775808
                        THEN pgchorus.instant(h.local_micros) END,
                   m.name, pgchorus.instant(h.remote_micros), h.since
            FROM pgchorus.halt h LEFT JOIN pgchorus.member m ON m.id = h.local_node
            WHERE h.from_node = ?::smallint AND h.keep IS NULL\
            """;

    /** Chooses; parameters: local or remote, writer, position, change. */
    public static final String CHOOSE =
            """
            UPDATE pgchorus.halt SET keep = ? WHERE from_node = ?::smallint
              AND commit_lsn = ?::pg_lsn AND change = ?::bigint AND keep IS NULL\
            """;
}
