package org.pgchorus.model;

import java.util.List;

/**
 * A table as the source described it in its stream.
 *
 * <p>{@code id}: the source's oid. {@code identity}: {@code d} default, {@code n} nothing, {@code
 * f} full, {@code i} index. Columns come in the order of the rows' values.
 */
public record Relation(int id, TableName table, char identity, List<Column> columns) {
    /** Copies the list, so that the description never changes. */
    public Relation {
        columns = List.copyOf(columns);
    }

    /**
     * A column as sent: {@code key} says whether it is part of the replica identity.
     *
     * @param typeOid the type's oid at the source
     * @param typeModifier atttypmod at the source
     */
    public record Column(String name, boolean key, int typeOid, int typeModifier) {}
}
