package org.pgchorus.model;

import java.util.List;
import java.util.Optional;

/** One change of a transaction, as its source told it. */
public sealed interface Change {
    /** A new row; complete. */
    record Insert(Relation relation, Row after) implements Change {}

    /**
     * A changed row.
     *
     * @param before the old row (identity full) or only its key columns (when they changed, or when
     *     they are large); empty if the source had no reason to send either
     * @param beforeIsKeyOnly whether {@code before} holds only the key columns, the others null
     * @param after the new row; large unchanged values may be missing
     */
    record Update(Relation relation, Optional<Row> before, boolean beforeIsKeyOnly, Row after)
            implements Change {}

    /**
     * A deleted row.
     *
     * @param before the old row, or only its key columns
     */
    record Delete(Relation relation, Row before, boolean beforeIsKeyOnly) implements Change {}

    /** Emptied tables. */
    record Truncate(List<Relation> relations, boolean cascade, boolean restartIdentity)
            implements Change {
        /** Copies the list. */
        public Truncate {
            relations = List.copyOf(relations);
        }
    }
}
