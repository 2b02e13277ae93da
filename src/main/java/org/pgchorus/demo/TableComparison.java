package org.pgchorus.demo;

import org.pgchorus.config.Address;
import org.pgchorus.model.Table;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.Sql;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Every row of some tables on several nodes, read as text and laid side by side.
 *
 * <p>It knows nothing of replication and trusts none of it: it asks each database for all its rows.
 * Rows are told apart by primary key; those of a table without one by their whole text, counted. It
 * keeps all rows in memory and asks the nodes one after another, so it is for small tables that
 * nobody writes; {@code verify} is for the others. Immutable.
 *
 * @param differences one sentence each, with both rows; empty if all nodes are equal
 * @param rows of each table, as the first node has them
 */
public record TableComparison(List<String> differences, SortedMap<TableName, Long> rows) {
    /** More say nothing new; how many there are in all is told. */
    private static final int SHOWN_PER_TABLE = 20;

    private static final String ABSENT = "no row";

    /** What differs between the databases in all tables that any of them has. */
    public static List<String> differences(List<Address> nodes) {
        return differences(nodes, List.of());
    }

    /**
     * What differs between the databases, which are called by host, port and name.
     *
     * @param tables which ones to compare; all that any database has if empty
     * @return one sentence each; empty if all are equal
     */
    public static List<String> differences(List<Address> nodes, List<TableName> tables) {
        Map<String, Address> labelled = new LinkedHashMap<>();
        nodes.forEach(node ->
                labelled.put(
                        "%s:%d/%s".formatted(node.host(), node.port(), node.database()), node));
        return of(labelled, tables).differences;
    }

    /**
     * Compares databases.
     *
     * @param nodes at least one, by the names to use in sentences; the first is shown first
     * @param tables which ones to compare; all that any database has if empty
     */
    public static TableComparison of(Map<String, Address> nodes, List<TableName> tables) {
        Map<String, Session> sessions = new LinkedHashMap<>();
        try {
            nodes.forEach((name, address) ->
                    sessions.put(name, Session.open(address, "pgchorus comparison")));
            SortedSet<TableName> chosen = new TreeSet<>(tables);
            if (tables.isEmpty()) {
                sessions.values().forEach(it -> chosen.addAll(Catalog.userTables(it)));
            }
            List<String> differences = new ArrayList<>();
            SortedMap<TableName, Long> rows = new TreeMap<>();
            chosen.forEach(table -> rows.put(table, compare(table, sessions, differences)));
            return new TableComparison(List.copyOf(differences), rows);
        } finally {
            sessions.values().forEach(Session::close);
        }
    }

    /** Adds a table's differences; returns how many rows the first node has. */
    private static long compare(
            TableName table, Map<String, Session> sessions, List<String> differences) {
        Map<String, Table> shapes = new LinkedHashMap<>();
        sessions.forEach((node, session) -> {
            Optional<Catalog.Described> found = Catalog.describe(session, table);
            found.ifPresentOrElse(
                    it -> shapes.put(node, it.table()),
                    () -> differences.add("%s: %s has no such table".formatted(table, node)));
        });
        if (shapes.isEmpty()) {
            return 0;
        }
        Map.Entry<String, Table> first = shapes.entrySet().iterator().next();
        Map<String, SortedMap<String, String>> contents = new LinkedHashMap<>();
        shapes.forEach((node, shape) -> {
            if (columns(shape).equals(columns(first.getValue()))) {
                contents.put(node, read(sessions.get(node), first.getValue()));
            } else {
                differences.add(
                        "%s: columns are %s on %s and %s on %s"
                                .formatted(
                                        table,
                                        columns(first.getValue()),
                                        first.getKey(),
                                        columns(shape),
                                        node));
            }
        });
        compareRows(first.getValue(), contents, differences);
        return first.getValue().hasKey()
                ? contents.get(first.getKey()).size()
                : contents.get(first.getKey()).values().stream().mapToLong(Long::parseLong).sum();
    }

    private static SortedSet<String> columns(Table table) {
        SortedSet<String> names = new TreeSet<>();
        table.columns().forEach(it -> names.add(it.name()));
        return names;
    }

    /** Row by key; or, in a table without a key, how often there is a row by that row. */
    private static SortedMap<String, String> read(Session session, Table table) {
        List<String> all = table.columns().stream().map(Table.Column::name).toList();
        String source = " FROM " + Sql.name(table.name());
        String sql =
                table.hasKey()
                        ? "SELECT " + row(table.key()) + ", " + row(all) + source + " ORDER BY 2"
                        : "SELECT " + row(all) + ", count(*)" + source + " GROUP BY 1";
        SortedMap<String, String> rows = new TreeMap<>();
        // A key twice, as a parent of other tables or a broken index has it, must not hide a row.
        session.query(sql, it -> rows.merge(it.text(1), it.text(2), (a, b) -> a + " and " + b));
        return rows;
    }

    private static String row(List<String> columns) {
        return "ROW(" + Sql.names(columns) + ")::text";
    }

    private static void compareRows(
            Table table,
            Map<String, SortedMap<String, String>> contents,
            List<String> differences) {
        SortedSet<String> keys = new TreeSet<>();
        contents.values().forEach(it -> keys.addAll(it.keySet()));
        int found = 0;
        for (String key : keys) {
            if (contents.values().stream()
                            .map(it -> it.getOrDefault(key, ABSENT))
                            .distinct()
                            .count()
                    > 1) {
                found++;
                if (found <= SHOWN_PER_TABLE) {
                    differences.add(sentence(table, key, contents));
                }
            }
        }
        if (found > SHOWN_PER_TABLE) {
            differences.add(
                    "%s: %d more rows differ".formatted(table.name(), found - SHOWN_PER_TABLE));
        }
    }

    private static String sentence(
            Table table, String key, Map<String, SortedMap<String, String>> contents) {
        List<String> versions = new ArrayList<>();
        contents.forEach((node, rows) -> {
            String row = rows.getOrDefault(key, ABSENT);
            versions.add(
                    table.hasKey() || row.equals(ABSENT)
                            ? "%s: %s".formatted(node, row)
                            : "%s: %s times".formatted(node, row));
        });
        return "%s %s differs; %s".formatted(table.name(), key, String.join("; ", versions));
    }
}
