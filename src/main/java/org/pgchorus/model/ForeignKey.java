package org.pgchorus.model;

import java.util.List;

/**
 * A foreign key between two replicated tables, as one node's catalog describes it.
 *
 * @param child the table that refers; with its key, which may be empty
 * @param childPartitioned whether that is a partitioned table, whose rows are in its partitions
 * @param parent the table referred to
 * @param matchFull whether it is MATCH FULL: then a row that refers in part refers to nothing
 * @param period whether the last pair are ranges that have to be covered (PERIOD, from 18 on)
 * @param enforcedOnDelete whether PostgreSQL refuses to delete a parent that is referred to (NO
 *     ACTION, RESTRICT), rather than doing something about its children
 */
public record ForeignKey(
        String name,
        Table child,
        boolean childPartitioned,
        Table parent,
        boolean parentPartitioned,
        List<Pair> pairs,
        boolean matchFull,
        boolean period,
        boolean enforcedOnDelete) {
    /** Copies the list. */
    public ForeignKey {
        pairs = List.copyOf(pairs);
    }

    /**
     * A column that refers and the one it refers to.
     *
     * @param operator the equality that counts, as SQL names it
     * @param collation a COLLATE clause for the referring side; empty where none is needed
     * @param nullable whether the referring column may be set to NULL
     */
    public record Pair(
            String child, String parent, String operator, String collation, boolean nullable) {}

    /** What it is known by on every node. */
    public ConstraintName id() {
        return new ConstraintName(child.name(), name);
    }

    /**
     * The columns that become NULL so that a row refers to nothing: those that may, which is enough
     * unless it is MATCH FULL. Empty if it cannot be done.
     */
    public List<String> settable() {
        List<String> columns = pairs.stream().filter(Pair::nullable).map(Pair::child).toList();
        return matchFull && columns.size() < pairs.size() ? List.of() : columns;
    }
}
