package org.pgchorus.sql;

import org.pgchorus.model.Table;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The statements that change many rows of one table at once, each under the assumption that nothing
 * is in the way. What they assume they check themselves, and fail with {@link #IN_THE_WAY} or
 * {@link #HAS_GRAVES} if it is not so; nothing is decided here.
 *
 * <p>Parameters are {@code $1} and so on. Values come as arrays of texts, one for each column, and
 * go through their types' own input functions. Immutable; safe to share between threads.
 */
public final class BulkSql {
    /** A row is missing, newer, or was written by somebody the writer had not heard of. */
    public static final String IN_THE_WAY = "PC001";

    /** The table has tombstones: those of the very keys have to be looked for. */
    public static final String HAS_GRAVES = "PC002";

    /** Begins the database's transaction. */
    public static final String BEGIN = "BEGIN";

    /** Ends it. */
    public static final String COMMIT = "COMMIT";

    /** Gives it up. */
    public static final String ROLLBACK = "ROLLBACK";

    /**
     * Bounds the waiting for locks in this transaction; parameter: milliseconds, as text. Below the
     * server's {@code deadlock_timeout}: who applies gives way before a client could be made to.
     */
    public static final String LOCK_TIMEOUT =
            "SELECT pg_catalog.set_config('lock_timeout', $1, true)";

    /**
     * Last statement of a transaction: moves the link's position and gives the transaction the
     * writer's commit time under this session's origin; fails if that time has not come here, or if
     * a column has been added since. Parameters: position, the writer's id, commit time, the number
     * of the last added column known.
     *
     * @param followed whether this node notes added columns
     */
    public static String move(boolean followed) {
        return move("", followed);
    }

    /**
     * The same, behind a transaction whose answer has not come yet: fails if that one was not
     * committed. Without it a failure at that one's very commit would let this one overtake it.
     * Last parameter: the position that the other one leaves.
     */
    public static String moveBehind(boolean followed) {
        return move(" AND lsn = $5", followed);
    }

    private static String move(String where, boolean followed) {
        String anyAddedSince = followed ? DdlSql.ANY_ADDED_SINCE.formatted("$4") : "$4 < 0";
        return """
        WITH moved AS (
            UPDATE pgchorus.link_position SET lsn = $1 WHERE from_node = $2%2$s RETURNING 1)
        SELECT CASE WHEN m.counted <> 1 THEN pgchorus.expect(m.counted, 1, '%1$s')
                    WHEN pg_catalog.clock_timestamp() <= $3 OR %3$s
                    THEN pgchorus.expect(1, 0, '%1$s') END,
               pg_catalog.pg_replication_origin_xact_setup($1, $3)
        FROM (SELECT count(*) AS counted FROM moved) m\
        """
                .formatted(IN_THE_WAY, where, anyAddedSince);
    }

    /** This session's origin as rows show it; parameter: its name. */
    public static final String ORIGIN =
            "SELECT roident FROM pg_catalog.pg_replication_origin WHERE roname = ?";

    /**
     * Of a table: whether its rows may be changed in bulk. Not if something would notice that
     * several changes became one (rules, triggers that fire here), if rows may be hidden, if a
     * constraint is checked at commit (by a trigger, which does not fire here), or if a column's
     * type makes something else of a text by a cast than by its input function. Parameter: its oid.
     */
    public static final String ALLOWS =
            """
            SELECT c.relkind = 'r' AND NOT c.relrowsecurity
                AND NOT EXISTS (SELECT FROM pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid)
                AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger g
                                WHERE g.tgrelid = c.oid AND g.tgenabled IN ('A', 'R'))
                AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i
                                WHERE i.indrelid = c.oid AND NOT i.indimmediate)
                AND NOT EXISTS (
                    SELECT FROM pg_catalog.pg_attribute a
                    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
                    LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
                    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                      AND (b.typtype = 'd' OR EXISTS (
                          SELECT FROM pg_catalog.pg_cast k
                          WHERE k.castsource = 'text'::regtype AND k.castmethod = 'f'
                            AND k.casttarget IN (t.oid, b.oid))))
            FROM pg_catalog.pg_class c WHERE c.oid = ?::oid\
            """;

    /** Whether a table has tombstones; parameter: its oid. */
    public static final String ANY_GRAVES =
            "SELECT EXISTS (SELECT FROM pgchorus.tombstone_entry WHERE relation = ?::oid)";

    /** Of a table's columns: name, and type without its modifier; parameter: the table's oid. */
    public static final String TYPES =
            """
            SELECT a.attname, pg_catalog.format_type(a.atttypid, -1)
            FROM pg_catalog.pg_attribute a
            WHERE a.attrelid = ?::oid AND a.attnum > 0 AND NOT a.attisdropped\
            """;

    private final RowSql rows;
    private final List<String> types;

    /** Takes in new rows in COPY's text form. */
    public final String insert;

    /**
     * One new row, where a {@code COPY} would cost more than the row. Parameters: all sent columns,
     * as texts of their own types.
     */
    public final String insertOne;

    /**
     * Overwrites rows that were written before, and that the writer had seen. Parameters: an array
     * for each sent column, commit times as {@code timestamptz[]}; then the time up to which the
     * writer had seen everybody, its origin here, how many rows.
     */
    public final String update;

    /**
     * Overwrites rows, whoever wrote them and when. Parameters: an array for each sent column, how
     * many rows.
     */
    public final String overwrite;

    /**
     * Locks and shows the rows that {@link #update} would refuse, as {@link RowSql#lock} does, and
     * behind it the place in the arrays, from 1. For the driver, parameters are question marks: an
     * array for each key column, commit times in micros, all as {@code text[]}; then the time up to
     * which the writer had seen everybody, in micros, and its origin here.
     */
    public final String contested;

    /**
     * Removes rows under the same condition and leaves tombstones. Parameters: an array for each
     * key column, commit times, the same as {@code int8[]} or NULLs for the transaction's own
     * stamp; then as {@link #update}, and last the writer's id.
     */
    public final String delete;

    /** Behind inserts: fails if the table has tombstones or displaced rows. */
    public final String lookAfterInserts;

    /**
     * The same where there are tombstones: fails if one of these keys has one that the insert does
     * not plainly come after. Parameters: an array for each key column, commit times; then the time
     * up to which the writer had seen everybody, its origin here, its id.
     */
    public final String lookForGraves;

    /** Behind updates and deletes: fails if the table has rows with given stamps, or displaced. */
    public final String lookAfterChanges;

    /**
     * @param rows with a key or without
     * @param types of the sent columns, without modifiers, in the rows' order
     */
    public BulkSql(RowSql rows, List<String> types) {
        this.rows = rows;
        this.types = List.copyOf(types);
        Table table = rows.table();
        insert =
                "COPY %s (%s) FROM STDIN"
                        .formatted(Sql.name(table.name()), Sql.names(rows.columnNames()));
        insertOne =
                "INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE VALUES (%s)"
                        .formatted(
                                Sql.name(table.name()),
                                Sql.names(rows.columnNames()),
                                all().stream()
                                        .map(i -> "$" + (i + 1))
                                        .collect(Collectors.joining(", ")));
        update = table.hasKey() ? updateIn(table) : "";
        overwrite = table.hasKey() ? overwriteIn(table) : "";
        contested = table.hasKey() ? contestedIn(table) : "";
        delete = table.hasKey() ? deleteIn(table) : "";
        lookAfterInserts = lookIn(table, "pgchorus.tombstone_entry", HAS_GRAVES);
        lookForGraves = table.hasKey() ? gravesIn(table) : "";
        lookAfterChanges = lookIn(table, "pgchorus.stamp_entry", IN_THE_WAY);
    }

    /** The statements for one row at a time, and the order of the columns. */
    public RowSql rows() {
        return rows;
    }

    private String updateIn(Table table) {
        int columns = rows.columnNames().size();
        return updateIn(
                table,
                unnested(all(), List.of("at::timestamptz")),
                isOlder("$" + (columns + 2), "$" + (columns + 3)),
                columns + 4);
    }

    private String overwriteIn(Table table) {
        return updateIn(table, unnested(all(), List.of()), "true", rows.columnNames().size() + 1);
    }

    private String updateIn(Table table, String given, String condition, int count) {
        String set =
                Arrays.stream(rows.settableColumns())
                        .mapToObj(i -> Sql.name(rows.columnNames().get(i)) + " = " + value(i))
                        .collect(Collectors.joining(", "));
        return """
        WITH done AS (UPDATE ONLY %s AS t SET %s FROM %s WHERE %s AND %s RETURNING 1) \
        %s\
        """
                .formatted(
                        Sql.name(table.name()),
                        set,
                        given,
                        sameKey(table),
                        condition,
                        expectAll("done", count));
    }

    private List<Integer> all() {
        return IntStream.range(0, rows.columnNames().size()).boxed().toList();
    }

    private String contestedIn(Table table) {
        List<Integer> key = rows.keyColumns();
        String arrays = String.join(", ", Collections.nCopies(key.size(), "?::text[]"));
        String names = key.stream().map(i -> "c" + i).collect(Collectors.joining(", "));
        return """
        SELECT %s, v.place \
        FROM (SELECT u.*, pgchorus.instant(u.micros) AS at \
        FROM unnest(%s, ?::text[]::bigint[]) WITH ORDINALITY u(%s, micros, place)) v \
        CROSS JOIN (SELECT pgchorus.instant(?::bigint) AS seen, ?::oid AS origin) w \
        JOIN ONLY %s AS t ON %s WHERE NOT (%s) FOR UPDATE OF t\
        """
                .formatted(
                        rows.selected(),
                        arrays,
                        names,
                        Sql.name(table.name()),
                        sameKey(table),
                        isOlder("w.seen", "w.origin"));
    }

    private String deleteIn(Table table) {
        List<Integer> key = rows.keyColumns();
        int count = key.size();
        String returned =
                key.stream().map(i -> "v.c" + i).collect(Collectors.joining(", ")) + ", v.micros";
        String texts =
                key.stream().map(i -> "c" + i).collect(Collectors.joining(", ", "ARRAY[", "]"));
        return """
        WITH done AS (DELETE FROM ONLY %s AS t USING %s WHERE %s AND %s RETURNING %s), \
        buried AS (INSERT INTO pgchorus.tombstone_entry \
        (relation, hash, hash2, key, micros, node) \
        SELECT %d, %s, %s, %s, micros, CASE WHEN micros IS NOT NULL THEN $%d END \
        FROM done RETURNING 1) \
        %s\
        """
                .formatted(
                        Sql.name(table.name()),
                        unnested(key, List.of("at::timestamptz", "micros::int8")),
                        sameKey(table),
                        isOlder("$" + (count + 3), "$" + (count + 4)),
                        returned,
                        table.oid(),
                        hash("", 0),
                        hash("", 1),
                        texts,
                        count + 6,
                        expectAll("buried", count + 5));
    }

    private String gravesIn(Table table) {
        List<Integer> key = rows.keyColumns();
        int seen = key.size() + 2;
        String entries =
                """
                FROM %s JOIN pgchorus.tombstone_entry e ON e.relation = %d AND %%s \
                CROSS JOIN LATERAL pg_catalog.pg_xact_commit_timestamp_origin(e.xmin) x \
                WHERE CASE WHEN e.xmin = pg_catalog.pg_current_xact_id()::xid THEN false \
                ELSE (coalesce(pgchorus.instant(e.micros), x.timestamp) < v.at \
                AND (coalesce(pgchorus.instant(e.micros), x.timestamp) <= $%d \
                OR coalesce(e.node = $%d, x.roident = $%d))) IS NOT TRUE END\
                """
                        .formatted(
                                unnested(key, List.of("at::timestamptz")),
                                table.oid(),
                                seen,
                                seen + 2,
                                seen + 1);
        String ofKey = "e.hash = %s AND e.hash2 = %s".formatted(hash("v.", 0), hash("v.", 1));
        String ofAll = "e.hash = 0 AND e.hash2 = 0 AND e.key IS NULL";
        return """
        SELECT %s, %s, %s\
        """
                .formatted(
                        expectNone("SELECT 1 " + entries.formatted(ofKey), IN_THE_WAY),
                        expectNone("SELECT 1 " + entries.formatted(ofAll), IN_THE_WAY),
                        expectNone(anyOf("pgchorus.displaced_row", table), IN_THE_WAY));
    }

    private static String lookIn(Table table, String entries, String code) {
        return """
        SELECT %s, %s\
        """
                .formatted(
                        expectNone(anyOf(entries, table), code),
                        expectNone(anyOf("pgchorus.displaced_row", table), IN_THE_WAY));
    }

    /** As many changes were made as a parameter says. The function is called only to fail. */
    private static String expectAll(String changes, int parameter) {
        return """
        SELECT CASE WHEN n.counted <> $%2$d THEN pgchorus.expect(n.counted, $%2$d, '%3$s') END \
        FROM (SELECT count(*) AS counted FROM %1$s) n\
        """
                .formatted(changes, parameter, IN_THE_WAY);
    }

    private static String expectNone(String entries, String code) {
        return "CASE WHEN EXISTS (%s) THEN pgchorus.expect(1, 0, '%s') END"
                .formatted(entries, code);
    }

    private static String anyOf(String entries, Table table) {
        return "SELECT 1 FROM %s WHERE relation = %d LIMIT 1".formatted(entries, table.oid());
    }

    /** The arrays side by side, as {@code v}: the columns as c0, c1, ..., then others. */
    private static String unnested(List<Integer> columns, List<String> others) {
        List<String> arrays = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (int column : columns) {
            arrays.add("$%d::text[]".formatted(arrays.size() + 1));
            names.add("c" + column);
        }
        for (String other : others) {
            String[] parts = other.split("::", 2);
            arrays.add("$%d::%s[]".formatted(arrays.size() + 1, parts[1]));
            names.add(parts[0]);
        }
        return "unnest(%s) AS v(%s)".formatted(String.join(", ", arrays), String.join(", ", names));
    }

    private String value(int column) {
        return "v.c%d::%s".formatted(column, types.get(column));
    }

    private String sameKey(Table table) {
        List<Integer> key = rows.keyColumns();
        return IntStream.range(0, key.size())
                .mapToObj(
                        i -> "t.%s = %s".formatted(Sql.name(table.key().get(i)), value(key.get(i))))
                .collect(Collectors.joining(" AND "));
    }

    private String hash(String alias, int seed) {
        return rows.keyColumns().stream()
                .map(i -> "%sc%d::%s".formatted(alias, i, types.get(i)))
                .collect(
                        Collectors.joining(
                                ", ", "pg_catalog.hash_record_extended(ROW(", "), " + seed + ")"));
    }

    /**
     * Whether the row {@code t} was written before {@code v.at} and seen by the writer: it is the
     * writer's own, or older than what the writer had seen of everybody. The commit time of a row's
     * transaction is its stamp's or a later one. There is none for what this transaction wrote, nor
     * for what is older than all that is remembered: that may be overwritten.
     */
    private static String isOlder(String seen, String origin) {
        return """
        CASE WHEN pg_catalog.pg_xact_commit_timestamp(t.xmin) <= %1$s \
        THEN pg_catalog.pg_xact_commit_timestamp(t.xmin) < v.at \
        ELSE coalesce(pg_catalog.pg_xact_commit_timestamp(t.xmin) <= v.at \
        AND (pg_catalog.pg_xact_commit_timestamp_origin(t.xmin)).roident = %2$s, true) END\
        """
                .formatted(seen, origin);
    }
}
