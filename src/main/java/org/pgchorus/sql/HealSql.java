package org.pgchorus.sql;

/** Statements about how orphans are healed: the group's policies, and what was done by them. */
public final class HealSql {
    private HealSql() {}

    /** schema, table, constraint, policy. */
    public static final String POLICIES =
            """
            SELECT schema_name, table_name, constraint_name, policy FROM pgchorus.orphan_policy
            ORDER BY 1, 2, 3\
            """;

    /** Parameters: schema, table, constraint, policy. */
    public static final String SET_POLICY =
            """
            INSERT INTO pgchorus.orphan_policy (schema_name, table_name, constraint_name, policy)
            VALUES (?, ?, ?, ?)
            ON CONFLICT (schema_name, table_name, constraint_name)
            DO UPDATE SET policy = excluded.policy\
            """;

    /** Back to reporting only; parameters: schema, table, constraint. */
    public static final String FORGET_POLICY =
            """
            DELETE FROM pgchorus.orphan_policy
            WHERE schema_name = ? AND table_name = ? AND constraint_name = ?\
            """;

    /** Tables that links hold here: schema, name. */
    public static final String HELD =
            "SELECT DISTINCT schema_name, table_name FROM pgchorus.held_table";

    /** Parameters: schema, table, constraint, action, child's key, row. */
    public static final String NOTE =
            """
            INSERT INTO pgchorus.heal (schema_name, table_name, constraint_name, action, key, "row")
            VALUES (?, ?, ?, ?, ?::json, ?::json)\
            """;

    /** What was healed, the newest first: time, schema, table, constraint, action, key, row. */
    public static final String HEALED =
            """
            SELECT time, schema_name, table_name, constraint_name, action, key::text, "row"::text
            FROM pgchorus.heal ORDER BY seq DESC LIMIT ?::bigint\
            """;

    /** Parameters: days to keep, how many. */
    public static final String PURGE =
            """
            DELETE FROM pgchorus.heal
            WHERE time < clock_timestamp() - ?::bigint * interval '1 day'
               OR seq <= (SELECT max(seq) FROM pgchorus.heal) - ?::bigint\
            """;

    /** Why orphans are not healed yet: schema, table, constraint, key, reason. */
    public static final String STATES =
            """
            SELECT schema_name, table_name, constraint_name, key, reason
            FROM pgchorus.orphan_state ORDER BY 1, 2, 3, 4\
            """;

    /** Forgets them. */
    public static final String FORGET_STATES = "DELETE FROM pgchorus.orphan_state";

    /** Parameters: schema, table, constraint, key, reason. */
    public static final String SAY_STATE =
            """
            INSERT INTO pgchorus.orphan_state
                (schema_name, table_name, constraint_name, key, reason)
            VALUES (?, ?, ?, ?, ?)\
            """;
}
