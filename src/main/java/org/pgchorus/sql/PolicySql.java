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

    /** A function's name with the arguments that it has to take. */
    public static String signature(String function, TableName table) {
        return "%s(%2$s, %2$s, jsonb)".formatted(function, Sql.name(table));
    }
}
