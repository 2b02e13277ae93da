package org.pgchorus.sql;

import org.pgchorus.model.Relation;
import org.pgchorus.model.Row;
import org.pgchorus.model.Table;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The statements that the careful path needs for one table, and the parameters they take from a row
 * of the source.
 *
 * <p>Rows are in the source's column order throughout, so values need no shuffling. Immutable; safe
 * to share between threads.
 */
public final class RowSql {
    /**
     * How a row's stamp is read: commit time in micros, origin id, the override if any, whether
     * this very transaction wrote it (it has no commit time yet then), the transaction that wrote
     * it, and the statement's snapshot.
     *
     * <p>A statement that had to wait for the row's lock goes on with the row as it was left, but
     * looks for the override with the snapshot from before it waited. So an override counts only if
     * that snapshot sees the row's transaction.
     */
    private static final String STAMP =
            """
            pgchorus.micros((pg_catalog.pg_xact_commit_timestamp_origin(t.xmin)).timestamp), \
            (pg_catalog.pg_xact_commit_timestamp_origin(t.xmin)).roident::bigint, \
            (SELECT s.micros || '@' || s.node FROM pgchorus.stamp s WHERE s.relation = %d \
            AND s.hash = %s AND s.hash2 = %s AND s.row_xmin = t.xmin LIMIT 1), \
            t.xmin = pg_catalog.pg_current_xact_id_if_assigned()::xid, t.xmin::text, \
            pg_catalog.pg_current_snapshot()::text\
            """;

    private final Table table;
    private final Relation relation;
    private final int[] keyIndexes;
    private final int[] settable;

    /** Reads a row and its stamp under a row lock; parameters: key. */
    public final String lock;

    /** Reads the same without a lock; parameters: key. */
    public final String read;

    /**
     * Tombstones of a key: micros, origin, given node, whether this very transaction left it;
     * parameters: key, key.
     */
    public final String tombstone;

    /** Writes a new row unless its key is there; parameters: all columns. */
    public final String insert;

    /** Overwrites a row; parameters: {@link #settable}, then the key. */
    public final String update;

    /** Removes a row; parameters: key. */
    public final String delete;

    /**
     * Leaves a tombstone; parameters: key three times, then provisional, micros and node (both null
     * if this transaction's own stamp is meant).
     */
    public final String bury;

    /**
     * Says that the row this transaction wrote has another stamp; parameters: key twice, micros,
     * node.
     */
    public final String restamp;

    /** Takes back what {@link #restamp} said in this transaction; parameters: key twice. */
    public final String unstamp;

    /** The target's oid. */
    public long oid() {
        return table.oid();
    }

    /** What the source said of it. */
    public Relation relation() {
        return relation;
    }

    /** The table here. */
    public Table table() {
        return table;
    }

    /**
     * @param relation the source's description
     * @param table the target's, with a key
     * @throws IllegalArgumentException if the source sends a column that the target lacks, or lacks
     *     a key column of the target; the message says which
     */
    public RowSql(Relation relation, Table table) {
        this.relation = relation;
        this.table = table;
        List<String> sent = relation.columns().stream().map(Relation.Column::name).toList();
        requireColumns(sent, table);
        keyIndexes = table.key().stream().mapToInt(sent::indexOf).toArray();
        settable =
                IntStream.range(0, sent.size())
                        .filter(i -> !isIdentityAlways(sent.get(i)))
                        .toArray();
        String name = Sql.name(table.name());
        String where = table.hasKey() ? KeySql.condition(table, "t.") : "false";
        String columns = Sql.names(sent);
        read = "SELECT %s FROM ONLY %s AS t WHERE %s".formatted(selected(), name, where);
        lock = read + " FOR UPDATE OF t";
        tombstone = tombstoneOf(table);
        String conflict =
                table.hasKey() ? " ON CONFLICT (" + Sql.names(table.key()) + ") DO NOTHING" : "";
        insert =
                "INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE VALUES (%s)%s"
                        .formatted(name, columns, marks(sent.size()), conflict);
        update = "UPDATE ONLY %s AS t SET %s WHERE %s".formatted(name, assignments(sent), where);
        delete = "DELETE FROM ONLY %s AS t WHERE %s".formatted(name, where);
        bury = table.hasKey() ? buryIn(table) : "";
        restamp = table.hasKey() ? restampIn(table) : "";
        unstamp = table.hasKey() ? unstampIn(table) : "";
    }

    /** The statements for whole rows of a table as it is here, columns in the table's order. */
    public static RowSql of(Table table) {
        return of(
                table,
                table.columns().stream()
                        .filter(c -> !c.generated())
                        .map(Table.Column::name)
                        .toList());
    }

    /** The same for some of its columns, the key's among them. */
    public static RowSql of(Table table, List<String> columns) {
        List<Relation.Column> described =
                columns.stream()
                        .map(c -> new Relation.Column(c, table.key().contains(c), 0, -1))
                        .toList();
        return new RowSql(new Relation(0, table.name(), 'd', described), table);
    }

    private static void requireColumns(List<String> sent, Table table) {
        List<String> here = table.columns().stream().map(Table.Column::name).toList();
        List<String> missing = new ArrayList<>(sent);
        missing.removeAll(here);
        if (!missing.isEmpty()) {
            throw new IllegalArgumentException(
                    "table %s lacks the column %s".formatted(table.name(), missing));
        }
        List<String> unsent = new ArrayList<>(table.key());
        unsent.removeAll(sent);
        if (!unsent.isEmpty()) {
            throw new IllegalArgumentException(
                    "the source's table %s lacks the key column %s"
                            .formatted(table.name(), unsent));
        }
    }

    /** What {@link #read} selects of the row {@code t}: its columns, then its stamp. */
    String selected() {
        String columns =
                columnNames().stream()
                        .map(c -> "t." + Sql.name(c))
                        .collect(Collectors.joining(", "));
        return columns + ", " + stampOf(table);
    }

    private static String stampOf(Table table) {
        if (!table.hasKey()) {
            return "NULL, NULL, NULL, NULL, NULL, NULL";
        }
        return STAMP.formatted(
                table.oid(), KeySql.hashOfRow(table, "t", 0), KeySql.hashOfRow(table, "t", 1));
    }

    private static String tombstoneOf(Table table) {
        String ofKey =
                table.hasKey()
                        ? "(e.hash = %s AND e.hash2 = %s) OR "
                                .formatted(
                                        KeySql.hashOfParameters(table, 0),
                                        KeySql.hashOfParameters(table, 1))
                        : "";
        return """
        SELECT coalesce(e.micros, pgchorus.micros(x.timestamp)), \
        CASE WHEN e.micros IS NULL THEN x.roident::bigint END, e.node, \
        e.xmin = pg_catalog.pg_current_xact_id_if_assigned()::xid \
        FROM pgchorus.tombstone_entry e, \
        LATERAL pg_catalog.pg_xact_commit_timestamp_origin(e.xmin) x \
        WHERE e.relation = %d \
        AND (%s(e.hash = 0 AND e.hash2 = 0 AND e.key IS NULL))\
        """
                .formatted(table.oid(), ofKey);
    }

    private static String buryIn(Table table) {
        return """
        INSERT INTO pgchorus.tombstone_entry (relation, hash, hash2, key, provisional, \
        micros, node) VALUES (%d, %s, %s, %s, ?::boolean, ?::bigint, ?::smallint)\
        """
                .formatted(
                        table.oid(),
                        KeySql.hashOfParameters(table, 0),
                        KeySql.hashOfParameters(table, 1),
                        KeySql.textsOfParameters(table));
    }

    private static String restampIn(Table table) {
        return """
        INSERT INTO pgchorus.stamp_entry (relation, hash, hash2, row_xmin, micros, node) \
        VALUES (%d, %s, %s, pg_catalog.pg_current_xact_id()::xid, ?::bigint, ?::smallint)\
        """
                .formatted(
                        table.oid(),
                        KeySql.hashOfParameters(table, 0),
                        KeySql.hashOfParameters(table, 1));
    }

    private static String unstampIn(Table table) {
        return """
        DELETE FROM pgchorus.stamp_entry WHERE relation = %d AND hash = %s AND hash2 = %s \
        AND row_xmin = pg_catalog.pg_current_xact_id()::xid\
        """
                .formatted(
                        table.oid(),
                        KeySql.hashOfParameters(table, 0),
                        KeySql.hashOfParameters(table, 1));
    }

    /**
     * All columns, the key too: two equal keys may still be written differently (1.0, 1.00). But
     * for {@code GENERATED ALWAYS AS IDENTITY} ones, which no UPDATE may set.
     */
    private String assignments(List<String> sent) {
        if (settable.length == 0) {
            return table.key().stream()
                    .map(c -> Sql.name(c) + " = " + Sql.name(c))
                    .collect(Collectors.joining(", "));
        }
        return Arrays.stream(settable)
                .mapToObj(i -> Sql.name(sent.get(i)) + " = ?")
                .collect(Collectors.joining(", "));
    }

    private boolean isIdentityAlways(String column) {
        return table.columns().stream()
                .anyMatch(c -> c.name().equals(column) && c.identityAlways());
    }

    /**
     * Whether a row can be overwritten by an UPDATE; if not, it has a column besides the key that
     * only an INSERT may set.
     */
    public boolean canUpdate() {
        return relation.columns().stream()
                .noneMatch(c -> isIdentityAlways(c.name()) && !table.key().contains(c.name()));
    }

    private static String marks(int count) {
        return String.join(", ", Collections.nCopies(count, "?"));
    }

    /** The key's values in a row of the source. */
    public List<String> key(Row row) {
        List<String> values = new ArrayList<>();
        for (int index : keyIndexes) {
            values.add(row.text(index).orElse(null));
        }
        return values;
    }

    /** Whether the column at that place of the source's rows is part of the key. */
    public boolean isKey(int column) {
        for (int index : keyIndexes) {
            if (index == column) {
                return true;
            }
        }
        return false;
    }

    /** The parameters of {@link #insert}. */
    public List<String> all(Row row) {
        List<String> values = new ArrayList<>();
        for (int i = 0; i < row.size(); i++) {
            values.add(row.text(i).orElse(null));
        }
        return values;
    }

    /** The parameters of {@link #update}, but for the key. */
    public List<String> settable(Row row) {
        List<String> values = new ArrayList<>();
        for (int index : settable) {
            values.add(row.text(index).orElse(null));
        }
        return values;
    }

    /**
     * An expression that makes a JSON object of some columns' values, each by its own type; one
     * parameter for each of them. Columns that are not here any more come as texts.
     *
     * @param columns places in the rows; at least one
     */
    public String json(List<Integer> columns) {
        return json(columns, column -> "?");
    }

    /**
     * The same of other values.
     *
     * @param value an expression for the text of the column at a place
     */
    public String json(List<Integer> columns, IntFunction<String> value) {
        String values =
                columns.stream()
                        .map(i -> typed(columnNames().get(i), value.apply(i)))
                        .collect(Collectors.joining(", "));
        return "(SELECT row_to_json(r.*) FROM (SELECT " + values + ") r)";
    }

    private String typed(String name, String value) {
        return value + "::" + typeOf(name) + " AS " + Sql.name(name);
    }

    /** The places of the columns that an UPDATE may set, in the rows. */
    public int[] settableColumns() {
        return settable.clone();
    }

    /** The places of the key's columns in the rows, in key order. */
    public List<Integer> keyColumns() {
        return Arrays.stream(keyIndexes).boxed().toList();
    }

    private String typeOf(String column) {
        return table.columns().stream()
                .filter(c -> c.name().equals(column))
                .findFirst()
                .map(Table.Column::type)
                .orElse("text");
    }

    /** The names of the columns in the rows' order. */
    public List<String> columnNames() {
        return relation.columns().stream().map(Relation.Column::name).toList();
    }
}
