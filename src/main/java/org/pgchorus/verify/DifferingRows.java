package org.pgchorus.verify;

import org.pgchorus.model.NodeName;
import org.pgchorus.model.Stamp;
import org.pgchorus.model.Table;
import org.pgchorus.pg.Session;
import org.pgchorus.verify.Difference.Version;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Reads rows that differ as people want to see them: values, stamps, causes. No state. */
final class DifferingRows {
    private DifferingRows() {}

    /** The rows as they are now: they may have changed since they were found to differ. */
    static List<Difference> read(Sides sides, Causes causes, List<Suspect> confirmed)
            throws Unreadable {
        if (confirmed.isEmpty()) {
            return List.of();
        }
        List<RowKey> keys = confirmed.stream().map(Suspect::key).toList();
        Table table = sides.each().getFirst().table();
        List<String> columns = sides.each().getFirst().sql().columns();
        Map<NodeName, Map<RowKey, Version>> all =
                sides.all(side -> table.hasKey() ? byKey(side, keys) : byHash(side, keys));
        List<Difference> differences = new ArrayList<>();
        for (Suspect suspect : confirmed) {
            SortedMap<NodeName, Version> versions = new TreeMap<>();
            all.forEach((node, rows) -> {
                if (rows.containsKey(suspect.key())) {
                    versions.put(node, times(suspect, node, table, rows.get(suspect.key())));
                }
            });
            differences.add(
                    new Difference(
                            named(table, suspect.key()),
                            columns,
                            versions,
                            causes.ofRow(suspect.key())));
        }
        return differences;
    }

    /** A row without a key was counted; one with a key is there once. */
    private static Version times(Suspect suspect, NodeName node, Table table, Version version) {
        RowVersion seen = suspect.seen().get(node);
        return table.hasKey() || seen == null
                ? version
                : new Version(version.values(), version.stamp(), Long.parseLong(seen.digest()));
    }

    private static Map<String, String> named(Table table, RowKey key) {
        Map<String, String> named = new LinkedHashMap<>();
        for (int i = 0; i < table.key().size(); i++) {
            named.put(table.key().get(i), key.values().get(i));
        }
        return named;
    }

    private static Map<RowKey, Version> byKey(Side side, List<RowKey> keys) {
        Map<RowKey, Version> rows = new HashMap<>();
        session(side)
                .query(
                        side.sql().valuesOfKeys(side.table()),
                        row -> rows.put(new RowKey(row.texts(1)), version(row)),
                        side.byColumn(keys));
        return rows;
    }

    private static Version version(Session.Answer row) {
        Stamp stamp =
                new Stamp(
                        row.number(3, Stamp.UNKNOWN.micros()),
                        (int) row.number(4, Stamp.UNKNOWN.node()));
        return new Version(row.texts(2), Optional.of(stamp), 1);
    }

    private static Map<RowKey, Version> byHash(Side side, List<RowKey> keys) {
        Map<RowKey, Version> rows = new HashMap<>();
        session(side)
                .query(
                        side.sql().valuesOfHashes(),
                        row ->
                                rows.put(
                                        new RowKey(row.texts(1)),
                                        new Version(row.texts(2), Optional.empty(), 1)),
                        Side.firstHashes(keys));
        return rows;
    }

    private static Session session(Side side) {
        return side.node().session();
    }
}
