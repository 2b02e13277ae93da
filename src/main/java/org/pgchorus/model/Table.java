package org.pgchorus.model;

import java.util.List;

/**
 * A table as one node's catalog describes it.
 *
 * <p>{@code oid} is that node's. {@code key}: the names of the columns that identify a row (primary
 * key, or the index chosen as replica identity), in key order; empty for a table without a key.
 */
public record Table(long oid, TableName name, List<Column> columns, List<String> key) {
    /** Copies the lists. */
    public Table {
        columns = List.copyOf(columns);
        key = List.copyOf(key);
    }

    /**
     * A column of it.
     *
     * @param type the type as SQL writes it, such as {@code character varying(20)}
     * @param generated whether its value is computed and cannot be written
     * @param identityAlways whether it is {@code GENERATED ALWAYS AS IDENTITY}
     */
    public record Column(String name, String type, boolean generated, boolean identityAlways) {}

    /** Whether rows can be told apart. */
    public boolean hasKey() {
        return !key.isEmpty();
    }
}
