package org.pgchorus.verify;

import org.pgchorus.model.NodeName;

import java.util.SortedSet;
import java.util.TreeSet;

/**
 * A row whose parent is missing.
 *
 * @param constraint the name of its foreign key
 * @param parent the table that the parent is missing in
 * @param key a JSON object; without a key, the whole row
 * @param reference what it refers to, a JSON object
 * @param nodes where that is so
 */
public record Orphaned(
        String constraint, String parent, String key, String reference, SortedSet<NodeName> nodes) {
    /** Copies the set. */
    public Orphaned {
        nodes = new TreeSet<>(nodes);
    }
}
