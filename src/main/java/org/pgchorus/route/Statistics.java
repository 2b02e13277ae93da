package org.pgchorus.route;

import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;

/**
 * How a router stands, at about one moment. Immutable.
 *
 * @param since when it began
 * @param nodes in the order in which they are preferred
 * @param events what happened to clients so far
 */
public record Statistics(
        String listen, Mode mode, Instant since, List<Node> nodes, List<Event> events) {
    /**
     * One node.
     *
     * @param reason why it is not open; empty if it is
     * @param sessions now
     * @param begun sessions so far
     * @param cut sessions that were ended because the node was down
     * @param failed connections that it did not take
     * @param bytesIn from clients
     * @param bytesOut to clients
     */
    public record Node(
            String name,
            String address,
            NodeState state,
            String reason,
            int sessions,
            long begun,
            long cut,
            long failed,
            long bytesIn,
            long bytesOut) {}

    /** Something that is counted. */
    public record Event(String name, String meaning, long count) {}

    static Statistics of(
            RouterOptions options,
            InetSocketAddress place,
            Instant since,
            List<Destination> destinations,
            Counters counters) {
        return new Statistics(
                "%s:%d".formatted(place.getAddress().getHostAddress(), place.getPort()),
                options.mode(),
                since,
                destinations.stream().map(Statistics::node).toList(),
                Arrays.stream(Counters.Event.values())
                        .map(it -> new Event(it.label(), it.meaning(), counters.of(it)))
                        .toList());
    }

    private static Node node(Destination it) {
        Condition condition = it.condition();
        InetSocketAddress where = it.socketAddress();
        return new Node(
                it.node(),
                "%s:%d".formatted(it.host(), where.getPort()),
                condition.state(),
                condition.reason(),
                it.sessions(),
                it.begun.sum(),
                it.cut.sum(),
                it.failed.sum(),
                it.bytesIn.sum(),
                it.bytesOut.sum());
    }

    /** Sessions at all nodes. */
    public int sessions() {
        return nodes.stream().mapToInt(Node::sessions).sum();
    }
}
