package org.pgchorus.sql;

import org.pgchorus.model.Row;
import org.pgchorus.model.Table;
import org.pgchorus.model.Uniqueness;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The statements that displacement needs for one table: who clashes with a row, which displaced
 * versions may come back, and the keeping of these.
 *
 * <p>How a row that is not in the table is asked for its index expressions: it becomes a subselect
 * whose columns have the table's names, types and collations, so that the bare column names of an
 * expression mean that row there, and the table's own rows {@code t} outside of it. A generated
 * column is computed from its expression. A column that the source does not send has the value that
 * the table's row under the same key has, or NULL if there is none. Expressions over the whole row
 * ({@code t.*}) are not understood.
 *
 * <p>Immutable; safe to share between threads.
 */
public final class UniqueSql {
    /** A uniqueness with more elements has its NULLs looked for one by one, not all by index. */
    private static final int MAX_EXPANDED_ELEMENTS = 4;

    private static final String UNKNOWN_MICROS = "'-9223372036854775808'::bigint";

    private final RowSql rows;
    private final Table table;
    private final List<Uniqueness> uniquenesses;
    private final Map<String, Uniqueness.Column> used = new LinkedHashMap<>();
    private final int[] sent;

    /**
     * The rows other than the one under the same key that clash with a row on any uniqueness,
     * locked, in no certain order; what is selected is what {@link RowSql#read} selects.
     * Parameters: {@link #values}.
     */
    public final String lockClashing;

    /**
     * The displaced versions that no live row with a higher stamp clashes with, and those that are
     * obsolete: seq, key, columns, row, micros, node, obsolete; highest stamp first; and those
     * whose key has an older row in the table, which two links at once may leave. Obsolete: the
     * table has a row under that key that is at least as new, or there is a newer tombstone. Equal
     * stamps are ordered by the text of their keys, as {@code Displacement} does. Parameters:
     * micros and node of the transaction under way, which its own rows do not show yet (null if it
     * wrote none), the most to list, how many to leave out before.
     */
    public final String free;

    /**
     * The displaced version of a key, locked: seq, columns, row, micros, node; parameters: key
     * twice.
     */
    public final String lockDisplaced;

    /**
     * Keeps a displaced version, unless a newer one of its key is kept, in place of an older one;
     * touches one row if it did. Parameters: key three times, columns, row, micros, node.
     */
    public final String displace;

    /**
     * Keeps all other writers out until the transaction ends. Needed where a uniqueness is
     * deferrable: the server does not check it for sessions that apply.
     */
    public final String lockTable;

    /** Tables that have displaced versions: schema, name. */
    public static final String DISPLACED_TABLES =
            """
            SELECT DISTINCT n.nspname, c.relname FROM pgchorus.displaced_row d
            JOIN pg_class c ON c.oid = d.relation JOIN pg_namespace n ON n.oid = c.relnamespace\
            """;

    /** Forgets a displaced version; parameters: seq. */
    public static final String FORGET = "DELETE FROM pgchorus.displaced_row WHERE seq = ?::bigint";

    /**
     * @param rows the table's other statements
     * @param uniquenesses what its rows may not have in common, may be none
     * @throws IllegalArgumentException if the table has no key
     */
    public UniqueSql(RowSql rows, List<Uniqueness> uniquenesses) {
        this.rows = rows;
        this.table = rows.table();
        this.uniquenesses = List.copyOf(uniquenesses);
        if (!table.hasKey()) {
            throw new IllegalArgumentException("the table " + table.name() + " has no key");
        }
        for (Uniqueness uniqueness : uniquenesses) {
            uniqueness.columns().forEach(column -> used.put(column.name(), column));
        }
        for (String column : table.key()) {
            used.putIfAbsent(column, new Uniqueness.Column(column, "", ""));
        }
        List<String> names = rows.columnNames();
        sent =
                ordinary()
                        .map(Uniqueness.Column::name)
                        .mapToInt(names::indexOf)
                        .filter(i -> i >= 0)
                        .toArray();
        lockClashing = lockClashing();
        free = free();
        String ofKey =
                "relation = %d AND hash = %s AND hash2 = %s"
                        .formatted(
                                table.oid(),
                                KeySql.hashOfParameters(table, 0),
                                KeySql.hashOfParameters(table, 1));
        lockDisplaced =
                "SELECT seq, columns, \"row\", micros, node FROM pgchorus.displaced_row WHERE "
                        + ofKey
                        + " FOR UPDATE";
        displace = displaceIn(table);
        lockTable =
                "LOCK TABLE ONLY %s IN SHARE ROW EXCLUSIVE MODE".formatted(Sql.name(table.name()));
    }

    /** The statements it was made for. */
    public RowSql rows() {
        return rows;
    }

    /** What the table's rows may not have in common. */
    public List<Uniqueness> uniquenesses() {
        return uniquenesses;
    }

    /** The parameters of {@link #lockClashing}: values of a row of the source, as texts. */
    public List<String> values(Row row) {
        List<String> values = new ArrayList<>();
        for (int index : sent) {
            values.add(row.text(index).orElse(null));
        }
        return values;
    }

    private Stream<Uniqueness.Column> ordinary() {
        return used.values().stream().filter(c -> !c.generated());
    }

    private String lockClashing() {
        String given =
                ordinary()
                        .filter(c -> rows.columnNames().contains(c.name()))
                        .map(c -> typed("?", c))
                        .collect(Collectors.joining(", "));
        String same =
                table.key().stream()
                        .map(c -> "t.%1$s = (SELECT n.%1$s FROM n)".formatted(Sql.name(c)))
                        .collect(Collectors.joining(" AND "));
        String clash =
                IntStream.range(0, uniquenesses.size())
                        .mapToObj(i -> "(" + clash(i, "(SELECT e.%s FROM e)") + ")")
                        .collect(Collectors.joining(" OR "));
        return """
        WITH n AS (%s), e AS (SELECT %s FROM n) \
        SELECT %s FROM ONLY %s AS t WHERE NOT (%s) AND (%s) FOR UPDATE OF t\
        """
                .formatted(
                        completed("SELECT " + given),
                        elements(),
                        rows.selected(),
                        Sql.name(table.name()),
                        same,
                        clash.isEmpty() ? "false" : clash);
    }

    /** The row with the columns that no source sends: those it lacks, and the generated ones. */
    private String completed(String given) {
        String same =
                table.key().stream()
                        .map(c -> "t.%1$s = b.%1$s".formatted(Sql.name(c)))
                        .collect(Collectors.joining(" AND "));
        String lacking =
                ordinary()
                        .map(Uniqueness.Column::name)
                        .filter(c -> !rows.columnNames().contains(c))
                        .map(c ->
                                ", (SELECT t.%1$s FROM ONLY %2$s AS t WHERE %3$s) AS %1$s"
                                        .formatted(Sql.name(c), Sql.name(table.name()), same))
                        .collect(Collectors.joining());
        return computed("SELECT b.*%s FROM (%s) b".formatted(lacking, given));
    }

    private String computed(String ordinary) {
        String generated =
                used.values().stream()
                        .filter(Uniqueness.Column::generated)
                        .map(c -> ", " + typed(escaped(c.generation()), c))
                        .collect(Collectors.joining());
        return "SELECT b.*%s FROM (%s) b".formatted(generated, ordinary);
    }

    private String typed(String value, Uniqueness.Column column) {
        return "CAST(%s AS %s)%s AS %s"
                .formatted(
                        value,
                        KeySql.typeOf(table, column.name()),
                        collate(column.collation()),
                        Sql.name(column.name()));
    }

    private static String collate(String collation) {
        return collation.isEmpty() ? "" : " COLLATE " + collation;
    }

    /** Every element's value for the row whose columns are in sight, NULL outside a predicate. */
    private String elements() {
        List<String> values = new ArrayList<>();
        for (int i = 0; i < uniquenesses.size(); i++) {
            Uniqueness uniqueness = uniquenesses.get(i);
            String predicate = predicate(uniqueness);
            values.add("(%s) IS TRUE AS %s".formatted(predicate, within(i)));
            for (int j = 0; j < uniqueness.elements().size(); j++) {
                values.add(
                        "CASE WHEN %s THEN %s END AS %s"
                                .formatted(predicate, expression(uniqueness, j), element(i, j)));
            }
        }
        return values.isEmpty() ? "true" : String.join(", ", values);
    }

    private static String predicate(Uniqueness uniqueness) {
        return uniqueness.predicate().isEmpty()
                ? "true"
                : "(" + escaped(uniqueness.predicate()) + ")";
    }

    private static String expression(Uniqueness uniqueness, int element) {
        return escaped(uniqueness.elements().get(element).expression());
    }

    private static String within(int uniqueness) {
        return "p" + uniqueness;
    }

    private static String element(int uniqueness, int element) {
        return "v" + uniqueness + "_" + element;
    }

    /**
     * Whether the row whose columns are in sight clashes with the one given.
     *
     * @param given how a value of {@link #elements} is named
     */
    private String clash(int index, String given) {
        Uniqueness uniqueness = uniquenesses.get(index);
        int count = uniqueness.elements().size();
        String equal = predicate(uniqueness) + " AND ";
        if (!uniqueness.nullsNotDistinct()) {
            return equal
                    + IntStream.range(0, count)
                            .mapToObj(j -> compared(index, j, given))
                            .collect(Collectors.joining(" AND "));
        }
        equal += given.formatted(within(index)) + " AND ";
        if (count > MAX_EXPANDED_ELEMENTS) {
            return equal
                    + IntStream.range(0, count)
                            .mapToObj(j ->
                                    "(%s OR %s)"
                                            .formatted(
                                                    compared(index, j, given),
                                                    bothNull(index, j, given)))
                            .collect(Collectors.joining(" AND "));
        }
        return equal
                + IntStream.range(0, 1 << count)
                        .mapToObj(nulls ->
                                IntStream.range(0, count)
                                        .mapToObj(j ->
                                                (nulls >> j & 1) == 1
                                                        ? bothNull(index, j, given)
                                                        : compared(index, j, given))
                                        .collect(Collectors.joining(" AND ", "(", ")")))
                        .collect(Collectors.joining(" OR ", "(", ")"));
    }

    private String compared(int uniqueness, int element, String given) {
        Uniqueness.Element what = uniquenesses.get(uniqueness).elements().get(element);
        return "%s%s %s %s"
                .formatted(
                        escaped(what.expression()),
                        collate(what.collation()),
                        escaped(what.operator()),
                        given.formatted(element(uniqueness, element)));
    }

    private String bothNull(int uniqueness, int element, String given) {
        return "%s IS NULL AND %s IS NULL"
                .formatted(
                        expression(uniquenesses.get(uniqueness), element),
                        given.formatted(element(uniqueness, element)));
    }

    private String free() {
        String given =
                ordinary()
                        .map(c ->
                                typed(
                                        "d.\"row\"[array_position(d.columns, %s)]"
                                                .formatted(Sql.literal(c.name())),
                                        c))
                        .collect(Collectors.joining(", "));
        String unhindered =
                IntStream.range(0, uniquenesses.size())
                        .mapToObj(i ->
                                " AND NOT EXISTS (SELECT FROM ONLY %s AS t WHERE %s AND %s)"
                                        .formatted(
                                                Sql.name(table.name()),
                                                clash(i, "e.%s"),
                                                liveIsNewer(
                                                        ">", KeySql.texts(table, "t"), "d.key")))
                        .collect(Collectors.joining());
        return """
        WITH own AS (SELECT CAST(? AS bigint) AS micros, CAST(? AS integer) AS node) \
        SELECT d.seq, d.key, d.columns, d."row", d.micros, d.node, f.obsolete \
        FROM pgchorus.displaced_row d \
        CROSS JOIN LATERAL (SELECT %s OR %s AS obsolete, EXISTS (%s) AS doubled) f \
        CROSS JOIN LATERAL (SELECT %s FROM (%s) n) e \
        WHERE d.relation = %d AND (f.obsolete OR f.doubled OR (true%s)) \
        ORDER BY d.micros DESC, d.node DESC, d.key COLLATE "C" DESC \
        LIMIT ?::bigint OFFSET ?::bigint\
        """
                .formatted(
                        "EXISTS (%s AND %s)".formatted(live(), liveIsNewer(">=", "0", "0")),
                        buried(),
                        live(),
                        elements(),
                        computed("SELECT " + given),
                        table.oid(),
                        unhindered);
    }

    /** The live row under the key of the displaced one. */
    private String live() {
        String same =
                IntStream.range(0, table.key().size())
                        .mapToObj(i ->
                                "t.%s = d.key[%d]::%s"
                                        .formatted(
                                                Sql.name(table.key().get(i)),
                                                i + 1,
                                                KeySql.typeOf(table, table.key().get(i))))
                        .collect(Collectors.joining(" AND "));
        return "SELECT FROM ONLY %s AS t WHERE %s".formatted(Sql.name(table.name()), same);
    }

    /** Whether the stamp of the live row {@code t} is above that of the displaced one. */
    private String liveIsNewer(String comparison, String liveTie, String displacedTie) {
        String collation = liveTie.equals("0") ? "" : " COLLATE \"C\"";
        return """
        (SELECT (%s, %s%s) %s (d.micros, d.node, %s%s) FROM own w \
        CROSS JOIN LATERAL pg_catalog.pg_xact_commit_timestamp_origin(t.xmin) x \
        LEFT JOIN LATERAL (%s) o ON true)\
        """
                .formatted(
                        stamp("o", "t"),
                        liveTie,
                        collation,
                        comparison,
                        displacedTie,
                        collation,
                        StampSql.ofOne(table));
    }

    private String buried() {
        return """
        EXISTS (SELECT FROM own w CROSS JOIN pgchorus.tombstone_entry g \
        CROSS JOIN LATERAL pg_catalog.pg_xact_commit_timestamp_origin(g.xmin) x \
        WHERE g.relation = %d AND ((g.hash = d.hash AND g.hash2 = d.hash2) \
        OR (g.hash = 0 AND g.hash2 = 0 AND g.key IS NULL)) AND (%s) > (d.micros, d.node))\
        """
                .formatted(table.oid(), stamp("g", "g"));
    }

    /** Micros and node: the given ones, or this transaction's, or those of the row's xmin. */
    private static String stamp(String given, String row) {
        return """
        coalesce(%1$s.micros, CASE WHEN %2$s THEN w.micros \
        ELSE pgchorus.micros(x.timestamp) END, %3$s), \
        coalesce(%1$s.node::integer, CASE WHEN %2$s THEN w.node \
        WHEN x.timestamp IS NOT NULL THEN pgchorus.writer(x.roident) END, 0)\
        """
                .formatted(
                        given,
                        row + ".xmin = pg_catalog.pg_current_xact_id_if_assigned()::xid",
                        UNKNOWN_MICROS);
    }

    private static String displaceIn(Table table) {
        return """
        INSERT INTO pgchorus.displaced_row AS d \
        (relation, hash, hash2, key, columns, "row", micros, node) \
        VALUES (%d, %s, %s, %s, ?::text[], ?::text[], ?::bigint, ?::smallint) \
        ON CONFLICT (relation, hash, hash2) DO UPDATE SET key = excluded.key, \
        columns = excluded.columns, "row" = excluded."row", micros = excluded.micros, \
        node = excluded.node, since = excluded.since \
        WHERE (excluded.micros, excluded.node) >= (d.micros, d.node)\
        """
                .formatted(
                        table.oid(),
                        KeySql.hashOfParameters(table, 0),
                        KeySql.hashOfParameters(table, 1),
                        KeySql.textsOfParameters(table));
    }

    /**
     * Doubles the question marks of operators, which the driver would take for parameters. Those in
     * literals and quoted names are left alone, as the driver leaves them.
     */
    static String escaped(String expression) {
        StringBuilder escaped = new StringBuilder();
        char quote = 0;
        for (int i = 0; i < expression.length(); i++) {
            char c = expression.charAt(i);
            if (quote != 0) {
                quote = c == quote ? 0 : quote;
            } else if (c == '\'' || c == '"') {
                quote = c;
            } else if (c == '?') {
                escaped.append(c);
            }
            escaped.append(c);
        }
        return escaped.toString();
    }
}
