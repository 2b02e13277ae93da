package org.pgchorus.link;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Up to which commit time one node has applied each of its peers; shared by the links that end
 * there. Any thread.
 */
public final class Applied {
    private final Map<Integer, Long> micros = new ConcurrentHashMap<>();
    private final AtomicLong news = new AtomicLong();
    private final Clocks clocks = new Clocks();

    /** What is known of the clocks of this node and its peers. */
    public Clocks clocks() {
        return clocks;
    }

    /**
     * Notes progress.
     *
     * @param changes whether rows were changed, not only positions
     */
    void reached(int peer, long commitMicros, boolean changes) {
        micros.merge(peer, commitMicros, Math::max);
        if (changes) {
            news.incrementAndGet();
        }
    }

    /** What was found in the catalog when the daemon began. */
    public void remembered(int peer, long commitMicros) {
        micros.put(peer, commitMicros);
    }

    /** Rises with every transaction that changed rows: peers should hear of those soon. */
    public long news() {
        return news.get();
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
