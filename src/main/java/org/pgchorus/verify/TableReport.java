package org.pgchorus.verify;

import org.pgchorus.model.NodeName;
import org.pgchorus.model.TableName;

import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One table, compared.
 *
 * @param rows how many rows were read of each node
 * @param differences the first of the rows that differ; how many there are says the outcome
 * @param notes what else is worth knowing, such as how the tables are not alike
 * @param orphans the first of its rows whose parents are missing; nodes may be equal all the same
 */
public record TableReport(
        TableName table,
        Outcome outcome,
        SortedMap<NodeName, Long> rows,
        List<Difference> differences,
        List<String> notes,
        List<Orphaned> orphans) {
    /** Copies what can change. */
    public TableReport {
        rows = new TreeMap<>(rows);
        differences = List.copyOf(differences);
        notes = List.copyOf(notes);
        orphans = List.copyOf(orphans);
    }
}
