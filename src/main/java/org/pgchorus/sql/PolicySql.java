package org.pgchorus.sql;

import org.pgchorus.model.TableName;

/** Statements about policies: what is written down, and what a table must be like for them. */
public final class PolicySql {
    private PolicySql() {}

    /** schema, table, column (empty for the table as a whole), policy, function. */
    public static final String ALL =
            """
            SELECT schema_name, table_name, column_name, policy, function_name
            FROM pgchorus.policy ORDER BY 1, 2, 3\
            """;

    /** Another text for other policies. */
    private static final String FINGERPRINT_OF_ALL =
            "(SELECT coalesce(md5(string_agg(p::text, ' ' ORDER BY p)), '') FROM pgchorus.policy"
                    + " p)";

    /** A text that is another one when the policies are. */
    public static final String FINGERPRINT = "SELECT " + FINGERPRINT_OF_ALL;

    /** Notes what the daemon goes by; parameter: the fingerprint. */
    public static final String NOTE_READ = "UPDATE pgchorus.local SET policies_read = ?";

    /** Whether the daemon goes by what is written, or there is no daemon. */
    public static final String IN_FORCE =
            """
            SELECT coalesce(l.policies_read = %s, false)
                OR NOT EXISTS (SELECT FROM pg_catalog.pg_locks k JOIN pg_catalog.pg_database d
                               ON d.oid = k.database AND d.datname = pg_catalog.current_database()
                               WHERE k.locktype = 'advisory' AND k.granted AND k.objsubid = 2
                                 AND k.classid = %d AND k.objid = %d)
            FROM pgchorus.local l\
            """
                    .formatted(FINGERPRINT_OF_ALL, ObjectNames.LOCK_CLASS, ObjectNames.LOCK_DAEMON);

    /** Forgets the policy of a table; parameters: schema, name. */
    public static final String FORGET =
            "DELETE FROM pgchorus.policy WHERE schema_name = ? AND table_name = ?";

    /** Parameters: schema, table, column, policy, function. */
    public static final String ADD =
            """
            INSERT INTO pgchorus.policy
                (schema_name, table_name, column_name, policy, function_name)
            VALUES (?, ?, ?, ?, ?)\
            """;

    /** Forgets what was added to columns that are no delta columns; parameters: oid, those left. */
    public static final String FORGET_DELTAS =
            "DELETE FROM pgchorus.delta_entry WHERE relation = ?::oid AND column_name <> ALL (?)";

    /**
     * A column: its type, whether that is an exact number, whether it is never NULL, generated,
     * identity, a unique or exclusion constraint that looks at it, whether it says to which
     * partition a row belongs; parameters: oid, name.
     */
    public static final String COLUMN =
            """
            SELECT format_type(a.atttypid, NULL),
                   a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype,
                                  'numeric'::regtype),
                   a.attnotnull AND NOT EXISTS (
                       SELECT FROM pg_constraint o WHERE o.conrelid = a.attrelid
                       AND o.contype = 'n' AND o.conkey = ARRAY[a.attnum]
                       AND NOT o.convalidated),
                   a.attgenerated <> '', a.attidentity <> '',
                   (SELECT min(i.indexrelid::regclass::text) FROM pg_index i
                    WHERE i.indrelid = a.attrelid AND NOT i.indisprimary
                      AND (i.indisunique OR i.indisexclusion)
                      AND (a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
                           OR (NOT a.attnum = ANY (i.indkey::int2[])
                               OR i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)
                          AND EXISTS (
                              SELECT FROM pg_depend d
                              WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
                                AND d.refclassid = 'pg_class'::regclass
                                AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum))),
                   EXISTS (SELECT FROM pg_inherits h
                           JOIN pg_partitioned_table p ON p.partrelid = h.inhparent
                           JOIN pg_attribute k ON k.attrelid = p.partrelid
                            AND k.attnum = ANY (p.partattrs::int2[])
                           WHERE h.inhrelid = a.attrelid AND k.attname = a.attname)
            FROM pg_attribute a
            WHERE a.attrelid = ?::oid AND a.attname = ? AND a.attnum > 0 AND NOT a.attisdropped\
            """;

    /** The columns of a table's primary key in its order, null without one; parameter: oid. */
    public static final String PRIMARY_KEY =
            """
            SELECT (SELECT array_agg(a.attname::text ORDER BY k.place)
                    FROM pg_index i
                    CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY k (attnum, place)
                    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
                    WHERE i.indrelid = ?::oid AND i.indisprimary AND k.place <= i.indnkeyatts)\
            """;

    /** The full name of a function, as SQL writes it; parameter: {@link #signature}. */
    public static final String FULL_NAME =
            """
            SELECT quote_ident(n.nspname) || '.' || quote_ident(p.proname)
            FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
            WHERE p.oid = to_regprocedure(?)\
            """;

    /**
     * A function: kind, whether it returns a set, what it returns, whether that is a row of the
     * table, whether the role may execute it, whether it is volatile; parameters: the table's oid,
     * {@link #signature}.
     */
    public static final String FUNCTION =
            """
            SELECT p.prokind, p.proretset, format_type(p.prorettype, NULL),
                   p.prorettype = c.reltype, has_function_privilege(p.oid, 'EXECUTE'),
                   p.provolatile = 'v'
            FROM pg_proc p JOIN pg_class c ON c.oid = ?::oid
            WHERE p.oid = to_regprocedure(?)\
            """;

    /** A function's name with the arguments that it has to take. */
    public static String signature(String function, TableName table) {
        return "%s(%2$s, %2$s, jsonb)".formatted(function, Sql.name(table));
    }
}
