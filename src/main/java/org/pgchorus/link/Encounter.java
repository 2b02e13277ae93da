package org.pgchorus.link;

import org.pgchorus.conflict.Decision;
import org.pgchorus.conflict.Policy;
import org.pgchorus.conflict.Standing;
import org.pgchorus.model.Row;
import org.pgchorus.sql.RowSql;

import java.util.List;
import java.util.Optional;

/** A change to one key, what it met here, and what is to come of it. */
record Encounter(
        RowSql sql,
        List<String> key,
        Incoming incoming,
        Standing standing,
        Decision decision,
        Policy policy) {
    /** The row that stands here, or that is displaced, if there is one. */
    Optional<Standing.Present> local() {
        return standing instanceof Standing.Present present
                ? Optional.of(present)
                : Optional.empty();
    }

    /** That row, null if there is none. */
    Row localRowOrNull() {
        return local().map(Standing.Present::row).orElse(null);
    }
}
