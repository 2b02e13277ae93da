package org.pgchorus.verify;

import org.pgchorus.model.NodeName;
import org.pgchorus.model.Stamp;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A row that differs.
 *
 * @param key its key columns' texts by name; empty for a table without a key
 * @param columns the names of its columns, in the order of the values
 * @param versions what each node has; a node without the row is missing
 * @param causes what may have led to it; may be empty
 */
public record Difference(
        Map<String, String> key,
        List<String> columns,
        SortedMap<NodeName, Version> versions,
        List<String> causes) {
    /** Copies what can change. */
    public Difference {
        columns = List.copyOf(columns);
        versions = new TreeMap<>(versions);
        causes = List.copyOf(causes);
    }

    /**
     * One node's version of it.
     *
     * @param values as texts; null for NULL
     * @param stamp empty for a row without a key
     * @param times how often it is there
     */
    public record Version(List<String> values, Optional<Stamp> stamp, long times) {}

    /** The places of the columns that are not the same wherever the row is. */
    public List<Integer> differing() {
        return java.util.stream.IntStream.range(0, columns.size())
                .filter(i ->
                        versions.values().stream()
                                        .map(v -> Optional.ofNullable(v.values.get(i)))
                                        .distinct()
                                        .count()
                                > 1)
                .boxed()
                .toList();
    }

    /** The same with causes. */
    Difference because(List<String> found) {
        return new Difference(key, columns, versions, found);
    }
}
