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

    /** How many WAL senders run. */
    public static final String SENDERS_USED =
            "SELECT count(*) FROM pg_catalog.pg_stat_get_wal_senders()";

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

    /** Whether the role has the rights of a table's owner; parameter: oid. */
    public static final String OWNS =
            "SELECT pg_catalog.pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = ?::oid";

    /** Encoding, collation, character type of the database. */
    public static final String LOCALE =
            """
            SELECT pg_catalog.pg_encoding_to_char(encoding), datcollate, datctype
            FROM pg_database WHERE datname = pg_catalog.current_database()\
            """;

    /** Hashes a key of nulls: fails if one of its types has no hash function. */
    public static String hashes(Table table) {
        String nulls =
                table.key().stream()
                        .map(name ->
                                "NULL::"
                                        + table.columns().stream()
                                                .filter(c -> c.name().equals(name))
                                                .findFirst()
                                                .orElseThrow()
                                                .type())
                        .collect(Collectors.joining(", "));
        return "SELECT pg_catalog.hash_record_extended(ROW(" + nulls + "), 0)";
    }
}
