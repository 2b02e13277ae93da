package org.pgchorus.sql;

import java.util.regex.Pattern;

/** What is said about changes of the schema that go to all nodes. */
public final class DdlSql {
    private static final Pattern ALONE =
            Pattern.compile(
                    "(CREATE\\s+(UNIQUE\\s+)?|DROP\\s+)INDEX\\s+CONCURRENTLY\\b.*"
                            + "|ALTER\\s+TABLE\\b.*\\bDETACH\\s+PARTITION\\b.*\\bCONCURRENTLY\\s*",
                    Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

    private DdlSql() {}

    /** Whether the server refuses a statement inside a transaction. */
    public static boolean isAlone(String statement) {
        return ALONE.matcher(statement.strip()).matches();
    }

    /** The prefix of such messages in a node's log. */
    public static final String MESSAGE_PREFIX = "pgchorus.ddl";

    /** Whether this node follows changes of the schema; in older groups they do not. */
    public static final String EXISTS = "SELECT to_regclass('pgchorus.ddl_entry') IS NOT NULL";

    /** Whether former names are kept here: not by followers, nor by groups made before. */
    public static final String KEEPS_FORMER_NAMES =
            "SELECT to_regclass('pgchorus.former_name') IS NOT NULL";

    /** Whether added columns are noted here: neither by followers, nor by older groups. */
    public static final String KEEPS_ADDED_COLUMNS =
            "SELECT to_regclass('pgchorus.added_column') IS NOT NULL";

    /** The number of the last column that was added here for the whole group. */
    public static final String LAST_ADDED_COLUMN =
            "SELECT coalesce(max(seq), 0) FROM pgchorus.added_column";

    /** Whether one has been added since; has a place for the number of the last one known. */
    static final String ANY_ADDED_SINCE =
            "EXISTS (SELECT FROM pgchorus.added_column WHERE seq > %s)";

    /**
     * Columns that were added to a table: name, what rows got that were there; parameter: the
     * table's oid. Not those in which that cannot be any more: rows keep what they have there.
     */
    public static final String ADDED_COLUMNS =
            """
            SELECT a.attname, c.value FROM pgchorus.added_column c
            JOIN pg_attribute a ON a.attrelid = c.relation AND a.attnum = c.attnum
                 AND NOT a.attisdropped
            WHERE c.relation = ?::oid AND NOT (a.attnotnull AND c.value IS NULL)\
            """;

    /**
     * Forgets columns that every node knows. What was written before it did, under a clock that is
     * some seconds off, has been passed by every node too.
     */
    public static final String FORGET_ADDED_COLUMNS =
            AgentSql.HORIZON
                    + """
                    , passed AS (
                        UPDATE pgchorus.added_column c SET passed = clock_timestamp() FROM horizon h
                        WHERE c.passed IS NULL
                          AND coalesce(pgchorus.micros(pg_xact_commit_timestamp(c.xmin)),
                                       h.micros - 1) < h.micros
                        RETURNING 1)
                    DELETE FROM pgchorus.added_column c USING horizon h
                    WHERE pgchorus.micros(c.passed) + 10000000 < h.micros\
                    """;

    /** Notes which new tables take part; parameters: seq, excludes, schema, table. */
    public static final String ADD_PATTERN =
            "INSERT INTO pgchorus.ddl_pattern VALUES (?::integer, ?::boolean, ?, ?)";

    /** Lets the group's objects follow the schema; parameter: whether all nodes do. */
    public static final String FOLLOW_SCHEMA = "SELECT pgchorus.follow_schema(?::boolean)";

    /**
     * What a message says: id, node, said, role, search_path, tag, statement, tables, added,
     * removed; no row if the group did not say it. Parameters: payload twice, proof.
     */
    public static final String READ =
            """
            SELECT x ->> 'id', x ->> 'node', x ->> 'said', x ->> 'role', x ->> 'path', x ->> 'tag',
                   x ->> 'sql', ARRAY(SELECT jsonb_array_elements_text(x -> 'tables')),
                   x ->> 'added', x ->> 'removed'
            FROM (SELECT ?::jsonb) v (x) WHERE pgchorus.ddl_proof(?) = ?\
            """;

    /** Where a statement stands here; parameter: its id. */
    public static final String STATE = "SELECT state FROM pgchorus.ddl_entry WHERE id = ?";

    /** Whether all of it is so here already; parameters: added, removed. */
    public static final String IS_IN_EFFECT = "SELECT pgchorus.is_in_effect(?::jsonb, ?::jsonb)";

    /** Sets the path for the transaction, and answers the one before; parameter: the path. */
    public static final String PATH =
            """
            SELECT current_setting('search_path'), pg_catalog.set_config('search_path', ?, true)\
            """;

    /** Invalid indexes of a name, which an attempt has left; parameters: schema, name. */
    public static final String INVALID_INDEX =
            """
            SELECT 1 FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE NOT i.indisvalid AND n.nspname = ? AND c.relname = ?\
            """;

    /** Indexes that a statement adds: schema, name; parameter: added. */
    public static final String ADDED_INDEXES =
            """
            SELECT a ->> 1, a ->> 3 FROM jsonb_array_elements(?::jsonb) a WHERE a ->> 0 = 'index'\
            """;

    /**
     * Writes down where a statement stands; parameters: id, node, said, role, tag, statement,
     * state, reason, message, tables, commit position, micros.
     */
    public static final String NOTE =
            """
            INSERT INTO pgchorus.ddl_entry (id, node, said, role, tag, statement, state, reason,
                message, tables, commit_lsn, micros)
            VALUES (?, ?::smallint, ?::timestamptz, ?, ?, ?, ?, ?, ?, ?::text[], ?::pg_lsn,
                ?::bigint)
            ON CONFLICT (id) DO NOTHING\
            """;

    /** Statements that a node holds from another: message, micros; parameter: the writer. */
    public static final String HELD =
            """
            SELECT message, micros, id FROM pgchorus.ddl_entry
            WHERE state = 'held' AND node = ?::smallint ORDER BY seq\
            """;

    /** Tables of statements that a node holds from another; parameter: the writer. */
    public static final String HELD_TABLES =
            """
            SELECT DISTINCT t FROM pgchorus.ddl_entry, unnest(tables) t
            WHERE state = 'held' AND node = ?::smallint\
            """;

    /** Locks a held statement; answers one row, or none if it is held no more. */
    public static final String LOCK =
            "SELECT 1 FROM pgchorus.ddl_entry WHERE id = ? AND state = 'held' FOR UPDATE";

    /** Another state; parameters: state, reason, id. */
    public static final String SET_STATE =
            """
            UPDATE pgchorus.ddl_entry SET state = ?, reason = ?, done = clock_timestamp(),
                message = CASE WHEN state = 'held' THEN message END
            WHERE id = ?\
            """;

    /**
     * The table that one had a name before is now: schema, name (both null if it was dropped);
     * parameters: schema, table.
     */
    public static final String NOW_CALLED =
            """
            SELECT n.nspname, c.relname FROM pgchorus.former_name f
            LEFT JOIN pg_class c ON c.oid = f.relation
            LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE f.schema_name = ? AND f.table_name = ? AND f.column_name = ''
            ORDER BY f.seq DESC LIMIT 1\
            """;

    /**
     * Former names of a table's columns, the latest last: name, name now (null: dropped);
     * parameter: the table's oid.
     */
    public static final String FORMER_COLUMNS =
            """
            SELECT f.column_name, a.attname FROM pgchorus.former_name f
            LEFT JOIN pg_attribute a ON a.attrelid = f.relation AND a.attnum = f.attnum
                 AND NOT a.attisdropped
            WHERE f.relation = ?::oid AND f.column_name <> '' ORDER BY f.seq\
            """;

    /**
     * The newest statements a node knows: id, node, said, role, statement, state, reason, since;
     * parameter: how many.
     */
    public static final String LIST =
            """
            SELECT id, node, said, role, statement, state, reason, done
            FROM pgchorus.ddl_entry ORDER BY said DESC LIMIT ?::bigint\
            """;

    /** When each node came: id, time. */
    public static final String ADDED = "SELECT id, added FROM pgchorus.member";

    /** Takes away what would be in a statement's way; parameters: the statement, search_path. */
    public static final String MAKE_WAY = "SELECT pgchorus.make_way(?, ?)";

    /** Whether what clients change is captured here. */
    public static final String IS_CAPTURED =
            """
            SELECT EXISTS (SELECT FROM pg_event_trigger
                           WHERE evtname = 'pgchorus_ddl_2_capture' AND evtenabled = 'O')\
            """;

    /** Where nothing is captured: writes down what was changed on this node only. */
    public static final String NOTICE = "SELECT pgchorus.notice_changes()";

    /** A statement that is held although it concerns no table: the first of each writer. */
    public static final String HELD_WITHOUT_TABLE =
            """
            SELECT DISTINCT ON (node) node, statement, reason FROM pgchorus.ddl_entry
            WHERE state = 'held' AND tables = '{}' ORDER BY node, seq\
            """;

    /** How many changes stayed on this node in the last days. */
    public static final String LOCAL_OF_LATE =
            """
            SELECT count(*) FROM pgchorus.ddl_entry
            WHERE state = 'local' AND said > clock_timestamp() - interval '3 days'\
            """;

    /** Lets what this session does be captured as a client's would be. */
    public static final String CAPTURED = "SET pgchorus.replicate_ddl = on";

    /** The statements in a text; parameter: the text. */
    public static final String SPLIT = "SELECT coalesce(pgchorus.split_statements(?), '{}')";

    /** What this session does to the schema is not captured; it says it itself. */
    public static final String OURS = "SET pgchorus.ddl_ours = on";

    /** Says to the others what this session has just done; parameter: the statement, twice. */
    public static final String SAY =
            """
            SELECT pgchorus.say_ddl(current_user, current_setting('search_path'),
                upper(substring(? FROM '^[[:alpha:]]+')), ?, pgchorus.follow_schema(true))\
            """;

    /** Steps over the first statement that a link holds; parameter: the writer's id. */
    public static final String SKIP =
            """
            UPDATE pgchorus.ddl_entry SET state = 'skipped', message = NULL,
                reason = 'skipped: ' || reason, done = clock_timestamp()
            WHERE id = (SELECT id FROM pgchorus.ddl_entry
                        WHERE state = 'held' AND node = ?::smallint ORDER BY seq LIMIT 1)\
            """;

    /**
     * The first statement that a link holds: position, commit time, statement, reason; parameter:
     * the writer's id.
     */
    public static final String FIRST_HELD =
            """
            SELECT commit_lsn, pgchorus.instant(micros), statement, reason
            FROM pgchorus.ddl_entry WHERE state = 'held' AND node = ?::smallint
            ORDER BY seq LIMIT 1\
            """;
}
