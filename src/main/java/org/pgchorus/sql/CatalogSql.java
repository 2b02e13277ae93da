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

    /**
     * What rows may not have in common beyond the key: name, kind, deferrable, nulls not distinct,
     * predicate; of each element the expression, the operator and the collation; of each column
     * that matters the name, the collation and the expression it is generated from; parameter: oid.
     *
     * <p>The key's own index is left out, the one that {@link #KEY} chooses, unless it compares by
     * something else than equality. {@code indnullsnotdistinct} is read by way of JSON, since 14
     * does not have it.
     */
    public static final String UNIQUENESS =
            """
            SELECT x.relname,
                   CASE WHEN i.indisexclusion OR con.conexclop IS NOT NULL
                        THEN 'EXCLUSION_CONSTRAINT'
                        WHEN con.oid IS NOT NULL THEN 'UNIQUE_CONSTRAINT'
                        ELSE 'UNIQUE_INDEX' END,
                   NOT i.indimmediate,
                   coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false),
                   coalesce(pg_get_expr(i.indpred, i.indrelid, true), ''),
                   e.expressions, e.operators, e.collations,
                   u.names, u.collations, u.generations
            FROM pg_class c
            JOIN pg_index i ON i.indrelid = c.oid
                 AND (i.indisunique OR i.indisexclusion) AND i.indisvalid AND i.indisready
                 AND (i.indisexclusion OR NOT (i.indimmediate AND
                      CASE WHEN c.relreplident = 'i' THEN i.indisreplident
                           ELSE i.indisprimary END))
            JOIN pg_class x ON x.oid = i.indexrelid
            LEFT JOIN pg_constraint con ON con.conindid = i.indexrelid AND con.conrelid = c.oid
                 AND con.contype IN ('p', 'u', 'x')
            CROSS JOIN LATERAL (
                SELECT array_agg(pg_get_indexdef(i.indexrelid, k, true) ORDER BY k) AS expressions,
                       array_agg(format('OPERATOR(%I.%s)', opn.nspname, op.oprname) ORDER BY k)
                           AS operators,
                       array_agg(CASE WHEN col.collname IS NULL
                                           OR a.attcollation = i.indcollation[k - 1] THEN ''
                                      ELSE format('%I.%I', cln.nspname, col.collname) END
                                 ORDER BY k) AS collations
                FROM generate_series(1, i.indnkeyatts::integer) k
                JOIN pg_opclass opc ON opc.oid = i.indclass[k - 1]
                LEFT JOIN pg_amop am ON am.amopfamily = opc.opcfamily
                     AND am.amoplefttype = opc.opcintype AND am.amoprighttype = opc.opcintype
                     AND am.amopstrategy = 3 AND am.amoppurpose = 's' AND con.conexclop IS NULL
                JOIN pg_operator op ON op.oid = coalesce(con.conexclop[k], am.amopopr)
                JOIN pg_namespace opn ON opn.oid = op.oprnamespace
                LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[k - 1]
                     AND a.attnum <> 0
                LEFT JOIN pg_collation col ON col.oid = i.indcollation[k - 1]
                LEFT JOIN pg_namespace cln ON cln.oid = col.collnamespace) e
            CROSS JOIN LATERAL (
                WITH direct AS (
                    SELECT i.indkey[k - 1]::integer AS attnum
                    FROM generate_series(1, i.indnkeyatts::integer) k
                    UNION
                    SELECT d.refobjsubid FROM pg_depend d
                    WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
                      AND d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid
                      AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)),
                used AS (
                    SELECT attnum FROM direct
                    UNION
                    SELECT d.refobjsubid FROM direct
                    JOIN pg_attrdef f ON f.adrelid = c.oid AND f.adnum = direct.attnum
                    JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid
                         AND ((d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid)
                              OR (d.classid = 'pg_class'::regclass AND d.objid = c.oid
                                  AND d.objsubid = direct.attnum)))
                SELECT coalesce(array_agg(a.attname::text ORDER BY a.attnum), '{}') AS names,
                       array_agg(CASE WHEN col.oid IS NULL THEN ''
                                      ELSE format('%I.%I', cln.nspname, col.collname) END
                                 ORDER BY a.attnum) AS collations,
                       array_agg(CASE WHEN a.attgenerated <> ''
                                      THEN pg_get_expr(f.adbin, f.adrelid, true) ELSE '' END
                                 ORDER BY a.attnum) AS generations
                FROM used
                JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = used.attnum
                     AND a.attnum > 0 AND NOT a.attisdropped
                LEFT JOIN pg_collation col ON col.oid = a.attcollation
                LEFT JOIN pg_namespace cln ON cln.oid = col.collnamespace
                LEFT JOIN pg_attrdef f ON f.adrelid = c.oid AND f.adnum = a.attnum) u
            WHERE c.oid = ?::oid ORDER BY x.relname\
            """;

    /** Tables of our publication: schema, name. */
    public static final String PUBLISHED =
            """
            SELECT schemaname, tablename FROM pg_publication_tables WHERE pubname = 'pgchorus'
            ORDER BY 1, 2\
            """;

    /** Origins of this server, and those dropped whose number is free: id, name. */
    public static final String ORIGINS =
            """
            SELECT roident::bigint, roname FROM pg_catalog.pg_replication_origin
            UNION ALL
            SELECT DISTINCT ON (d.roident) d.roident::bigint, d.origin FROM pgchorus.detached d
            WHERE d.roident IS NOT NULL
              AND NOT EXISTS (SELECT FROM pg_catalog.pg_replication_origin o
                              WHERE o.roident = d.roident)\
            """;
}
