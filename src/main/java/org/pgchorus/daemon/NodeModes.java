package org.pgchorus.daemon;

import org.pgchorus.pg.Session;
import org.pgchorus.sql.NodeSql;

import java.util.HashMap;
import java.util.Map;

/**
 * Which nodes are paused or read-only: as each says of itself, and as others have heard of those
 * that cannot be asked. One thread.
 */
final class NodeModes {
    private record Mode(boolean paused, boolean readOnly) {}

    private final Map<Integer, Mode> own = new HashMap<>();
    private final Map<Integer, Mode> heard = new HashMap<>();

    /** Asks one node. */
    void read(int id, Session session) {
        own.put(id, new Mode(false, false));
        session.query(
                        NodeSql.CONTROLS,
                        row -> Map.entry((int) row.number(1), new Mode(row.truth(2), row.truth(3))))
                .forEach(entry ->
                        (entry.getKey() == id ? own : heard).put(entry.getKey(), entry.getValue()));
    }

    boolean isPaused(int id) {
        return of(id).paused;
    }

    boolean isReadOnly(int id) {
        return of(id).readOnly;
    }

    private Mode of(int id) {
        return own.getOrDefault(id, heard.getOrDefault(id, new Mode(false, false)));
    }
}
