package org.pgchorus.link;

import org.pgchorus.model.Stamp;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.Session;

import java.util.HashMap;
import java.util.Map;

/**
 * Whose writes the origins of one server stand for, and so the stamps of rows read there.
 *
 * <p>One thread at a time.
 */
final class Writers {
    private final Session session;
    private final String groupId;
    private final int here;
    private final Map<Long, Integer> byOrigin = new HashMap<>();

    /**
     * @param here the id of the node the session is connected to
     */
    Writers(Session session, String groupId, int here) {
        this.session = session;
        this.groupId = groupId;
        this.here = here;
        byOrigin.putAll(Catalog.writersByOrigin(session, groupId));
    }

    /**
     * A stamp from what PostgreSQL keeps of a transaction.
     *
     * @param micros its commit time, null if no longer kept
     * @param origin its origin, 0 for a client's own; ignored if there is no time
     */
    Stamp stamp(String micros, long origin) {
        if (micros == null) {
            return Stamp.UNKNOWN;
        }
        return new Stamp(Long.parseLong(micros), node(origin));
    }

    private int node(long origin) {
        if (origin == 0) {
            return here;
        }
        if (!byOrigin.containsKey(origin)) {
            byOrigin.putAll(Catalog.writersByOrigin(session, groupId));
            // Somebody else's origin: to us, something that was written here.
            byOrigin.putIfAbsent(origin, here);
        }
        return byOrigin.get(origin);
    }
}
