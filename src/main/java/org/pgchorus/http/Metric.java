package org.pgchorus.http;

import org.pgchorus.daemon.HeldChanges;
import org.pgchorus.daemon.Sight;
import org.pgchorus.daemon.Status;
import org.pgchorus.model.Lsn;
import org.pgchorus.model.Took;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.function.Function;

/**
 * The list of metrics: this makes {@code /metrics} and {@code docs/metrics.md}, and alerts and
 * dashboard are checked against it. Pure.
 *
 * <p>Each daemon tells of the nodes that it serves and of the links that end there, so that nothing
 * is counted twice where several daemons are asked; of slots the node that keeps them does.
 */
enum Metric {
    NODE_UP(
            "node_up",
            Type.GAUGE,
            List.of("node"),
            "1 if the server of a node answers, else 0.",
            view -> nodes(view, (name, found) -> found && !state(view, name).equals("down"))),
    NODE_READY(
            "node_ready",
            Type.GAUGE,
            List.of("node"),
            "1 if a node answers and is ready (a follower: following), else 0.",
            view -> nodes(view, (name, found) -> found && isReady(view, name))),
    NODE_WRITABLE(
            "node_writable",
            Type.GAUGE,
            List.of("node"),
            "1 if /primary sends clients to a node, else 0.",
            view -> nodes(view, (name, _) -> view.standing(name).writable())),
    LINK_UP(
            "link_up",
            Type.GAUGE,
            List.of("from", "to"),
            "1 if a link is streaming, else 0.",
            view -> links(view, link -> number(link.state().equals("streaming")))),
    LINK_LAG_BYTES(
            "link_lag_bytes",
            Type.GAUGE,
            List.of("from", "to"),
            "Bytes of the writer's log that are not applied yet; absent if an end is not reached.",
            view -> links(view, link -> number(link.lagBytes()))),
    LINK_LAG_SECONDS(
            "link_lag_seconds",
            Type.GAUGE,
            List.of("from", "to"),
            "Age of the newest commit applied; 0 if no bytes are missing.",
            view -> links(view, Status.Link::lagSeconds)),
    LINK_LAG_TRANSACTIONS(
            "link_lag_transactions",
            Type.GAUGE,
            List.of("from", "to"),
            "Transactions not applied yet, about: lacking bytes by what one took lately.",
            view -> links(view, link -> number(link.lagTransactions()))),
    LINK_UNDECODED_BYTES(
            "link_undecoded_bytes",
            Type.GAUGE,
            List.of("from", "to"),
            "Bytes of the writer's log that its server has not sent yet.",
            view -> links(view, link -> between(link.receivedLsn(), link.sourceLsn()))),
    LINK_UNAPPLIED_BYTES(
            "link_unapplied_bytes",
            Type.GAUGE,
            List.of("from", "to"),
            "Bytes of the writer's log that were received and are not applied yet.",
            view -> links(view, link -> between(link.appliedLsn(), link.receivedLsn()))),
    APPLIED_TRANSACTIONS(
            "applied_transactions_total",
            Type.COUNTER,
            List.of("from", "to"),
            "Transactions applied since the daemon began to serve the node.",
            view -> links(view, link -> OptionalDouble.of((double) link.transactions()))),
    APPLY_LATENCY(
            "apply_latency_seconds",
            Type.HISTOGRAM,
            List.of("from", "to"),
            "From when a transaction began to come in until it was committed at the node.",
            Metric::applyLatency),
    APPLIED_CHANGES(
            "applied_changes_total",
            Type.COUNTER,
            List.of("from", "to"),
            "Changes of rows applied since the daemon began to serve the node.",
            view -> links(view, link -> OptionalDouble.of((double) link.changes()))),
    CONFLICTS(
            "conflicts_total",
            Type.COUNTER,
            List.of("node", "type", "resolution"),
            "Conflicts a node decided since this daemon began to look, by what was done.",
            Metric::conflicts),
    HELD_CHANGES(
            "held_changes",
            Type.GAUGE,
            List.of("from", "to", "table"),
            "Changes that wait because a link cannot change their table; absent if none do.",
            Metric::held),
    DISPLACED_ROWS(
            "displaced_rows",
            Type.GAUGE,
            List.of("node", "table"),
            "Rows outside of their table because a newer one clashes with them; absent if none.",
            Metric::displaced),
    TOMBSTONES(
            "tombstones",
            Type.GAUGE,
            List.of("node"),
            "What deleted rows left behind and not every node has passed; above 10000 an estimate.",
            Metric::tombstones),
    CLOCK_SKEW(
            "clock_skew_seconds",
            Type.GAUGE,
            List.of("from", "to"),
            "How far the writer's clock was ahead at the last transaction; below 0 with delay.",
            view -> links(view, Status.Link::skewSeconds)),
    SLOT_RETAINED(
            "slot_retained_bytes",
            Type.GAUGE,
            List.of("from", "to"),
            "Bytes of WAL that a node keeps for a peer.",
            view -> slots(view, slot -> OptionalDouble.of((double) slot.retainedBytes()))),
    SLOT_SAFE(
            "slot_safe_bytes",
            Type.GAUGE,
            List.of("from", "to"),
            "Bytes of WAL that the server would keep besides; absent if it has no limit.",
            view -> slots(view, slot -> number(slot.safeBytes()))),
    SLOT_BUDGET(
            "slot_budget_bytes",
            Type.GAUGE,
            List.of("from", "to"),
            "Bytes of WAL that the group means to keep for a peer (wal_budget).",
            view -> slots(view, slot -> number(slot.budgetBytes()))),
    JOIN_PROGRESS(
            "join_progress_ratio",
            Type.GAUGE,
            List.of("node"),
            "How much of its copy a node has that is joining, 0 to 1; absent if none is.",
            view ->
                    view.sight().joins().entrySet().stream()
                            .map(join -> sample(join.getValue(), join.getKey()))
                            .toList()),
    LOOK_AGE(
            "look_age_seconds",
            Type.GAUGE,
            List.of(),
            "Seconds since the daemon last looked at the group; the others are as old.",
            view -> List.of(sample(view.ageSeconds(System.nanoTime()))));

    /** Before each name. */
    static final String PREFIX = "pgchorus_";

    private static final String COUNTER_ENDING = "_total";

    /** Up and down, only up, or how often by how much. */
    enum Type {
        GAUGE,
        COUNTER,
        HISTOGRAM
    }

    /**
     * One value.
     *
     * @param labels in the metric's order
     * @param took of a histogram; its value is the sum
     */
    record Sample(List<String> labels, double value, Optional<Took> took) {}

    private final String name;
    private final Type type;
    private final List<String> labels;
    private final String meaning;
    private final Function<View, List<Sample>> reader;

    Metric(
            String name,
            Type type,
            List<String> labels,
            String meaning,
            Function<View, List<Sample>> reader) {
        this.name = name;
        this.type = type;
        this.labels = labels;
        this.meaning = meaning;
        this.reader = reader;
    }

    /** As it is scraped. */
    String fullName() {
        return PREFIX + name;
    }

    /** Without the ending of counters. */
    String baseName() {
        return type == Type.COUNTER
                ? fullName().substring(0, fullName().length() - COUNTER_ENDING.length())
                : fullName();
    }

    Type type() {
        return type;
    }

    List<String> labels() {
        return labels;
    }

    String meaning() {
        return meaning;
    }

    /** What is known of it now. */
    List<Sample> samples(View view) {
        return reader.apply(view);
    }

    private static Sample sample(double value, String... labels) {
        return new Sample(List.of(labels), value, Optional.empty());
    }

    private static List<Sample> applyLatency(View view) {
        return view.applyTimes().entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .map(entry ->
                        new Sample(
                                List.of(entry.getKey().from().text(), entry.getKey().to().text()),
                                entry.getValue().sumSeconds(),
                                Optional.of(entry.getValue())))
                .toList();
    }

    @FunctionalInterface
    private interface OnNode {
        boolean test(String name, boolean found);
    }

    private static List<Sample> nodes(View view, OnNode question) {
        return view.served().stream()
                .map(name ->
                        sample(
                                question.test(name, view.sight().node(name).isPresent()) ? 1 : 0,
                                name))
                .toList();
    }

    private static String state(View view, String name) {
        return view.sight().node(name).map(Status.Node::state).orElse("down");
    }

    private static boolean isReady(View view, String name) {
        return Examination.forReading(view.sight(), name, Optional.empty()).isEmpty();
    }

    private static List<Sample> links(View view, Function<Status.Link, OptionalDouble> question) {
        List<Sample> samples = new ArrayList<>();
        for (String node : view.served()) {
            for (Status.Link link : view.sight().linksInto(node)) {
                question.apply(link)
                        .ifPresent(value -> samples.add(sample(value, link.from(), link.to())));
            }
        }
        return samples;
    }

    private static List<Sample> slots(View view, Function<Status.Slot, OptionalDouble> question) {
        List<Sample> samples = new ArrayList<>();
        for (String node : view.served()) {
            for (Status.Link link : view.sight().linksFrom(node)) {
                link.slot()
                        .map(question)
                        .orElse(OptionalDouble.empty())
                        .ifPresent(value -> samples.add(sample(value, link.from(), link.to())));
            }
        }
        return samples;
    }

    private static OptionalDouble number(OptionalLong maybe) {
        return maybe.isPresent()
                ? OptionalDouble.of((double) maybe.getAsLong())
                : OptionalDouble.empty();
    }

    private static OptionalDouble number(boolean truth) {
        return OptionalDouble.of(truth ? 1 : 0);
    }

    /** Both are positions in the writer's log; what is not known is an empty text. */
    private static OptionalDouble between(String sourceFrom, String sourceTo) {
        if (sourceFrom.isEmpty() || sourceTo.isEmpty()) {
            return OptionalDouble.empty();
        }
        long bytes = Lsn.parse(sourceTo).bytesSince(Lsn.parse(sourceFrom));
        return OptionalDouble.of((double) Math.max(0, bytes));
    }

    private static List<Sample> conflicts(View view) {
        List<Sample> samples = new ArrayList<>();
        view.sight()
                .stock()
                .forEach((node, stock) ->
                        stock.conflicts().entrySet().stream()
                                .sorted(Map.Entry.comparingByKey())
                                .forEach(count -> {
                                    Sight.Kind kind = count.getKey();
                                    samples.add(
                                            sample(
                                                    count.getValue(),
                                                    node,
                                                    kind.type(),
                                                    kind.resolution()));
                                }));
        return samples;
    }

    private static List<Sample> held(View view) {
        List<Sample> samples = new ArrayList<>();
        for (String node : view.served()) {
            for (Status.Link link : view.sight().linksInto(node)) {
                for (HeldChanges.HeldTable held : link.held()) {
                    samples.add(
                            sample((double) held.changes(), link.from(), link.to(), held.table()));
                }
            }
        }
        return samples;
    }

    private static List<Sample> displaced(View view) {
        List<Sample> samples = new ArrayList<>();
        view.sight()
                .stock()
                .forEach((node, stock) ->
                        stock.displaced()
                                .forEach((table, rows) -> samples.add(sample(rows, node, table))));
        return samples;
    }

    private static List<Sample> tombstones(View view) {
        return view.sight().stock().entrySet().stream()
                .map(stock -> sample((double) stock.getValue().tombstones(), stock.getKey()))
                .toList();
    }
}
