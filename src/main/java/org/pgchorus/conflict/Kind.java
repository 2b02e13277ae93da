package org.pgchorus.conflict;

import java.util.Locale;

/**
 * What sort of conflict it was.
 *
 * <p>Source: the names of PostgreSQL 18's {@code ConflictType}, manual "Logical Replication
 * Conflicts".
 */
public enum Kind {
    /** An insert met a row that its writer had not seen. */
    INSERT_EXISTS,
    /** An update met a row that its writer had not seen. */
    UPDATE_ORIGIN_DIFFERS,
    /** An update moved a row to a key under which stands a row that its writer had not seen. */
    UPDATE_EXISTS,
    /** An update met no row, and none is on its way. */
    UPDATE_MISSING,
    /** An insert or update met a delete that its writer had not seen. */
    UPDATE_DELETED,
    /** A delete met a row that its writer had not seen. */
    DELETE_ORIGIN_DIFFERS,
    /** A delete met no row, and none is on its way; or a delete that its writer had not seen. */
    DELETE_MISSING,
    /**
     * A row clashed with several other rows on unique constraints; never an answer of {@link
     * Referee}, which knows one key only.
     */
    MULTIPLE_UNIQUE_CONFLICTS;

    /** As written in the conflict history: the name in lower case. */
    public String sqlName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
