package org.pgchorus.sql;

import org.pgchorus.conflict.Window;
import org.pgchorus.model.Table;

import java.util.stream.Collectors;

/**
 * The statements that read the versions of one table in a {@link Window}, and that keep what has no
 * row of its own. Immutable; safe to share between threads.
 *
 * <p>Versions come with the lowest stamp first: in that order no row meets another on a unique
 * constraint that gave up the value before.
 */
public final class ExchangeSql {
    private final Table table;
    private final String selected;

    /** One row whatever its stamp: its columns, micros, node; parameters: key. */
    public final String row;

    /** The displaced version of a key: columns, values, micros, node; parameters: key twice. */
    public final String displacedOfKey;

    /**
     * Keeps an addition to a delta column; parameters: key three times, column, amount, micros,
     * node.
     */
    public final String keepEntry;

    /** Leaves a tombstone for the whole table; parameters: micros, node. */
    public final String bury;

    /** The tombstones for the whole table: micros, node. */
    public final String marks;

    /** Removes live rows older than a stamp; parameters: micros, node. */
    public final String deleteOlder;

    /** The keys that have additions to delta columns: key. */
    public final String countedKeys;

    /** For a table as it is in one database. */
    public ExchangeSql(Table table) {
        this.table = table;
        selected =
                RowSql.of(table).columnNames().stream()
                        .map(c -> "t." + Sql.name(c))
                        .collect(Collectors.joining(", "));
        String from = stamped();
        long oid = table.oid();
        row =
                table.hasKey()
                        ? "SELECT %s, v.micros, v.node %s WHERE %s"
                                .formatted(
                                        selected,
                                        stamped(
                                                "LEFT JOIN LATERAL (%s) o ON true"
                                                        .formatted(StampSql.ofOne(table))),
                                        KeySql.condition(table, "t."))
                        : "";
        String ofKey =
                table.hasKey()
                        ? "relation = %d AND hash = %s AND hash2 = %s"
                                .formatted(
                                        oid,
                                        KeySql.hashOfParameters(table, 0),
                                        KeySql.hashOfParameters(table, 1))
                        : "false";
        displacedOfKey =
                "SELECT columns, \"row\", micros, node FROM pgchorus.displaced_row WHERE " + ofKey;
        keepEntry =
                table.hasKey()
                        ? """
                        INSERT INTO pgchorus.delta_entry \
                        (relation, hash, hash2, key, column_name, amount, micros, node) \
                        VALUES (%d, %s, %s, %s, ?, ?::numeric, ?::bigint, ?::smallint)\
                        """
                                .formatted(
                                        oid,
                                        KeySql.hashOfParameters(table, 0),
                                        KeySql.hashOfParameters(table, 1),
                                        KeySql.textsOfParameters(table))
                        : "";
        bury =
                """
                INSERT INTO pgchorus.tombstone_entry (relation, hash, hash2, micros, node) \
                VALUES (%d, 0, 0, ?::bigint, ?::smallint)\
                """
                        .formatted(oid);
        marks =
                "SELECT v.micros, v.node FROM (%s) v WHERE v.key IS NULL AND v.micros IS NOT NULL"
                        .formatted(tombstones());
        deleteOlder =
                """
                DELETE FROM ONLY %s AS d WHERE d.ctid IN (SELECT t.ctid %s \
                WHERE v.micros IS NULL OR (v.micros, v.node) < (?::bigint, ?::integer))\
                """
                        .formatted(Sql.name(table.name()), from);
        countedKeys = "SELECT DISTINCT key FROM pgchorus.delta_entry WHERE relation = " + oid;
    }

    /** Live rows in the window: their columns, micros, node. */
    public String rows(Window window) {
        return "SELECT %s, v.micros, v.node %s WHERE %s ORDER BY v.micros, v.node"
                .formatted(selected, stamped(), within(window));
    }

    /**
     * All keys that have a row or a displaced version: key, micros, node; micros is null for a row
     * older than all stamps.
     */
    public String keys() {
        return """
        SELECT %s, v.micros, v.node %s \
        UNION ALL SELECT key, micros, node FROM pgchorus.displaced_row WHERE relation = %d\
        """
                .formatted(KeySql.texts(table, "t"), stamped(), table.oid());
    }

    /** All keys, of whatever there is: key. */
    public String allKeys() {
        return """
        SELECT %s AS key FROM ONLY %s AS t \
        UNION SELECT key FROM pgchorus.displaced_row WHERE relation = %d \
        UNION SELECT key FROM pgchorus.delta_entry WHERE relation = %d\
        """
                .formatted(
                        KeySql.texts(table, "t"), Sql.name(table.name()), table.oid(), table.oid());
    }

    /** Displaced versions in the window: columns, values, micros, node. */
    public String displaced(Window window) {
        return """
        SELECT v.columns, v."row", v.micros, v.node FROM pgchorus.displaced_row v \
        WHERE v.relation = %d AND (%s) ORDER BY v.micros, v.node\
        """
                .formatted(table.oid(), within(window));
    }

    /** Highest tombstones in the window: key (null for the whole table), micros, node. */
    public String graves(Window window) {
        return """
        SELECT g.key, g.micros, g.node FROM (SELECT DISTINCT ON (v.hash, v.hash2) v.* \
        FROM (%s) v WHERE %s ORDER BY v.hash, v.hash2, v.micros DESC, v.node DESC) g \
        ORDER BY g.micros, g.node\
        """
                .formatted(tombstones(), within(window));
    }

    /** Keys with anything in the window that has to do with delta columns: key. */
    public String deltaKeys(Window window) {
        return """
        SELECT DISTINCT k.key FROM (SELECT %s AS key %s WHERE %s \
        UNION ALL SELECT v.key FROM (%s) v WHERE %s \
        UNION ALL SELECT v.key FROM pgchorus.displaced_row v WHERE v.relation = %d AND (%s)) k\
        """
                .formatted(
                        KeySql.texts(table, "t"),
                        stamped(),
                        within(window),
                        entries(),
                        within(window),
                        table.oid(),
                        within(window));
    }

    /** Additions to one key in the window: column, amount, micros, node; parameters: key twice. */
    public String entriesOfKey(Window window) {
        return """
        SELECT v.column_name, v.amount, v.micros, v.node FROM (%s \
        AND e.hash = %s AND e.hash2 = %s) v WHERE %s\
        """
                .formatted(
                        entries(),
                        KeySql.hashOfParameters(table, 0),
                        KeySql.hashOfParameters(table, 1),
                        within(window));
    }

    /**
     * Those of these keys that have neither a row nor a displaced version nor a tombstone; the key
     * is answered as it was given. Parameter: keys as arrays of texts, written as one array of
     * their text forms.
     */
    public String unknownKeys() {
        String same = "t.%s = (k.key)[%d]::%s";
        StringBuilder condition = new StringBuilder();
        for (int i = 0; i < table.key().size(); i++) {
            String column = table.key().get(i);
            condition
                    .append(i == 0 ? "" : " AND ")
                    .append(same.formatted(Sql.name(column), i + 1, KeySql.typeOf(table, column)));
        }
        String hash = KeySql.hashOfTexts(table, "k.key", 0);
        String hash2 = KeySql.hashOfTexts(table, "k.key", 1);
        return """
        SELECT k.key FROM \
        (SELECT u.text::text[] AS key FROM unnest(?::text[]) u (text) OFFSET 0) k \
        WHERE NOT EXISTS (SELECT FROM ONLY %1$s AS t WHERE %2$s) \
        AND NOT EXISTS (SELECT FROM pgchorus.displaced_row d WHERE d.relation = %3$d \
        AND d.hash = %4$s AND d.hash2 = %5$s) \
        AND NOT EXISTS (SELECT FROM pgchorus.tombstone_entry g WHERE g.relation = %3$d \
        AND g.hash = %4$s AND g.hash2 = %5$s AND g.key IS NOT NULL)\
        """
                .formatted(Sql.name(table.name()), condition, table.oid(), hash, hash2);
    }

    private String stamped() {
        return stamped(
                table.hasKey()
                        ? StampSql.joined(table)
                        : "CROSS JOIN (SELECT NULL::bigint AS micros, NULL::smallint AS node) o");
    }

    /** The rows {@code t} with their stamps {@code v}, by what a join gives as {@code o}. */
    private String stamped(String given) {
        return """
        FROM ONLY %s AS t CROSS JOIN LATERAL pg_catalog.pg_xact_commit_timestamp_origin(t.xmin) x \
        %s CROSS JOIN LATERAL (SELECT coalesce(o.micros, pgchorus.micros(x.timestamp)) AS micros, \
        coalesce(o.node::integer, pgchorus.writer(x.roident)) AS node) v\
        """
                .formatted(Sql.name(table.name()), given);
    }

    private String tombstones() {
        return """
        SELECT e.hash, e.hash2, e.key, \
        coalesce(e.micros, pgchorus.micros(x.timestamp)) AS micros, \
        coalesce(e.node::integer, pgchorus.writer(x.roident)) AS node \
        FROM pgchorus.tombstone_entry e \
        CROSS JOIN LATERAL pg_catalog.pg_xact_commit_timestamp_origin(e.xmin) x \
        WHERE e.relation = %d\
        """
                .formatted(table.oid());
    }

    private String entries() {
        return """
        SELECT e.key, e.column_name, e.amount, \
        coalesce(e.micros, pgchorus.micros(x.timestamp)) AS micros, \
        coalesce(e.node::integer, pgchorus.writer(x.roident)) AS node \
        FROM pgchorus.delta_entry e \
        CROSS JOIN LATERAL pg_catalog.pg_xact_commit_timestamp_origin(e.xmin) x \
        WHERE e.relation = %d\
        """
                .formatted(table.oid());
    }

    /** The least time comes first: most rows are older, and need no look at their writer. */
    private static String within(Window window) {
        long least =
                window.sinceMicros().values().stream()
                        .mapToLong(Long::longValue)
                        .min()
                        .orElse(Long.MAX_VALUE);
        String writers =
                window.sinceMicros().entrySet().stream()
                        .map(e ->
                                "(v.node = %d AND v.micros > '%d'::bigint)"
                                        .formatted(e.getKey(), e.getValue()))
                        .collect(Collectors.joining(" OR "));
        return "v.micros > '%d'::bigint AND (%s)"
                .formatted(least, writers.isEmpty() ? "false" : writers);
    }
}
