package org.pgchorus.daemon;

import org.pgchorus.config.NodeAddress;

import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a daemon saw of its group when it last looked. Immutable.
 *
 * @param taken when, by this machine's clock
 * @param served the nodes that the daemon serves
 * @param status of the whole group; empty if no node of it could be asked
 * @param problem why there is no status; empty if there is one
 * @param vitals of the nodes that answered, by name
 * @param stock of the served nodes that answered, by name; up to some seconds older
 * @param joins how much of its copy each newcomer has, from 0 to 1, by name
 * @param recent the newest conflicts over all nodes, the newest first
 */
public record Sight(
        Instant taken,
        List<NodeAddress> served,
        Optional<Status> status,
        String problem,
        Map<String, Vitals> vitals,
        Map<String, Stock> stock,
        Map<String, Double> joins,
        List<Conflicts.Conflict> recent) {
    /** A group of which nothing is known, and why. */
    public static Sight ofNothing(Instant taken, List<NodeAddress> served, String problem) {
        return new Sight(
                taken,
                List.copyOf(served),
                Optional.empty(),
                problem,
                Map.of(),
                Map.of(),
                Map.of(),
                List.of());
    }

    /**
     * What a server says of itself.
     *
     * @param readOnly whether sessions begin read-only there unless they say otherwise
     * @param clockBehindSeconds how far its clock lies behind where it stepped back from; 0 if it
     *     did not
     */
    public record Vitals(boolean inRecovery, boolean readOnly, double clockBehindSeconds) {}

    /**
     * What a node has in store.
     *
     * @param displaced rows by table
     * @param conflicts recorded since this daemon began to look
     */
    public record Stock(long tombstones, Map<String, Long> displaced, Map<Kind, Long> conflicts) {}

    /** What happened, and what was done. */
    public record Kind(String type, String resolution) implements Comparable<Kind> {
        private static final Comparator<Kind> ORDER =
                Comparator.comparing(Kind::type).thenComparing(Kind::resolution);

        @Override
        public int compareTo(Kind other) {
            return ORDER.compare(this, other);
        }
    }

    /** A node of the group, or a follower, by name. */
    public Optional<Status.Node> node(String name) {
        return status.stream()
                .flatMap(all -> all.nodes().stream())
                .filter(node -> node.name().equals(name))
                .findFirst();
    }

    /** The links that end at a node. */
    public List<Status.Link> linksInto(String name) {
        return status.stream()
                .flatMap(all -> all.links().stream())
                .filter(link -> link.to().equals(name))
                .toList();
    }

    /** The links that begin at a node. */
    public List<Status.Link> linksFrom(String name) {
        return status.stream()
                .flatMap(all -> all.links().stream())
                .filter(link -> link.from().equals(name))
                .toList();
    }
}
