package org.pgchorus.sql;

/** Questions to a database's catalog; each returns what its name says, and changes nothing. */
public final class CatalogSql {
    private CatalogSql() {}

    /** Every ordinary table a client may own: schema, name. */
    public static final String USER_TABLES =
            """
            SELECT n.nspname, c.relname
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind = 'r' AND c.relpersistence = 'p'
              AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pgchorus')
              AND n.nspname NOT LIKE 'pg\\_%'
              AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                              AND d.objid = c.oid AND d.deptype = 'e')
            ORDER BY 1, 2\
            """;

    /**
     * oid, relispartition or inherits, rows updated or deleted so far; parameters: schema, name.
     */
    public static final String TABLE =
            """
            SELECT c.oid::bigint,
                   c.relispartition OR EXISTS (SELECT FROM pg_inherits i
                                               WHERE i.inhrelid = c.oid OR i.inhparent = c.oid),
                   coalesce(pg_stat_get_tuples_updated(c.oid)
                            + pg_stat_get_tuples_deleted(c.oid), 0),
                   c.relreplident
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = ? AND c.relname = ? AND c.relkind IN ('r', 'p')\
            """;

    /** name, type, generated, identity always, in column order; parameter: oid. */
    public static final String COLUMNS =
            """
            SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attgenerated <> '',
                   a.attidentity = 'a'
            FROM pg_attribute a
            WHERE a.attrelid = ?::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum\
            """;

    /** Names of the key's columns in key order; parameter: oid. */
    public static final String KEY =
            """
            SELECT a.attname
            FROM pg_class c
            JOIN pg_index i ON i.indrelid = c.oid AND i.indimmediate AND i.indisvalid
                 AND CASE WHEN c.relreplident = 'i' THEN i.indisreplident ELSE i.indisprimary END
            CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place)
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
            WHERE c.oid = ?::oid AND k.place <= i.indnkeyatts ORDER BY k.place\
            """;

    /** Tables of our publication: schema, name. */
    public static final String PUBLISHED =
            """
            SELECT schemaname, tablename FROM pg_publication_tables WHERE pubname = 'pgchorus'
            ORDER BY 1, 2\
            """;

    /** Origins of this server: id, name. */
    public static final String ORIGINS =
            "SELECT roident::bigint, roname FROM pg_catalog.pg_replication_origin";
}
