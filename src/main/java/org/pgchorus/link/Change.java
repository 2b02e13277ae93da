package org.pgchorus.link;

import org.pgchorus.model.Row;

/**
 * One change of one row as it can be made in bulk: with its key, or into a table without one.
 *
 * @param key null for a table without a key
 * @param row the new row, complete; of a deleted one the key
 * @param micros the commit time of its transaction
 */
record Change(BulkTable table, Operation operation, RowKey key, Row row, long micros) {
    /** What is done. */
    enum Operation {
        INSERT,
        UPDATE,
        DELETE
    }

    Change as(Operation other) {
        return new Change(table, other, key, row, micros);
    }
}
