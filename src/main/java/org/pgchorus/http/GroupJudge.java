package org.pgchorus.http;

import org.pgchorus.config.Address;
import org.pgchorus.config.NodeAddress;
import org.pgchorus.daemon.Lookout;
import org.pgchorus.daemon.Sight;
import org.pgchorus.daemon.Status;
import org.pgchorus.model.NodeName;
import org.pgchorus.route.Judgement;

import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Says which nodes are writable by looking at the group itself, for a router without daemons to
 * ask; by the same rules as they. Any thread.
 */
public final class GroupJudge implements Function<String, Judgement>, AutoCloseable {
    private final Judge judge = new Judge();
    private final Consumer<List<NodeAddress>> told;
    private final Lookout lookout;
    private volatile View view;

    private GroupJudge(List<NodeAddress> nodes, Consumer<List<NodeAddress>> told) {
        this.told = told;
        this.lookout = Lookout.start(nodes, InstantSource.system(), this::look);
    }

    /**
     * Begins to look.
     *
     * @param nodes through which the group is found
     * @param told gets all nodes of the group after each look, in one thread
     */
    public static GroupJudge start(List<NodeAddress> nodes, Consumer<List<NodeAddress>> told) {
        return new GroupJudge(nodes, told);
    }

    private void look(Sight sight) {
        view = new View(sight, judge.look(sight), System.nanoTime(), List.of(), Map.of());
        sight.status().map(GroupJudge::nodes).ifPresent(told);
    }

    private static List<NodeAddress> nodes(Status status) {
        return status.nodes().stream()
                .filter(node -> node.id() > 0)
                .map(node ->
                        new NodeAddress(new NodeName(node.name()), Address.parse(node.address())))
                .toList();
    }

    @Override
    public Judgement apply(String node) {
        View seen = view;
        if (seen == null) {
            return new Judgement.Unknown("the group was not looked at yet");
        }
        if (seen.stale(System.nanoTime()).isPresent() || seen.status().isEmpty()) {
            return new Judgement.Unknown(
                    seen.stale(System.nanoTime())
                            .orElse("the group is not seen: " + seen.sight().problem()));
        }
        Standing standing = seen.standings().get(node);
        if (standing == null) {
            return new Judgement.NotWritable(List.of("it is not in the group"));
        }
        return standing.writable()
                ? new Judgement.Writable()
                : new Judgement.NotWritable(standing.reasons());
    }

    @Override
    public void close() {
        lookout.close();
    }
}
