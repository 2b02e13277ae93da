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

    /** The role and the database of the session. */
    public static final String SELF = "SELECT current_user, pg_catalog.current_database()";

    /** Kinds of the objects that bear our name though the database is in no group. */
    public static final String NAMESAKES =
            """
            SELECT v.kind FROM (
                SELECT 'SCHEMA' AS kind FROM pg_namespace WHERE nspname = 'pgchorus'
                UNION ALL SELECT 'PUBLICATION' FROM pg_publication WHERE pubname = 'pgchorus') v
            WHERE to_regclass('pgchorus.local') IS NULL\
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
