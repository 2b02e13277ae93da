package org.pgchorus.route;

import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Which node takes a client. Pure. */
final class Chooser {
    private static final long FNV_OFFSET = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;

    private Chooser() {}

    /**
     * A node that may be chosen.
     *
     * @param open whether it takes new sessions
     * @param sessions that live there
     */
    record Candidate(String node, boolean open, int sessions) {}

    /**
     * The open one with the fewest sessions.
     *
     * @param turn any number; who counts up gets another one of several that are equal each time
     */
    static Optional<String> any(List<Candidate> candidates, int turn) {
        List<Candidate> open = candidates.stream().filter(Candidate::open).toList();
        int fewest = open.stream().mapToInt(Candidate::sessions).min().orElse(0);
        List<String> equal =
                open.stream().filter(it -> it.sessions == fewest).map(Candidate::node).toList();
        return equal.isEmpty()
                ? Optional.empty()
                : Optional.of(equal.get(Math.floorMod(turn, equal.size())));
    }

    /**
     * The open one that draws the highest number for this key (rendezvous hashing): a node that
     * goes takes only its own keys along, and one that comes back gets the same ones again.
     */
    static Optional<String> sticky(List<Candidate> candidates, String key) {
        return candidates.stream()
                .filter(Candidate::open)
                .max(
                        Comparator.<Candidate>comparingLong(it -> draw(it.node, key))
                                .thenComparing(Candidate::node))
                .map(Candidate::node);
    }

    private static long draw(String node, String key) {
        long hash = FNV_OFFSET;
        for (byte part : (node + '\0' + key).getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ part) * FNV_PRIME;
        }
        // FNV alone leaves the high bits of similar texts alike.
        hash = (hash ^ hash >>> 33) * 0xff51afd7ed558ccdL;
        hash = (hash ^ hash >>> 33) * 0xc4ceb9fe1a85ec53L;
        return hash ^ hash >>> 33;
    }

    /**
     * The one that all are at, while it is open and has sessions; else the first open one.
     *
     * @param candidates in the order in which they are preferred
     * @param current the one that was chosen last
     */
    static Optional<String> preferred(List<Candidate> candidates, Optional<String> current) {
        return candidates.stream()
                .filter(it -> it.open && it.sessions > 0)
                .map(Candidate::node)
                .filter(node -> current.filter(node::equals).isPresent())
                .findFirst()
                .or(() ->
                        candidates.stream()
                                .filter(Candidate::open)
                                .map(Candidate::node)
                                .findFirst());
    }
}
