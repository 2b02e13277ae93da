package org.pgchorus.http;

import org.pgchorus.config.Durations;
import org.pgchorus.config.TablePattern;
import org.pgchorus.daemon.Comparison;
import org.pgchorus.daemon.Lookout;
import org.pgchorus.daemon.NodeOrders;
import org.pgchorus.daemon.Orders;
import org.pgchorus.daemon.Status;
import org.pgchorus.daemon.Undo;
import org.pgchorus.http.Routes.Question;
import org.pgchorus.model.NodeName;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.ObjDoubleConsumer;
import java.util.function.Supplier;

/** What can be ordered over HTTP: what the commands of these names do, as tasks. Any thread. */
final class Changes {
    private static final int NOT_FOUND = 404;
    private static final String PATIENCE = "60s";

    private final Supplier<View> view;
    private final Lookout lookout;
    private final Tasks tasks;

    Changes(Supplier<View> view, Lookout lookout, Tasks tasks) {
        this.view = view;
        this.lookout = lookout;
        this.tasks = tasks;
    }

    /** As {@code conflict undo}. */
    Reply undo(Question asked) {
        String id = asked.name();
        return tasks.begin(
                "undo conflict " + id,
                _ -> lookout.order(any -> Outcomes.undone(Undo.conflict(any, id))));
    }

    /** As {@code link pause} and {@code link resume}. */
    Reply pauseLink(Question asked, boolean paused) {
        NodeName from = new NodeName(asked.words().get(0));
        NodeName to = new NodeName(asked.words().get(1));
        return missing(from)
                .or(() -> missing(to))
                .orElseGet(() ->
                        tasks.begin(
                                "%s link %s->%s".formatted(verb(paused), from, to),
                                _ ->
                                        lookout.order(any ->
                                                Outcomes.link(
                                                        from,
                                                        to,
                                                        paused,
                                                        Orders.pause(any, from, to, paused)))));
    }

    /** As {@code node pause} and {@code node resume}. */
    Reply pauseNode(Question asked, boolean paused) {
        NodeName node = new NodeName(asked.name());
        return missing(node)
                .orElseGet(() ->
                        tasks.begin(
                                "%s node %s".formatted(verb(paused), node),
                                _ ->
                                        lookout.order(any ->
                                                Outcomes.pause(
                                                        NodeOrders.pause(any, node, paused),
                                                        node,
                                                        paused))));
    }

    private static String verb(boolean paused) {
        return paused ? "pause" : "resume";
    }

    /** As {@code node read-only}. */
    Reply readOnly(Question asked, boolean on) {
        NodeName node = new NodeName(asked.name());
        return missing(node)
                .orElseGet(() ->
                        tasks.begin(
                                "make node %s %s".formatted(node, on ? "read-only" : "writable"),
                                _ ->
                                        lookout.order(any ->
                                                Outcomes.readOnly(
                                                        node,
                                                        on,
                                                        NodeOrders.readOnly(any, node, on)))));
    }

    /** As {@code node drain}. */
    Reply drain(Question asked) {
        NodeName node = new NodeName(asked.name());
        Duration patience = patience(asked);
        return missing(node)
                .orElseGet(() ->
                        tasks.begin(
                                "drain node " + node,
                                _ ->
                                        lookout.order(any ->
                                                Outcomes.drained(
                                                        node,
                                                        NodeOrders.drain(any, node, patience)))));
    }

    /** As {@code verify}, without the rows that differ. */
    Reply verify(Question asked) {
        List<TablePattern> tables =
                asked.request().asked("table").stream().map(TablePattern::parse).toList();
        List<NodeName> between =
                asked.request().asked("between").stream()
                        .flatMap(names -> Arrays.stream(names.split(",")))
                        .map(NodeName::new)
                        .distinct()
                        .toList();
        if (between.size() == 1) {
            throw new IllegalArgumentException("between needs two nodes or more, such as n1,n2");
        }
        Duration patience = patience(asked);
        return between.stream()
                .map(this::missing)
                .flatMap(Optional::stream)
                .findFirst()
                .orElseGet(() ->
                        tasks.begin(
                                "verify", hearing -> compared(tables, between, patience, hearing)));
    }

    private Map<String, Object> compared(
            List<TablePattern> tables,
            List<NodeName> between,
            Duration patience,
            Tasks.Hearing hearing)
            throws InterruptedException {
        ObjDoubleConsumer<String> heard =
                (text, ratio) -> hearing.goesOn(text, OptionalDouble.of(ratio));
        return Outcomes.compared(
                lookout.order(any -> Comparison.of(any, tables, between, patience, heard)));
    }

    private static Duration patience(Question asked) {
        return Durations.parse(asked.request().asked("timeout").orElse(PATIENCE));
    }

    private Optional<Reply> missing(NodeName name) {
        boolean known =
                view.get().status().map(Status::nodes).orElse(List.of()).stream()
                        .anyMatch(node -> node.name().equals(name.text()));
        return known
                ? Optional.empty()
                : Optional.of(
                        Reply.refusal(
                                NOT_FOUND, "there is no node %s in the group".formatted(name)));
    }
}
