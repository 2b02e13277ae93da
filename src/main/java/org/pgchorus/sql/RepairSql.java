package org.pgchorus.sql;

import org.pgchorus.model.Table;

import java.util.List;
import java.util.stream.Collectors;

/**
 * The statements that repair one table on one node, and its journal. Immutable; safe to share
 * between threads.
 */
public final class RepairSql {
    /** Whether the journal is there. */
    public static final String HAS_JOURNAL = "SELECT to_regclass('pgchorus.repair_entry')::text";

    /**
     * Keeps what was done. Parameters: repair, schema, table, key, columns, before, its micros and
     * node, micros and node of the tombstone taken away, after, its micros and node, times.
     */
    public static final String NOTE =
            """
            INSERT INTO pgchorus.repair_entry (repair, schema_name, table_name, key, columns,
                before, before_micros, before_node, grave_micros, grave_node,
                after, after_micros, after_node, times)
            VALUES (?, ?, ?, ?::text[], ?::text[], ?::text[], ?::bigint, ?::smallint, ?::bigint,
                    ?::smallint, ?::text[], ?::bigint, ?::smallint, ?::bigint)\
            """;

    /**
     * What a repair did and was not undone, the last first: seq, schema, table, key, columns,
     * before, its micros and node, the tombstone's micros and node, after, times, xid. Parameter:
     * repair.
     */
    public static final String OF_REPAIR =
            """
            SELECT seq, schema_name, table_name, key, columns, before, before_micros, before_node,
                   grave_micros, grave_node, after, times, xid::xid
            FROM pgchorus.repair_entry WHERE repair = ? AND undone IS NULL ORDER BY seq DESC\
            """;

    /** Whether there is anything of a repair, undone or not; parameter: repair. */
    public static final String KNOWN =
            "SELECT EXISTS (SELECT FROM pgchorus.repair_entry WHERE repair = ?)";

    /** Parameter: seq. */
    public static final String SET_UNDONE =
            "UPDATE pgchorus.repair_entry SET undone = clock_timestamp() WHERE seq = ?::bigint";

    /** Forgets repairs of long ago; parameter: days to keep. */
    public static final String PURGE =
            """
            DELETE FROM pgchorus.repair_entry
            WHERE time < clock_timestamp() - ?::bigint * interval '1 day'\
            """;

    /** The last change that an operator had stepped over: seq. */
    public static final String LAST_SKIPPED =
            "SELECT coalesce(max(seq), 0) FROM pgchorus.known_difference";

    /** Forgets that changes of a table were stepped over; parameters: schema, table, last seq. */
    public static final String FORGET_SKIPPED =
            """
            DELETE FROM pgchorus.known_difference
            WHERE schema_name = ? AND table_name = ? AND seq <= ?::bigint\
            """;

    /**
     * Locks a row if it is the very version that was seen: 1 or nothing; parameters: key, its xmin.
     * It compares again with what a transaction left that it had to wait for.
     */
    public final String guard;

    /** The transaction that left the highest tombstone: xid; parameters: key twice. */
    public final String buriedBy;

    /** Takes all tombstones of a key away; parameters: key twice. */
    public final String unbury;

    /**
     * Places of rows without a key that are equal to one; parameters: its values, how many at most.
     */
    public static String places(Table table, List<String> columns) {
        String same =
                columns.stream()
                        .map(c ->
                                "t.%s::text COLLATE \"C\" IS NOT DISTINCT FROM ?"
                                        .formatted(Sql.name(c)))
                        .collect(Collectors.joining(" AND "));
        return "SELECT t.ctid::text FROM ONLY %s AS t WHERE %s LIMIT ?::bigint"
                .formatted(Sql.name(table.name()), same);
    }

    /** Removes the rows at these places; parameter: places. */
    public static String deletePlaces(Table table) {
        return "DELETE FROM ONLY %s WHERE ctid = ANY (?::tid[])".formatted(Sql.name(table.name()));
    }

    /** For a table as it is on the node, with a key. */
    public RepairSql(Table table) {
        String name = Sql.name(table.name());
        guard =
                "SELECT 1 FROM ONLY %s AS t WHERE %s AND t.xmin = ?::xid FOR UPDATE OF t"
                        .formatted(name, KeySql.condition(table, "t."));
        String ofKey =
                "relation = %d AND hash = %s AND hash2 = %s AND key IS NOT NULL"
                        .formatted(
                                table.oid(),
                                KeySql.hashOfParameters(table, 0),
                                KeySql.hashOfParameters(table, 1));
        buriedBy =
                """
                SELECT xmin::text FROM pgchorus.tombstone_entry WHERE %s \
                ORDER BY coalesce(micros, pgchorus.micros(pg_xact_commit_timestamp(xmin))) \
                DESC NULLS LAST LIMIT 1\
                """
                        .formatted(ofKey);
        unbury = "DELETE FROM pgchorus.tombstone_entry WHERE " + ofKey;
    }

    /** Hashes and values of rows without a key; parameter: their first hashes. */
    public static String rowsOfHashes(VerifySql sql, Table here) {
        return """
        SELECT DISTINCT ON (1) ARRAY[hashtextextended(r, 0)::text, hashtextextended(r, 1)::text], \
        c FROM (SELECT %s AS r, %s AS c FROM %s OFFSET 0) x \
        WHERE hashtextextended(r, 0) = ANY(?::bigint[])\
        """
                .formatted(sql.row(), values(here), sql.source());
    }

    /** The columns that can be written, by name: their order in the tables may not be the same. */
    public static List<String> columns(Table here) {
        return here.columns().stream()
                .filter(c -> !c.generated())
                .map(Table.Column::name)
                .sorted()
                .toList();
    }

    private static String values(Table here) {
        return columns(here).stream()
                .map(c -> "t." + Sql.name(c) + "::text")
                .collect(Collectors.joining(", ", "ARRAY[", "]::text[]"));
    }

    /**
     * Rows by their keys with all that a repair has to know: key, hashes, xmin, the values that can
     * be written, micros and node of the stamp; parameters: the texts of each key column.
     */
    public static String rows(VerifySql sql, Table here) {
        return """
        SELECT k, hashtextextended(r, 0) || ' ' || hashtextextended(r, 1), v, c, m, n \
        FROM (SELECT %s AS k, %s AS r, t.xmin AS v, %s AS c, \
        coalesce(o.micros, pgchorus.micros(x.timestamp)) AS m, \
        coalesce(o.node, pgchorus.writer(x.roident)) AS n \
        FROM %s CROSS JOIN LATERAL pg_xact_commit_timestamp_origin(t.xmin) x \
        LEFT JOIN LATERAL (%s) o ON true OFFSET 0) y\
        """
                .formatted(
                        sql.keyTexts(),
                        sql.row(),
                        values(here),
                        sql.byKeys(),
                        StampSql.ofOne(here));
    }

    /**
     * The highest tombstones of keys: the key as it was given, micros, node, whether it is the
     * whole table's. Parameter: keys as arrays of texts, each in its text form.
     */
    public static String graves(Table here) {
        return """
        SELECT k.key, g.micros, g.node, g.whole FROM \
        (SELECT u.text::text[] AS key FROM unnest(?::text[]) u (text) OFFSET 0) k \
        CROSS JOIN LATERAL (SELECT coalesce(e.micros, pgchorus.micros(x.timestamp)) AS micros, \
        coalesce(e.node::integer, pgchorus.writer(x.roident)) AS node, e.key IS NULL AS whole \
        FROM pgchorus.tombstone_entry e \
        CROSS JOIN LATERAL pg_xact_commit_timestamp_origin(e.xmin) x \
        WHERE e.relation = %d AND ((e.hash = %s AND e.hash2 = %s) \
        OR (e.hash = 0 AND e.hash2 = 0 AND e.key IS NULL)) \
        ORDER BY 1 DESC NULLS LAST, 2 DESC LIMIT 1) g WHERE g.micros IS NOT NULL\
        """
                .formatted(
                        here.oid(),
                        KeySql.hashOfTexts(here, "k.key", 0),
                        KeySql.hashOfTexts(here, "k.key", 1));
    }
}
