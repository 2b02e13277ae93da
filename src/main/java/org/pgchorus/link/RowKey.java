package org.pgchorus.link;

import org.pgchorus.model.Row;

/**
 * The key of a row by the very bytes it came in: equal keys here are the same row at the writer,
 * though not every pair of equal keys is found (1.0, 1.00). Immutable.
 */
final class RowKey {
    private final Row row;
    private final int[] places;
    private final int hash;

    /**
     * @param places of the key's columns; not copied
     */
    RowKey(Row row, int[] places) {
        this.row = row;
        this.places = places;
        hash = row.hashAt(places);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RowKey key && hash == key.hash && row.equalAt(places, key.row);
    }

    @Override
    public int hashCode() {
        return hash;
    }
}
