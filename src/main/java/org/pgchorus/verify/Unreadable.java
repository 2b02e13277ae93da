package org.pgchorus.verify;

import org.pgchorus.model.NodeName;
import org.pgchorus.pg.PgError;

/** A node could not answer; so not everything can be compared. */
final class Unreadable extends Exception {
    private static final long serialVersionUID = 1L;

    /** What a statement ends with that ran into its time limit. */
    private static final String QUERY_CANCELED = "57014";

    private final transient NodeName node;
    private final String sqlState;

    Unreadable(NodeName node, PgError cause) {
        super("node %s: %s".formatted(node, cause.getMessage()), cause);
        this.node = node;
        this.sqlState = cause.sqlState();
    }

    NodeName node() {
        return node;
    }

    /** Whether less at once may do. */
    boolean tookTooLong() {
        return sqlState.equals(QUERY_CANCELED);
    }
}
