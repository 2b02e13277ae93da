package org.pgchorus.sql;

import org.pgchorus.model.Table;

import java.util.List;
import java.util.stream.Collectors;

/** Questions of an examination; none changes anything that stays. */
public final class ExamineSql {
    private ExamineSql() {}

    /** A setting's value; parameter: name. */
    public static final String SETTING = "SELECT pg_catalog.current_setting(?)";

    /** How many slots there are. */
    public static final String SLOTS_USED = "SELECT count(*) FROM pg_catalog.pg_replication_slots";

    /** How many WAL senders run, and how many more will when every slot is read again. */
    public static final String SENDERS_USED =
            """
            SELECT (SELECT count(*) FROM pg_catalog.pg_stat_get_wal_senders())
                 + (SELECT count(*) FROM pg_catalog.pg_replication_slots WHERE NOT active)\
            """;

    /** How many origins there are. */
    public static final String ORIGINS_USED =
            "SELECT count(*) FROM pg_catalog.pg_replication_origin";

    /** Takes a slot that goes at once with the session, or is refused. */
    public static final String TRY_SLOT =
            """
            SELECT pg_catalog.pg_drop_replication_slot(slot_name)
            FROM pg_catalog.pg_create_physical_replication_slot(
                'pgchorus_try_' || pg_catalog.pg_backend_pid(), false, true)\
            """;

    /** The process id of the session. */
    public static final String PID = "SELECT pg_catalog.pg_backend_pid()";

    /** Makes an origin and takes it for the session; parameter of each: its name. */
    public static final List<String> TRY_ORIGIN =
            List.of(
                    "SELECT pg_catalog.pg_replication_origin_create(?)",
                    "SELECT pg_catalog.pg_replication_origin_session_setup(?)");

    /** Uses the session's origin for a transaction. */
    public static final String TRY_ORIGIN_TRANSACTION =
            "SELECT pg_catalog.pg_replication_origin_xact_setup('0/1', now())";

    /** What the daemon has to call. */
    public static final List<String> ORIGIN_FUNCTIONS =
            List.of(
                    "pg_replication_origin_create(text)",
                    "pg_replication_origin_drop(text)",
                    "pg_replication_origin_session_setup(text)",
                    "pg_replication_origin_session_progress(boolean)",
                    "pg_replication_origin_xact_setup(pg_lsn,timestamp with time zone)");

    /** Parameter: a function's signature. */
    public static final String MAY_EXECUTE =
            "SELECT pg_catalog.has_function_privilege('pg_catalog.' || ?, 'EXECUTE')";

    /** Whether the role may create schemas here. */
    public static final String MAY_CREATE =
            "SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')";

    /**
     * Whether the role has the rights of a table's owner, who that is, whether it is a superuser,
     * whether row security hides rows from the role, whether the primary key is deferrable;
     * parameter: oid.
     */
    public static final String TABLE =
            """
            SELECT pg_catalog.pg_has_role(c.relowner, 'USAGE'), r.rolname, r.rolsuper,
                   pg_catalog.row_security_active(c.oid),
                   EXISTS (SELECT FROM pg_index i
                           WHERE i.indrelid = c.oid AND i.indisprimary AND NOT i.indimmediate)
            FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE c.oid = ?::oid\
            """;

    /** Whether the server only replays another one's log; whether transactions may not write. */
    public static final String WRITABLE =
            """
            SELECT pg_catalog.pg_is_in_recovery(),
                   pg_catalog.current_setting('transaction_read_only')::boolean\
            """;

    /** The role of the session. */
    public static final String USER = "SELECT current_user";

    /** The database of the session. */
    public static final String DATABASE = "SELECT pg_catalog.current_database()";

    /** Which service runs the server, by the roles that it makes. */
    public static final String SERVICE =
            """
            SELECT CASE WHEN to_regproc('pg_catalog.aurora_version') IS NOT NULL THEN 'AURORA'
                        WHEN 'rds_superuser' = ANY (names) THEN 'RDS'
                        WHEN 'cloudsqlsuperuser' = ANY (names) THEN 'CLOUD_SQL'
                        WHEN 'azure_pg_admin' = ANY (names) THEN 'AZURE'
                        ELSE 'PLAIN' END
            FROM (SELECT array_agg(rolname::text) AS names FROM pg_roles) r\
            """;

    /** With which session_replication_role the sessions of clients begin. */
    public static final String REPLICATION_ROLE_OF_ALL =
            "SELECT reset_val FROM pg_settings WHERE name = 'session_replication_role'";

    /**
     * Connections that are free for a role that is no superuser: at the server, in the database,
     * for the role; the last two null if unlimited; then the role.
     */
    public static final String CONNECTIONS_FREE =
            """
            WITH taken AS (
                SELECT datname, usename FROM pg_stat_activity WHERE backend_type = 'client backend')
            SELECT pg_catalog.current_setting('max_connections')::bigint
                   - pg_catalog.current_setting('superuser_reserved_connections')::bigint
                   - coalesce(pg_catalog.current_setting('reserved_connections', true)::bigint, 0)
                   - (SELECT count(*) FROM taken),
                   CASE WHEN d.datconnlimit >= 0 THEN d.datconnlimit
                        - (SELECT count(*) FROM taken t WHERE t.datname = d.datname) END,
                   CASE WHEN r.rolconnlimit >= 0 THEN r.rolconnlimit
                        - (SELECT count(*) FROM taken t WHERE t.usename = r.rolname) END,
                   current_user
            FROM pg_database d, pg_roles r
            WHERE d.datname = pg_catalog.current_database() AND r.rolname = current_user\
            """;

    /** Bytes of WAL kept for slots (negative: all), after how many idle seconds one is dropped. */
    public static final String RETENTION =
            """
            SELECT (SELECT CASE WHEN setting::bigint < 0 THEN -1 ELSE setting::bigint * 1048576 END
                    FROM pg_settings WHERE name = 'max_slot_wal_keep_size'),
                   (SELECT setting::bigint * CASE unit WHEN 'min' THEN 60 ELSE 1 END
                    FROM pg_settings WHERE name = 'idle_replication_slot_timeout'),
                   (SELECT setting FROM pg_settings WHERE name = 'wal_sender_timeout')\
            """;

    /**
     * The database's collation version as recorded and as the operating system has it now, null if
     * the server does not know (before 15).
     */
    public static final String DATABASE_COLLATION =
            """
            SELECT d.datcollversion, pg_catalog.pg_database_collation_actual_version(d.oid)
            FROM pg_database d WHERE d.datname = pg_catalog.current_database()\
            """;

    /** Collations whose version is not what it was when they were made, and that columns use. */
    public static final String OTHER_COLLATIONS =
            """
            SELECT c.oid::regcollation::text, c.collversion,
                   pg_catalog.pg_collation_actual_version(c.oid)
            FROM pg_collation c
            WHERE c.collversion <> pg_catalog.pg_collation_actual_version(c.oid)
              AND EXISTS (SELECT FROM pg_attribute a WHERE a.attcollation = c.oid)
            ORDER BY 1\
            """;

    /** The same without the record, null if it has none; of every version of the server. */
    public static final String COLLATION_VERSION =
            """
            SELECT coalesce(
                (SELECT to_jsonb(d) ->> 'datcollversion' FROM pg_database d
                 WHERE d.datname = pg_catalog.current_database()),
                (SELECT pg_catalog.pg_collation_actual_version(oid) FROM pg_collation
                 WHERE collname = 'default'))\
            """;

    /** The server's clock, in microseconds since 1970. */
    public static final String CLOCK_MICROS =
            "SELECT (extract(epoch FROM pg_catalog.clock_timestamp()) * 1000000)::bigint";

    /** Extensions and their versions. */
    public static final String EXTENSIONS =
            "SELECT extname, extversion FROM pg_extension ORDER BY 1";

    /** Tables that never replicate because they are unlogged. */
    public static final String UNLOGGED =
            """
            SELECT n.nspname, c.relname
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind = 'r' AND c.relpersistence = 'u' AND n.nspname NOT LIKE 'pg\\_%'
              AND n.nspname NOT IN ('information_schema', 'pgchorus')
            ORDER BY 1, 2\
            """;

    /** Triggers and rules that also fire for what is applied; parameter: the table's oid, twice. */
    public static final String FIRES_ALWAYS =
            """
            SELECT 'trigger', tgname FROM pg_trigger
            WHERE tgrelid = ?::oid AND NOT tgisinternal AND tgenabled IN ('A', 'R')
            UNION ALL
            SELECT 'rule', rulename FROM pg_rewrite
            WHERE ev_class = ?::oid AND ev_enabled IN ('A', 'R') ORDER BY 1, 2\
            """;

    /**
     * Columns with a sequence: column, sequence, its last number (0: none yet), the most that
     * column and sequence hold, increment; parameter: table's oid.
     */
    public static final String NUMBERED =
            """
            SELECT a.attname, s.oid::regclass::text,
                   coalesce(pg_catalog.pg_sequence_last_value(s.oid), 0),
                   least(q.seqmax, CASE a.atttypid WHEN 'int2'::regtype THEN 32767
                                   WHEN 'int4'::regtype THEN 2147483647 ELSE q.seqmax END),
                   q.seqincrement
            FROM pg_attribute a
            JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid
                 AND d.refobjsubid = a.attnum AND d.classid = 'pg_class'::regclass
                 AND d.deptype IN ('a', 'i')
            JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
            JOIN pg_sequence q ON q.seqrelid = s.oid
            WHERE a.attrelid = ?::oid ORDER BY a.attnum\
            """;

    /** Kinds of the objects that bear our name though the database is in no group. */
    public static final String NAMESAKES =
            """
            SELECT v.kind FROM (
                SELECT 'SCHEMA' AS kind FROM pg_namespace WHERE nspname = 'pgchorus'
                UNION ALL SELECT 'PUBLICATION' FROM pg_publication WHERE pubname = 'pgchorus') v
            WHERE to_regclass('pgchorus.local') IS NULL
              AND to_regclass('pgchorus.following') IS NULL\
            """;

    /**
     * Encoding, collation, character type of the database, provider of its collations (libc, icu or
     * builtin) and that provider's name for them. Versions have different columns for the last two.
     */
    public static final String LOCALE =
            """
            SELECT pg_catalog.pg_encoding_to_char(d.encoding), d.datcollate, d.datctype,
                   CASE to_jsonb(d) ->> 'datlocprovider'
                        WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END,
                   coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale', '')
            FROM pg_database d WHERE d.datname = pg_catalog.current_database()\
            """;

    /** Hashes a key of nulls: fails if one of its types has no hash function. */
    public static String hashes(Table table) {
        String nulls =
                table.key().stream()
                        .map(name -> "NULL::" + KeySql.typeOf(table, name))
                        .collect(Collectors.joining(", "));
        return "SELECT pg_catalog.hash_record_extended(ROW(" + nulls + "), 0)";
    }
}
