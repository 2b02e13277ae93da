package org.pgchorus.verify;

import org.pgchorus.model.NodeName;

import java.util.Map;

/**
 * A row that differed when it was read, which may be because a change of it is on its way. Pure.
 *
 * @param seen what each node had; those without the row are missing
 * @param stood how many times in a row the same was read again, each time behind a fence
 */
record Suspect(RowKey key, Map<NodeName, RowVersion> seen, int stood) {
    Suspect {
        seen = Map.copyOf(seen);
    }

    Suspect(RowKey key, Map<NodeName, RowVersion> seen) {
        this(key, seen, 0);
    }
}
