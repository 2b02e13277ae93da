package org.pgchorus.conflict;

import org.pgchorus.model.Row;
import org.pgchorus.model.Stamp;

import java.util.Optional;

/** What the target holds under the key of an incoming change. */
public sealed interface Standing {
    /** No row, and no memory of one. */
    record Absent() implements Standing {}

    /**
     * A live row, and the stamp of the write that made it.
     *
     * @param row complete: nothing that stands in a table lacks a value
     */
    record Present(Row row, Stamp written) implements Standing {
        /** Refuses a row that lacks values. */
        public Present {
            if (!row.isComplete()) {
                throw new IllegalArgumentException("a standing row lacks values: " + row);
            }
        }
    }

    /** The row was deleted; its tombstone, or its whole table's, keeps the stamp of the delete. */
    record Deleted(Stamp erased) implements Standing {}

    /** The stamp to beat, if there is one. */
    default Optional<Stamp> stamp() {
        return switch (this) {
            case Absent() -> Optional.empty();
            case Present(_, Stamp written) -> Optional.of(written);
            case Deleted(Stamp erased) -> Optional.of(erased);
        };
    }
}
