package org.pgchorus.sql;

/** Statements about the group: who is in it, what is published, what is prepared for whom. */
public final class MemberSql {
    private MemberSql() {}

    /** Whether our schema is here. */
    public static final String INSTALLED = "SELECT to_regclass('pgchorus.local') IS NOT NULL";

    /** group, id, name. */
    public static final String LOCAL = "SELECT group_id, node_id, node_name FROM pgchorus.local";

    /** id, name, address, state. */
    public static final String MEMBERS =
            "SELECT id, name, address, state FROM pgchorus.member ORDER BY id";

    /** Parameters: group, id, name. */
    public static final String BECOME =
            """
            INSERT INTO pgchorus.local (group_id, node_id, node_name, system_identifier)
            SELECT ?, ?::smallint, ?, system_identifier FROM pg_catalog.pg_control_system()\
            """;

    /** Parameters: id, name, address, state. */
    public static final String ADD_MEMBER =
            "INSERT INTO pgchorus.member (id, name, address, state) VALUES (?::smallint, ?, ?, ?)";

    /** Parameters: name, value. */
    public static final String SET_SETTING =
            """
            INSERT INTO pgchorus.setting (name, value) VALUES (?, ?)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value\
            """;

    /** name, value. */
    public static final String SETTINGS = "SELECT name, value FROM pgchorus.setting ORDER BY name";

    /** Creates a slot and says where it begins; parameter: name. */
    public static final String CREATE_SLOT =
            "SELECT lsn FROM pg_catalog.pg_create_logical_replication_slot(?, 'pgoutput')";

    /** Drops a slot nobody uses, if it is there; parameter: name. */
    public static final String DROP_SLOT =
            """
            SELECT pg_catalog.pg_drop_replication_slot(slot_name)
            FROM pg_catalog.pg_replication_slots WHERE slot_name = ?\
            """;

    /** Ends whoever streams from a slot; parameter: name. */
    public static final String END_STREAM =
            """
            SELECT pg_catalog.pg_terminate_backend(active_pid)
            FROM pg_catalog.pg_replication_slots WHERE slot_name = ? AND active_pid IS NOT NULL\
            """;

    /** Parameter: name. */
    public static final String CREATE_ORIGIN =
            """
            SELECT pg_catalog.pg_replication_origin_create(n) FROM (VALUES (?::text)) v (n)
            WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_replication_origin WHERE roname = n)\
            """;

    /** Drops an origin if it is there; parameter: name. */
    public static final String DROP_ORIGIN =
            """
            SELECT pg_catalog.pg_replication_origin_drop(roname)
            FROM pg_catalog.pg_replication_origin WHERE roname = ?\
            """;

    /** Slots of this database that belong to a group; parameter: the group's id. */
    public static final String SLOTS_OF =
            """
            SELECT slot_name FROM pg_catalog.pg_replication_slots
            WHERE slot_name LIKE 'pgchorus\\_' || ? || '\\_%'
              AND database = pg_catalog.current_database()\
            """;

    /** Origins of this server that belong to a group; parameter: the group's id. */
    public static final String ORIGINS_OF =
            """
            SELECT roname FROM pg_catalog.pg_replication_origin
            WHERE roname LIKE 'pgchorus\\_' || ? || '\\_%'\
            """;

    /** Where a link begins; parameters: the writer's id, position. */
    public static final String START_AT =
            """
            INSERT INTO pgchorus.link_position (from_node, lsn) VALUES (?::smallint, ?::pg_lsn)
            ON CONFLICT (from_node) DO UPDATE SET lsn = excluded.lsn\
            """;

    /** from_node and position of every link but one; parameter: that one's writer. */
    public static final String POSITIONS =
            "SELECT from_node, lsn FROM pgchorus.link_position WHERE from_node <> ?::smallint";

    /** Forgets all there is about a node; parameters: its id, six times. */
    public static final String FORGET_NODE =
            """
            WITH a AS (DELETE FROM pgchorus.link_position WHERE from_node = ?::smallint),
                 b AS (DELETE FROM pgchorus.link_control WHERE from_node = ?::smallint),
                 c AS (DELETE FROM pgchorus.link_status WHERE from_node = ?::smallint),
                 d AS (DELETE FROM pgchorus.progress
                       WHERE node = ?::smallint OR peer = ?::smallint)
            DELETE FROM pgchorus.member WHERE id = ?::smallint\
            """;

    /** The highest node id ever given out, null if none was noted. */
    public static final String LAST_ID =
            "SELECT (SELECT value FROM pgchorus.setting WHERE name = 'last_node_id')";

    /** The text of a message that makes receivers write their position down. */
    public static final String FENCE = "fence";

    /** Where the log ends, for fences. */
    public static final String INSERT_POSITION = "SELECT pg_catalog.pg_current_wal_insert_lsn()";

    /** Pauses a link or lets it go on; parameters: the writer's id, paused. */
    public static final String PAUSE =
            """
            INSERT INTO pgchorus.link_control (from_node, paused) VALUES (?::smallint, ?::boolean)
            ON CONFLICT (from_node) DO UPDATE SET paused = excluded.paused\
            """;

    /** What a copy has brought already; parameters: the writer's id, snapshot, until. */
    public static final String SKIP =
            """
            INSERT INTO pgchorus.link_control (from_node, skip_snapshot, skip_until)
            VALUES (?::smallint, ?, ?::pg_lsn)
            ON CONFLICT (from_node) DO UPDATE
            SET skip_snapshot = excluded.skip_snapshot, skip_until = excluded.skip_until\
            """;

    /** One change of membership at a time; held by the session. */
    public static final String TRY_LOCK_MEMBERSHIP =
            "SELECT pg_catalog.pg_try_advisory_lock(%d, %d)"
                    .formatted(ObjectNames.LOCK_CLASS, ObjectNames.LOCK_MEMBERSHIP);

    /** One daemon a node; held by the session. */
    public static final String TRY_LOCK_DAEMON =
            "SELECT pg_catalog.pg_try_advisory_lock(%d, %d)"
                    .formatted(ObjectNames.LOCK_CLASS, ObjectNames.LOCK_DAEMON);

    /** Lets another daemon have it. */
    public static final String UNLOCK_DAEMON =
            "SELECT pg_catalog.pg_advisory_unlock(%d, %d)"
                    .formatted(ObjectNames.LOCK_CLASS, ObjectNames.LOCK_DAEMON);

    /** Exported snapshot, its text form, where the log ends now. */
    public static final String EXPORT_SNAPSHOT =
            """
            SELECT pg_catalog.pg_export_snapshot(), pg_catalog.pg_current_snapshot()::text,
                   pg_catalog.pg_current_wal_insert_lsn()\
            """;

    /** The least commit time up to which every peer has been applied, null if there are none. */
    public static final String HORIZON =
            """
            SELECT min(coalesce(p.micros, 0)) FROM pgchorus.local l
            JOIN pgchorus.member m ON m.id <> l.node_id AND m.id <> ?::smallint
            LEFT JOIN pgchorus.progress p ON p.node = l.node_id AND p.peer = m.id\
            """;

    /** The node's clock in micros. */
    public static final String NOW = "SELECT pgchorus.micros(clock_timestamp())";

    /** Rows counted by a quick look: whether a table holds any. */
    public static String hasRows(org.pgchorus.model.TableName table) {
        return "SELECT EXISTS (SELECT FROM ONLY " + Sql.name(table) + ")";
    }

    /** Tombstones with their stamps: schema, table, key, micros, node. */
    public static final String TOMBSTONES =
            """
            SELECT n.nspname, c.relname, e.key, coalesce(e.micros, pgchorus.micros(x.timestamp)),
                   coalesce(e.node, pgchorus.writer(x.roident))
            FROM pgchorus.tombstone_entry e
            CROSS JOIN LATERAL pg_catalog.pg_xact_commit_timestamp_origin(e.xmin) x
            JOIN pg_class c ON c.oid = e.relation JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE coalesce(e.micros, pgchorus.micros(x.timestamp)) IS NOT NULL\
            """;
}
