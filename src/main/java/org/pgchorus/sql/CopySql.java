package org.pgchorus.sql;

import org.pgchorus.model.Table;
import org.pgchorus.model.TableName;

import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The statements of an initial copy. */
public final class CopySql {
    private CopySql() {}

    /** Size of a table's rows in bytes, without indexes; parameter: quoted name. */
    public static final String SIZE = "SELECT pg_catalog.pg_table_size(?::regclass)";

    /** Makes the session see what an exported snapshot sees. */
    public static String useSnapshot(String snapshot) {
        return "SET TRANSACTION SNAPSHOT " + Sql.literal(snapshot);
    }

    /**
     * Types whose binary form is one and the same on all servers from 14 on, and says all that the
     * text form says. Not among them: types with the ids of other things in them, and {@code
     * interval}, whose infinity came with 17.
     */
    private static final Pattern BINARY =
            Pattern.compile(
                    "(boolean|smallint|integer|bigint|real|double precision|text|bytea|uuid|date"
                        + "|json|jsonb|inet|cidr|macaddr|(numeric|character"
                        + " varying|character|bit|bit"
                        + " varying)(\\([\\d,-]+\\))?|(timestamp|time)(\\(\\d\\))? with(out)? time"
                        + " zone)(\\[\\])?");

    /** Whether rows can go from one to the other without being turned into text and back. */
    public static boolean canBeBinary(Table from, Table to) {
        Map<String, String> there =
                to.columns().stream()
                        .collect(Collectors.toMap(Table.Column::name, Table.Column::type));
        return from.columns().stream()
                .filter(c -> !c.generated())
                .allMatch(c ->
                        BINARY.matcher(c.type()).matches() && c.type().equals(there.get(c.name())));
    }

    /**
     * Reads rows of a table itself, not of its children.
     *
     * @param fromBlock where to begin in its heap
     * @param toBlock where to end, before this; negative: read to the end
     */
    public static String out(Table table, long fromBlock, long toBlock, boolean binary) {
        String range = isWhole(fromBlock, toBlock) ? "" : " WHERE " + range(fromBlock, toBlock);
        return "COPY (SELECT %s FROM ONLY %s%s) TO STDOUT%s"
                .formatted(
                        Sql.names(columns(table)),
                        Sql.name(table.name()),
                        range,
                        binary ? BINARY_FORMAT : "");
    }

    /** Writes them; the columns are those of the reading side. */
    public static String in(Table table, boolean binary) {
        return "COPY %s (%s) FROM STDIN%s"
                .formatted(
                        Sql.name(table.name()),
                        Sql.names(columns(table)),
                        binary ? BINARY_FORMAT : "");
    }

    private static boolean isWhole(long fromBlock, long toBlock) {
        return fromBlock == 0 && toBlock < 0;
    }

    private static String range(long fromBlock, long toBlock) {
        return "ctid >= '(%d,0)'".formatted(fromBlock)
                + (toBlock >= 0 ? " AND ctid < '(%d,0)'".formatted(toBlock) : "");
    }

    private static final String BINARY_FORMAT = " WITH (FORMAT binary)";

    private static List<String> columns(Table table) {
        return table.columns().stream()
                .filter(c -> !c.generated())
                .map(Table.Column::name)
                .toList();
    }

    /**
     * Sends the rows written after a commit time: micros, node, key columns. Goes over all rows of
     * the range: what is asked of each is only whether it may be one of these. A group's
     * transaction has the highest time of all its rows; its own is asked about for rows whose
     * transaction's time is not kept any more.
     *
     * @param fromBlock as in {@link #out}
     * @param toBlock as in {@link #out}
     * @param micros the time
     */
    public static String recentOut(Table table, long fromBlock, long toBlock, long micros) {
        return """
        COPY (WITH late_group AS MATERIALIZED (\
        SELECT g.row_xmin, g.node, g.hashes, g.hashes2, g.micros FROM pgchorus.stamp_group g \
        WHERE g.relation = %1$d AND g.last_micros > %2$d), \
        late AS MATERIALIZED (SELECT e.row_xmin FROM pgchorus.stamp_entry e \
        WHERE e.relation = %1$d AND e.micros > %2$d UNION SELECT row_xmin FROM late_group), \
        given AS (SELECT e.row_xmin, e.hash, e.hash2, e.micros, e.node \
        FROM pgchorus.stamp_entry e WHERE e.relation = %1$d UNION ALL \
        SELECT g.row_xmin, u.hash, u.hash2, max(u.micros), g.node FROM late_group g \
        CROSS JOIN LATERAL unnest(g.hashes, g.hashes2, g.micros) u (hash, hash2, micros) \
        GROUP BY g.row_xmin, u.hash, u.hash2, g.node), \
        writer AS MATERIALIZED (SELECT o.id, pgchorus.writer(o.id) AS node \
        FROM (SELECT 0::oid AS id UNION SELECT roident FROM pg_catalog.pg_replication_origin) o) \
        SELECT coalesce(o.micros, pgchorus.micros(x.timestamp)), \
        coalesce(o.node, w.node, pgchorus.writer(x.roident)), %3$s \
        FROM (SELECT t.xmin AS xmin, %3$s FROM ONLY %4$s AS t WHERE %5$s(\
        pg_catalog.pg_xact_commit_timestamp(t.xmin) > (SELECT pgchorus.instant(%2$d)) \
        OR (SELECT EXISTS (SELECT FROM late)) AND t.xmin IN (SELECT row_xmin FROM late)) \
        OFFSET 0) AS t \
        CROSS JOIN LATERAL pg_catalog.pg_xact_commit_timestamp_origin(t.xmin) x \
        LEFT JOIN given o ON o.row_xmin = t.xmin AND o.hash = %6$s AND o.hash2 = %7$s \
        LEFT JOIN writer w ON w.id = x.roident \
        WHERE CASE WHEN o.micros IS NULL THEN x.timestamp > (SELECT pgchorus.instant(%2$d)) \
        ELSE o.micros > %2$d END) TO STDOUT\
        """
                .formatted(
                        table.oid(),
                        micros,
                        table.key().stream()
                                .map(c -> "t." + Sql.name(c))
                                .collect(Collectors.joining(", ")),
                        Sql.name(table.name()),
                        isWhole(fromBlock, toBlock) ? "" : range(fromBlock, toBlock) + " AND ",
                        KeySql.hashOfRow(table, "t", 0),
                        KeySql.hashOfRow(table, "t", 1));
    }

    /**
     * Where they arrive, for the rest of the transaction. The keys have the types and collations of
     * the table's own, which their hashes depend on.
     */
    public static String recentTable(Table table) {
        String key =
                IntStream.range(0, table.key().size())
                        .mapToObj(i -> ", " + Sql.name(table.key().get(i)) + " AS k" + i)
                        .collect(Collectors.joining());
        return """
        CREATE TEMPORARY TABLE pgchorus_recent ON COMMIT DROP AS \
        SELECT NULL::bigint AS micros, NULL::smallint AS node%s FROM ONLY %s WITH NO DATA\
        """
                .formatted(key, Sql.name(table.name()));
    }

    /** Takes them in. */
    public static final String RECENT_IN = "COPY pg_temp.pgchorus_recent FROM STDIN";

    /** Gives the rows that this transaction has copied their true stamps. */
    public static String restamp(Table table) {
        List<String> key = IntStream.range(0, table.key().size()).mapToObj(i -> "v.k" + i).toList();
        return """
        INSERT INTO pgchorus.stamp_entry (relation, hash, hash2, row_xmin, micros, node) \
        SELECT %d, %s, %s, pg_catalog.pg_current_xact_id()::xid, v.micros, v.node \
        FROM pg_temp.pgchorus_recent v\
        """
                .formatted(table.oid(), KeySql.hash(key, 0), KeySql.hash(key, 1));
    }

    /** Brings a tombstone; parameters: key as an array three times, micros, node. */
    public static String bury(Table table) {
        return """
        INSERT INTO pgchorus.tombstone_entry (relation, hash, hash2, key, micros, node) \
        SELECT %d, coalesce(%s, 0), coalesce(%s, 0), v.key, v.micros, v.node \
        FROM (VALUES (?::text[], ?::bigint, ?::smallint)) v (key, micros, node)\
        """
                .formatted(
                        table.oid(),
                        "CASE WHEN v.key IS NOT NULL THEN "
                                + KeySql.hashOfTexts(table, "v.key", 0)
                                + " END",
                        "CASE WHEN v.key IS NOT NULL THEN "
                                + KeySql.hashOfTexts(table, "v.key", 1)
                                + " END");
    }

    /** Whether there is any of what follows. */
    public static String hasEntries(Table table) {
        return """
        SELECT EXISTS (SELECT FROM pgchorus.delta_entry WHERE relation = %1$d) \
        OR EXISTS (SELECT FROM pgchorus.displaced_row WHERE relation = %1$d)\
        """
                .formatted(table.oid());
    }

    /** Sends what was added to delta columns: key, column, amount, micros, node. */
    public static String deltasOut(Table table) {
        return """
        COPY (SELECT e.key, e.column_name, e.amount, \
        coalesce(e.micros, pgchorus.micros(x.timestamp)), \
        coalesce(e.node, pgchorus.writer(x.roident)) FROM pgchorus.delta_entry e \
        CROSS JOIN LATERAL pg_catalog.pg_xact_commit_timestamp_origin(e.xmin) x \
        WHERE e.relation = %d AND coalesce(e.micros, pgchorus.micros(x.timestamp)) IS NOT NULL) \
        TO STDOUT\
        """
                .formatted(table.oid());
    }

    /** Sends displaced rows: key, columns, values, micros, node, since when. */
    public static String displacedOut(Table table) {
        return """
        COPY (SELECT key, columns, "row", micros, node, since FROM pgchorus.displaced_row \
        WHERE relation = %d ORDER BY seq) TO STDOUT\
        """
                .formatted(table.oid());
    }

    /** Where either arrives, for the rest of the transaction. */
    public static final String ENTRY_TABLES =
            """
            CREATE TEMPORARY TABLE pgchorus_deltas (key text[], column_name text, amount numeric,
                micros bigint, node smallint) ON COMMIT DROP;
            CREATE TEMPORARY TABLE pgchorus_displaced (key text[], columns text[], "row" text[],
                micros bigint, node smallint, since timestamptz) ON COMMIT DROP\
            """;

    /** Takes in what was added. */
    public static final String DELTAS_IN = "COPY pg_temp.pgchorus_deltas FROM STDIN";

    /** Takes in displaced rows. */
    public static final String DISPLACED_IN = "COPY pg_temp.pgchorus_displaced FROM STDIN";

    /** Keeps both, under this database's own hashes of the keys. */
    public static String keepEntries(Table table) {
        return """
        INSERT INTO pgchorus.delta_entry \
        (relation, hash, hash2, key, column_name, amount, micros, node) \
        SELECT %1$d, %2$s, %3$s, v.key, v.column_name, v.amount, v.micros, v.node \
        FROM pg_temp.pgchorus_deltas v; \
        INSERT INTO pgchorus.displaced_row \
        (relation, hash, hash2, key, columns, "row", micros, node, since) \
        SELECT %1$d, %2$s, %3$s, v.key, v.columns, v."row", v.micros, v.node, v.since \
        FROM pg_temp.pgchorus_displaced v\
        """
                .formatted(
                        table.oid(),
                        KeySql.hashOfTexts(table, "v.key", 0),
                        KeySql.hashOfTexts(table, "v.key", 1));
    }

    /** Sequences of user schemas: schema, name, last value (null if not used yet). */
    public static final String SEQUENCES =
            """
            SELECT schemaname, sequencename, last_value FROM pg_catalog.pg_sequences
            WHERE schemaname NOT IN ('pg_catalog', 'information_schema', 'pgchorus')
              AND last_value IS NOT NULL ORDER BY 1, 2\
            """;

    /** Sets a sequence that exists; parameters: quoted name, value. */
    public static final String SET_SEQUENCE =
            "SELECT pg_catalog.setval(to_regclass(v.n), v.p) FROM (VALUES (?, ?::bigint)) v (n, p)"
                    + " WHERE to_regclass(v.n) IS NOT NULL";

    /** Empties tables again after a failed copy. */
    public static String empty(List<TableName> tables) {
        return "TRUNCATE "
                + tables.stream().map(t -> "ONLY " + Sql.name(t)).collect(Collectors.joining(", "));
    }
}
