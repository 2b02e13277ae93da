package org.pgchorus.sql;

import org.pgchorus.model.Table;
import org.pgchorus.model.TableName;

/** What is written down of a join, on the group's nodes and at the newcomer, and how it is read. */
public final class JoinSql {
    private JoinSql() {}

    /** What the sessions are called that copy or build; they outlive a killed join for a while. */
    public static final String WORKER = "pgchorus copy";

    /** Whether this database has room for notes of joins. */
    public static final String KNOWN = "SELECT to_regclass('pgchorus.join_entry') IS NOT NULL";

    /** id, name, address, tables from, rows from, step. */
    public static final String ENTRIES =
            """
            SELECT node_id, name, address, tables_from, rows_from, step
            FROM pgchorus.join_entry ORDER BY node_id\
            """;

    /** A newcomer's own entry, as {@link #ENTRIES} has it; gone when it is open. */
    public static final String OWN_ENTRY =
            """
            SELECT e.node_id, e.name, e.address, e.tables_from, e.rows_from, e.step
            FROM pgchorus.join_entry e JOIN pgchorus.local l USING (node_id)\
            """;

    /** Whether the daemon has to wait, since the join of this very node is not at its end. */
    public static final String CLOSED = "SELECT EXISTS (" + OWN_ENTRY + ")";

    /** Parameters: id, name, address, tables from, rows from, step. */
    public static final String NOTE =
            """
            INSERT INTO pgchorus.join_entry
                (node_id, name, address, tables_from, rows_from, step)
            VALUES (?::smallint, ?, ?, ?, ?, ?)
            ON CONFLICT (node_id) DO UPDATE SET step = excluded.step, said = excluded.said\
            """;

    /** Says what is being done; parameters: step, id. */
    public static final String SAY_STEP =
            """
            UPDATE pgchorus.join_entry SET step = ?, said = clock_timestamp()
            WHERE node_id = ?::smallint\
            """;

    /** Says how far the copy is; parameters: bytes, of how many, rows, id. */
    public static final String SAY_COPIED =
            """
            UPDATE pgchorus.join_entry
            SET bytes_done = ?::bigint, bytes_total = ?::bigint, rows_done = ?::bigint,
                said = clock_timestamp()
            WHERE node_id = ?::smallint\
            """;

    /** Forgets a join; parameter: id. */
    public static final String FORGET =
            "DELETE FROM pgchorus.join_entry WHERE node_id = ?::smallint";

    /** Forgets all that a newcomer noted of its own join. */
    public static final String FORGET_OWN =
            """
            DELETE FROM pgchorus.join_entry e USING pgchorus.local l WHERE e.node_id = l.node_id;
            DELETE FROM pgchorus.join_step;
            DELETE FROM pgchorus.join_item\
            """;

    /** Steps a newcomer's join has done. */
    public static final String STEPS = "SELECT step FROM pgchorus.join_step";

    /** Parameter: the step that is done. */
    public static final String DONE =
            "INSERT INTO pgchorus.join_step (step) VALUES (?) ON CONFLICT DO NOTHING";

    /** Statements of a kind, in their order: seq, subject, statement; parameter: kind. */
    public static final String ITEMS =
            """
            SELECT seq, subject, statement FROM pgchorus.join_item
            WHERE kind = ? AND NOT done ORDER BY seq\
            """;

    /** Parameters: kind, seq, subject, statement. */
    public static final String ADD_ITEM =
            """
            INSERT INTO pgchorus.join_item (kind, seq, subject, statement)
            VALUES (?, ?::integer, ?, ?)\
            """;

    /** Parameters: kind, seq. */
    public static final String ITEM_DONE =
            "UPDATE pgchorus.join_item SET done = true WHERE kind = ? AND seq = ?::integer";

    /** Says in a piece's own transaction that it is copied; parameter: its number. */
    public static final String PIECE_DONE =
            "INSERT INTO pgchorus.join_item (kind, seq, done) VALUES ('piece', ?::integer, true)";

    /** Whether a piece is copied; parameter: its number. */
    public static final String IS_PIECE_DONE =
            """
            SELECT EXISTS (SELECT FROM pgchorus.join_item
                           WHERE kind = 'piece' AND seq = ?::integer)\
            """;

    /** Behind the script of a schema: keeps how to take it back, and that the tables are there. */
    public static final String KEEP_UNDO =
            """
            INSERT INTO pgchorus.join_item (kind, seq, statement)
            SELECT 'undo', seq, statement FROM pg_temp.pgchorus_made;
            INSERT INTO pgchorus.join_step (step) VALUES ('tables');
            """;

    /**
     * Behind the script of a schema: prints how to take it back, a statement a line, in hexadecimal
     * digits, since names may have line ends.
     */
    public static final String PRINT_UNDO =
            """
            SELECT pg_catalog.encode(pg_catalog.convert_to(statement, 'UTF8'), 'hex')
            FROM pg_temp.pgchorus_made ORDER BY seq;
            """;

    /** Ends sessions that a killed join left behind in this database. */
    public static final String END_WORKERS =
            """
            SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
            WHERE application_name = '%s' AND datname = pg_catalog.current_database()
              AND pid <> pg_catalog.pg_backend_pid()\
            """
                    .formatted(WORKER);

    /** How many of them there are. */
    public static final String WORKERS =
            """
            SELECT count(*) FROM pg_catalog.pg_stat_activity
            WHERE application_name = '%s' AND datname = pg_catalog.current_database()\
            """
                    .formatted(WORKER);

    /** Whether some session of this database holds the membership. */
    private static final String LOCKED =
            """
            EXISTS (SELECT FROM pg_catalog.pg_locks k
                    WHERE k.locktype = 'advisory' AND k.classid = %d AND k.objid = %d
                      AND k.objsubid = 2 AND k.granted
                      AND k.database = (SELECT d.oid FROM pg_catalog.pg_database d
                                        WHERE d.datname = pg_catalog.current_database()))\
            """
                    .formatted(ObjectNames.LOCK_CLASS, ObjectNames.LOCK_MEMBERSHIP);

    /**
     * Joins of other nodes, for {@code status}: id, name, address, step, bytes, of how many, rows,
     * whether somebody carries it on, micros since it last said something.
     */
    public static final String SURVEY =
            """
            SELECT e.node_id, e.name, e.address, e.step, e.bytes_done, e.bytes_total, e.rows_done,
                   %s, (extract(epoch FROM clock_timestamp() - e.said) * 1000000)::bigint
            FROM pgchorus.join_entry e JOIN pgchorus.local l ON l.node_id <> e.node_id\
            """
                    .formatted(LOCKED);

    /** Where a slot that nobody has read yet begins, if it can still be read; parameter: name. */
    public static final String SLOT_START =
            """
            SELECT confirmed_flush_lsn FROM pg_catalog.pg_replication_slots
            WHERE slot_name = ? AND coalesce(wal_status, '') <> 'lost'\
            """;

    /** Refuses what clients write into a table before its rows are there. */
    public static final String GUARD_FUNCTION =
            """
            CREATE OR REPLACE FUNCTION pgchorus.not_yet() RETURNS trigger LANGUAGE plpgsql
            SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $pgchorus$
            BEGIN
                RAISE EXCEPTION 'node % joins its group just now and takes no writes yet',
                    (SELECT node_name FROM pgchorus.local)
                    USING ERRCODE = 'read_only_sql_transaction',
                          HINT = 'SELECT pgchorus.wait_for_node_ready() returns when it does.';
            END $pgchorus$\
            """;

    /**
     * The same for a table; it does not fire for the copy.
     *
     * @param inherits whether rows can also come by way of another table, whose statements fire no
     *     trigger of this one. What is inserted so is refused after the fact: a trigger before it
     *     would make the copy write row by row, also one that does not fire for the copy
     */
    public static String guard(TableName table, boolean inherits) {
        String name = Sql.name(table);
        return """
        CREATE OR REPLACE TRIGGER pgchorus_joining
        BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s
        FOR EACH STATEMENT EXECUTE FUNCTION pgchorus.not_yet();
        """
                        .formatted(name)
                + (inherits
                        ? """
                        CREATE OR REPLACE TRIGGER pgchorus_joining_row
                        BEFORE UPDATE OR DELETE ON %1$s
                        FOR EACH ROW EXECUTE FUNCTION pgchorus.not_yet();
                        CREATE OR REPLACE TRIGGER pgchorus_joining_new_row
                        AFTER INSERT ON %1$s
                        FOR EACH ROW EXECUTE FUNCTION pgchorus.not_yet();
                        """
                                .formatted(name)
                        : "");
    }

    /** Lets clients write. */
    public static final String UNGUARD = "DROP FUNCTION IF EXISTS pgchorus.not_yet() CASCADE";

    /** How large a table is: bytes of its heap in blocks, bytes in all; parameter: quoted name. */
    public static final String EXTENT =
            """
            SELECT pg_catalog.pg_relation_size(c) / current_setting('block_size')::bigint,
                   pg_catalog.pg_table_size(c), pg_catalog.pg_relation_filenode(c)
            FROM (VALUES (?::regclass)) v (c)\
            """;

    /** The file a table is in now, and whether it holds any row. */
    public static String fileAndRows(Table table) {
        return "SELECT pg_catalog.pg_relation_filenode(%s::regclass), EXISTS (SELECT FROM ONLY %s)"
                .formatted(Sql.literal(Sql.name(table.name())), Sql.name(table.name()));
    }

    /** Ids a newcomer knows as nodes of its group besides itself. */
    public static final String KNOWN_PEERS =
            """
            SELECT m.id FROM pgchorus.member m JOIN pgchorus.local l ON l.node_id <> m.id
            ORDER BY 1\
            """;
}
