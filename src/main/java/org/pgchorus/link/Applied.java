package org.pgchorus.link;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Up to which commit time one node has applied each of its peers; shared by the links that end
 * there. Any thread.
 *
 * <p>Invariant: "applied up to t" means that every change up to t is merged into its table. A link
 * that holds changes back goes on, but what is said of it stays below the first of them.
 */
public final class Applied {
    private final Map<Integer, Long> micros = new ConcurrentHashMap<>();
    private final Map<Integer, Held> held = new ConcurrentHashMap<>();
    private final AtomicLong news = new AtomicLong();
    private final Clocks clocks = new Clocks();
    private volatile Map<Integer, Long> gone = Map.of();

    /**
     * What one link holds back.
     *
     * @param firstMicros the lowest commit time among it; {@link Long#MAX_VALUE} for nothing
     */
    record Held(long firstMicros, long changes, long bytes) {
        static final Held NOTHING = new Held(Long.MAX_VALUE, 0, 0);

        Held plus(long commitMicros, long moreBytes) {
            return new Held(Math.min(firstMicros, commitMicros), changes + 1, bytes + moreBytes);
        }

        Held plus(Held other) {
            return new Held(
                    Math.min(firstMicros, other.firstMicros),
                    changes + other.changes,
                    bytes + other.bytes);
        }
    }

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

    /**
     * What the link from a peer holds back now. To be said before a transaction commits that holds
     * more, and after one that holds less.
     */
    void holds(int peer, Held what) {
        held.put(peer, what);
    }

    /** What the links from all peers hold back together. */
    Held held() {
        return held.values().stream().reduce(Held.NOTHING, Held::plus);
    }

    /** How far the link from a peer is, whatever it holds back. */
    long position(int peer) {
        return micros.getOrDefault(peer, Long.MIN_VALUE);
    }

    /** A commit time of a peer, but below what is held back of it. */
    long capped(int peer, long commitMicros) {
        long first = held.getOrDefault(peer, Held.NOTHING).firstMicros;
        return first == Long.MAX_VALUE ? commitMicros : Math.min(commitMicros, first - 1);
    }

    /** A copy of what has been reached so far, by node id. */
    public Map<Integer, Long> snapshot() {
        Map<Integer, Long> all = new HashMap<>(micros);
        all.replaceAll(this::capped);
        return Map.copyOf(all);
    }

    /**
     * Nodes that were taken out.
     *
     * @param sinceMicros by node id: whoever commits later has all that it ever wrote and that
     *     anybody received, as this node has
     */
    public void gone(Map<Integer, Long> sinceMicros) {
        gone = Map.copyOf(sinceMicros);
    }

    /** A vector without the nodes that a change committed then need not be asked about. */
    Map<Integer, Long> remaining(Map<Integer, Long> vector, long commitMicros) {
        Map<Integer, Long> those = gone;
        if (those.isEmpty()) {
            return vector;
        }
        Map<Integer, Long> left = new HashMap<>(vector);
        left.keySet().removeIf(node -> those.getOrDefault(node, Long.MAX_VALUE) < commitMicros);
        return left;
    }

    /**
     * The same as it concerns one table of one link.
     *
     * @param reachedMicros up to which commit time the peer's own changes of the table are here
     */
    Map<Integer, Long> snapshot(int peer, long reachedMicros) {
        Map<Integer, Long> all = new HashMap<>(snapshot());
        all.put(peer, reachedMicros);
        return Map.copyOf(all);
    }
}
