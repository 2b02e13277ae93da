package org.pgchorus.verify;

import org.pgchorus.model.NodeName;
import org.pgchorus.model.Table;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.VerifySql;
import org.pgchorus.sql.VerifySql.ComparedColumn;
import org.pgchorus.sql.VerifySql.KeyColumn;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Executor;

/**
 * How a table is made on each node: whether its rows can be compared, and in which way.
 *
 * @param sides empty if they cannot
 * @param walkable whether keys have the same order on all nodes, and an index has it too
 * @param unlike how the tables are not alike, one sentence each
 */
record Alikeness(List<Side> sides, boolean walkable, List<String> unlike) {
    /** Types whose values every server puts in the same order. */
    private static final Set<String> ORDERED =
            Set.of(
                    "int2",
                    "int4",
                    "int8",
                    "oid",
                    "numeric",
                    "float4",
                    "float8",
                    "uuid",
                    "bool",
                    "date",
                    "time",
                    "timestamp",
                    "timestamptz",
                    "bytea",
                    "pg_lsn");

    /** Types whose values have the order of their collation. */
    private static final Set<String> COLLATED = Set.of("text", "varchar", "bpchar");

    /** The order of texts is not known, or not the same everywhere. */
    private static final String NO_ORDER = "";

    private record Column(
            String name, String type, String basicType, boolean nativeEquality, String order) {}

    private record Made(
            Node node, Table table, char kind, long pages, boolean ordered, List<Column> columns) {
        Map<String, String> types() {
            Map<String, String> types = new TreeMap<>();
            columns.forEach(c -> types.put(c.name, c.type));
            return types;
        }

        Column column(String name) {
            return columns.stream().filter(c -> c.name.equals(name)).findFirst().orElseThrow();
        }
    }

    /** Reads how it is made. */
    static Alikeness of(List<Node> nodes, TableName name, Executor executor) throws Unreadable {
        Map<NodeName, Optional<Made>> all =
                Sides.ask(nodes, Node::name, node -> made(node, name), executor);
        List<String> unlike = new ArrayList<>();
        all.forEach((node, made) -> {
            if (made.isEmpty()) {
                unlike.add("%s has no such table".formatted(node));
            }
        });
        List<Made> present = all.values().stream().flatMap(Optional::stream).toList();
        for (Made other : present) {
            unlike.addAll(differences(present.getFirst(), other));
        }
        if (!unlike.isEmpty() || present.isEmpty()) {
            return new Alikeness(List.of(), false, unlike);
        }
        return new Alikeness(
                present.stream().map(Alikeness::side).toList(), walkable(present), List.of());
    }

    private static Optional<Made> made(Node node, TableName name) {
        Session session = node.session();
        return Catalog.describe(session, name)
                .map(Catalog.Described::table)
                .map(table -> {
                    List<Column> columns =
                            session.query(
                                    VerifySql.COLUMNS,
                                    row ->
                                            new Column(
                                                    row.text(1),
                                                    row.text(2),
                                                    row.text(4),
                                                    row.truth(5),
                                                    row.maybe(6).orElse(NO_ORDER)),
                                    table.oid());
                    return session.first(
                                    VerifySql.SIZE,
                                    row ->
                                            new Made(
                                                    node,
                                                    table,
                                                    row.text(1).charAt(0),
                                                    row.number(2, 0),
                                                    row.truth(4),
                                                    columns),
                                    table.oid())
                            .orElseThrow();
                });
    }

    private static List<String> differences(Made one, Made other) {
        List<String> unlike = new ArrayList<>();
        Map<String, String> types = one.types();
        Map<String, String> others = other.types();
        types.forEach((column, type) -> {
            String found = others.get(column);
            if (!Objects.equals(found, type)) {
                unlike.add(
                        found == null
                                ? "%s lacks column %s of %s"
                                        .formatted(other.node.name(), column, one.node.name())
                                : "column %s is %s on %s and %s on %s"
                                        .formatted(
                                                column,
                                                type,
                                                one.node.name(),
                                                found,
                                                other.node.name()));
            }
        });
        others.keySet().stream()
                .filter(column -> !types.containsKey(column))
                .forEach(column ->
                        unlike.add(
                                "%s lacks column %s of %s"
                                        .formatted(one.node.name(), column, other.node.name())));
        if (!one.table.key().equals(other.table.key())) {
            unlike.add(
                    "the key is %s on %s and %s on %s"
                            .formatted(
                                    one.table.key(),
                                    one.node.name(),
                                    other.table.key(),
                                    other.node.name()));
        }
        return unlike;
    }

    private static boolean walkable(List<Made> all) {
        List<String> key = all.getFirst().table.key();
        return !key.isEmpty()
                && all.stream().allMatch(Made::ordered)
                && key.stream().allMatch(column -> sameOrder(all, column));
    }

    private static boolean sameOrder(List<Made> all, String column) {
        Column first = all.getFirst().column(column);
        boolean known =
                ORDERED.contains(first.basicType)
                        || COLLATED.contains(first.basicType) && !first.order.equals(NO_ORDER);
        return known && all.stream().map(m -> m.column(column).order).distinct().count() == 1;
    }

    private static Side side(Made made) {
        List<ComparedColumn> columns =
                made.columns.stream()
                        .sorted(Comparator.comparing(Column::name))
                        .map(c -> new ComparedColumn(c.name, c.basicType, c.nativeEquality))
                        .toList();
        List<KeyColumn> key =
                made.table.key().stream()
                        .map(made::column)
                        .map(c -> new KeyColumn(c.name, c.type, c.basicType, c.nativeEquality))
                        .toList();
        boolean partitioned = made.kind == 'p';
        return new Side(
                made.node,
                made.table,
                new VerifySql(made.table.name(), partitioned, columns, key),
                partitioned ? 0 : made.pages);
    }
}
