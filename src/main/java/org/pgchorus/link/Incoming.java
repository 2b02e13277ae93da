package org.pgchorus.link;

import org.pgchorus.conflict.KeyChange;
import org.pgchorus.conflict.Standing;
import org.pgchorus.model.Row;

import java.util.List;
import java.util.Optional;

/**
 * A change to one key with what came along.
 *
 * @param before the row as it was at the writer under the same key, if that was sent in full
 * @param replaced for a row that was moved here from another key
 */
record Incoming(KeyChange change, Optional<Row> before, Optional<Replaced> replaced) {
    /** What stood here under the key that a moved row had, before it was erased. */
    record Replaced(List<String> key, Standing standing) {}

    static Incoming of(KeyChange change) {
        return new Incoming(change, Optional.empty(), Optional.empty());
    }

    /** Whether the key came into being at the writer. */
    boolean isNewKey() {
        return switch (change) {
            case KeyChange.Insert _ -> true;
            case KeyChange.Update(_, boolean moved) -> moved;
            case KeyChange.Delete() -> false;
        };
    }

    /** The row that came; a delete has none. */
    Row row() {
        return switch (change) {
            case KeyChange.Insert(Row after) -> after;
            case KeyChange.Update(Row after, _) -> after;
            case KeyChange.Delete() -> throw new IllegalStateException("a delete has no row");
        };
    }

    /** The row that came, null for a delete. */
    Row rowOrNull() {
        return change instanceof KeyChange.Delete ? null : row();
    }
}
