package org.pgchorus.sql;

/** What taking everything of ours out of a database asks and says. */
public final class LeaveSql {
    private LeaveSql() {}

    /** Whether the catalog of members is here. */
    public static final String KNOWS_MEMBERS = "SELECT to_regclass('pgchorus.member') IS NOT NULL";

    /** Whether the catalog of policies is here. */
    public static final String KNOWS_POLICIES = "SELECT to_regclass('pgchorus.policy') IS NOT NULL";

    /** Our publication, if it is here. */
    public static final String PUBLICATION =
            "SELECT FROM pg_catalog.pg_publication WHERE pubname = '%s'"
                    .formatted(ObjectNames.PUBLICATION);

    /** Our schema, if it is here. */
    public static final String SCHEMA =
            "SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'pgchorus'";

    /** Our slots in this database, of any group. */
    public static final String SLOTS =
            """
            SELECT slot_name FROM pg_catalog.pg_replication_slots
            WHERE slot_name ~ '^pgchorus_[0-9a-f]{8}_[0-9]+_[0-9]+$'
              AND database = pg_catalog.current_database() ORDER BY 1\
            """;

    /** Our slots in the server's other databases. */
    public static final String SLOTS_ELSEWHERE =
            """
            SELECT slot_name FROM pg_catalog.pg_replication_slots
            WHERE slot_name ~ '^pgchorus_[0-9a-f]{8}_[0-9]+_[0-9]+$'
              AND database <> pg_catalog.current_database() ORDER BY 1\
            """;

    /** Our origins in this server, of any group and any database. */
    public static final String ORIGINS =
            """
            SELECT roname FROM pg_catalog.pg_replication_origin
            WHERE roname ~ '^pgchorus_[0-9a-f]{8}_' ORDER BY 1\
            """;

    /** The server's other databases that have a life of their own. */
    public static final String OTHER_DATABASES =
            """
            SELECT datname FROM pg_catalog.pg_database
            WHERE datallowconn AND NOT datistemplate
              AND datname <> pg_catalog.current_database() ORDER BY 1\
            """;

    /** Ends the session of the daemon that serves this database. */
    public static final String END_DAEMON =
            """
            SELECT pg_catalog.pg_terminate_backend(l.pid)
            FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_database d ON d.oid = l.database
            WHERE d.datname = pg_catalog.current_database() AND l.locktype = 'advisory'
              AND l.classid = %d::oid AND l.objid = %d::oid AND l.objsubid = 2 AND l.granted
              AND l.pid <> pg_catalog.pg_backend_pid()\
            """
                    .formatted(ObjectNames.LOCK_CLASS, ObjectNames.LOCK_DAEMON);

    /** Ends what else daemons do here, as far as this role may. */
    public static final String END_LINKS =
            """
            SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
            WHERE datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid()
              AND (application_name IN ('pgchorus daemon', 'pgchorus healer')
                   OR application_name LIKE 'pgchorus\\_%')
              AND pg_catalog.pg_has_role(usesysid, 'USAGE')\
            """;

    /** What is not ours and would go with our schema, described. */
    public static final String DEPENDENTS =
            """
            WITH schema AS (
                SELECT oid FROM pg_namespace WHERE nspname = 'pgchorus'
            ), ours AS (
                SELECT 'pg_class'::regclass AS classid, c.oid AS objid
                FROM pg_class c JOIN schema s ON s.oid = c.relnamespace
                UNION ALL SELECT 'pg_proc'::regclass, p.oid
                FROM pg_proc p JOIN schema s ON s.oid = p.pronamespace
                UNION ALL SELECT 'pg_type'::regclass, t.oid
                FROM pg_type t JOIN schema s ON s.oid = t.typnamespace
            )
            SELECT DISTINCT pg_describe_object(d.classid, d.objid, d.objsubid)
            FROM pg_depend d
            JOIN ours o ON o.classid = d.refclassid AND o.objid = d.refobjid
            CROSS JOIN LATERAL pg_identify_object_as_address(d.classid, d.objid, d.objsubid) a
            WHERE d.deptype IN ('n', 'a')
              AND NOT EXISTS (SELECT FROM ours e WHERE e.classid = d.classid AND e.objid = d.objid)
              AND a.type NOT IN ('event trigger', 'publication relation')
              AND a.object_names[1] <> 'pgchorus'
              AND NOT (a.type = 'trigger'
                       AND a.object_names[cardinality(a.object_names)] LIKE 'pgchorus\\_%')
            ORDER BY 1\
            """;

    /** Statements that take back settings of ours that were given to this database. */
    public static final String RESETS =
            """
            SELECT CASE WHEN s.setrole = 0
                        THEN pg_catalog.format('ALTER DATABASE %I RESET %s', d.datname, n.name)
                        ELSE pg_catalog.format('ALTER ROLE %I IN DATABASE %I RESET %s',
                            pg_catalog.pg_get_userbyid(s.setrole), d.datname, n.name) END
            FROM pg_catalog.pg_db_role_setting s
            JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
            CROSS JOIN LATERAL (SELECT split_part(c, '=', 1) FROM unnest(s.setconfig) c) n (name)
            WHERE d.datname = pg_catalog.current_database() AND n.name LIKE 'pgchorus.%'\
            """;

    /** Clients must not queue behind us for long while we wait for theirs. */
    public static final String PATIENCE = "SET LOCAL lock_timeout = '1s'";
}
