package org.pgchorus.conflict;

import org.pgchorus.model.Row;

/**
 * One change to one key.
 *
 * <p>An update that changes the key is two of these: a {@link Delete} of the old key, then an
 * {@link Update} under the new key with {@code keyChanged}, both with the transaction's stamp. A
 * truncate is a {@link Delete} of every key.
 */
public sealed interface KeyChange {
    /** A new row. */
    record Insert(Row after) implements KeyChange {}

    /**
     * A changed row.
     *
     * @param after the whole new row, but for large unchanged values that were not sent
     * @param keyChanged whether the row had another key before
     */
    record Update(Row after, boolean keyChanged) implements KeyChange {}

    /** The end of a row. */
    record Delete() implements KeyChange {}
}
