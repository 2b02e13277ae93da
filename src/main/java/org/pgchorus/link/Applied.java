package org.pgchorus.link;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Up to which commit time one node has applied each of its peers; shared by the links that end
 * there. Any thread.
 */
public final class Applied {
    private final Map<Integer, Long> micros = new ConcurrentHashMap<>();

    /** Notes progress. */
    public void reached(int peer, long commitMicros) {
        micros.merge(peer, commitMicros, Math::max);
    }

    /** A link starts again from here; what was reached before may have been forgotten. */
    void resume(int peer, long commitMicros) {
        micros.put(peer, commitMicros);
    }

    /** A peer is in the group: it counts from now on, as one nothing has been applied of. */
    public void expect(int peer) {
        micros.putIfAbsent(peer, Long.MIN_VALUE);
    }

    /** A copy of what has been reached so far, by node id. */
    public Map<Integer, Long> snapshot() {
        return Map.copyOf(micros);
    }
}
