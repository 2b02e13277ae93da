package org.pgchorus.http;

import org.pgchorus.config.Durations;
import org.pgchorus.config.Sizes;
import org.pgchorus.daemon.Sight;
import org.pgchorus.daemon.Status;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What speaks against sending clients to a node, by one look at its group. Pure.
 *
 * <p>A peer that is down takes nobody else out: its links are not counted, and what is kept for it
 * counts only when it is over its budget.
 */
final class Examination {
    /** A node that lags more shows clients too old rows to decide by. */
    static final Duration LAG_LIMIT = Duration.ofSeconds(60);

    /** Over this a link stops, since the other node would decide by a wrong time. */
    private static final double SKEW_LIMIT_SECONDS = 5;

    /** A sight that is older says nothing any more. */
    static final Duration OLDEST = Duration.ofSeconds(15);

    private final Sight sight;
    private final String name;

    private Examination(Sight sight, String name) {
        this.sight = sight;
        this.name = name;
    }

    /** Whether clients may write there. */
    static Standing.Finding forWriting(Sight sight, String name) {
        Examination node = new Examination(sight, name);
        List<String> faults = new ArrayList<>(node.notReady());
        node.vitals()
                .ifPresent(vitals -> {
                    if (vitals.readOnly()) {
                        faults.add("its server is read-only (default_transaction_read_only)");
                    }
                    if (vitals.clockBehindSeconds() > 0) {
                        faults.add(
                                "its clock stepped back and has %.1f s to catch up"
                                        .formatted(vitals.clockBehindSeconds()));
                    }
                });
        if (node.node().filter(Status.Node::readOnly).isPresent()) {
            faults.add("it is read-only by order; pgchorus node read-only %s off".formatted(name));
        }
        if (node.node().filter(it -> it.state().equals("following")).isPresent()) {
            faults.add("it is a follower: clients write at its provider");
        }
        faults.addAll(node.slots());
        faults.addAll(node.clockAhead());
        return new Standing.Finding(
                faults, node.late(LAG_LIMIT), node.late(LAG_LIMIT.dividedBy(2)));
    }

    /** Whether it answers at all. */
    static List<String> forLife(Sight sight, String name) {
        Examination node = new Examination(sight, name);
        Optional<Status.Node> found = node.node();
        if (node.vitals().isPresent()) {
            return List.of();
        }
        return found.isEmpty() ? List.of(node.unknown()) : down(found.get());
    }

    /**
     * Whether clients may read there.
     *
     * @param most seconds or bytes that a link into it may be behind
     */
    static List<String> forReading(Sight sight, String name, Optional<LagLimit> most) {
        Examination node = new Examination(sight, name);
        List<String> reasons = new ArrayList<>(node.notReady());
        most.ifPresent(limit ->
                node.fromReachable().stream()
                        .filter(limit::isExceededBy)
                        .map(link -> limit.reason(link))
                        .forEach(reasons::add));
        return reasons;
    }

    /** Why it cannot be asked or is not ready; empty if it can be read. */
    private List<String> notReady() {
        Optional<Status.Node> found = node();
        if (found.isEmpty()) {
            return List.of(unknown());
        }
        Status.Node it = found.get();
        if (vitals().filter(Sight.Vitals::inRecovery).isPresent()) {
            return List.of("its server is in recovery");
        }
        return switch (it.state()) {
            case "ready", "following" -> List.of();
            case "down" -> down(it);
            default ->
                    List.of(
                            "it is %s%s"
                                    .formatted(
                                            it.state(),
                                            it.problem().isEmpty() ? "" : ": " + it.problem()));
        };
    }

    private String unknown() {
        return sight.status().isEmpty()
                ? "nothing is known of it: " + sight.problem()
                : "it is in no group with the other nodes served here";
    }

    private static List<String> down(Status.Node node) {
        return node.state().equals("down")
                ? List.of(
                        node.problem().isEmpty()
                                ? "it does not answer"
                                : "it does not answer: " + node.problem())
                : List.of();
    }

    private Optional<Status.Node> node() {
        return sight.node(name);
    }

    private Optional<Sight.Vitals> vitals() {
        return Optional.ofNullable(sight.vitals().get(name));
    }

    /** What it keeps for others. */
    private List<String> slots() {
        List<String> faults = new ArrayList<>();
        for (Status.Link link : sight.linksFrom(name)) {
            if (link.state().equals("resync")) {
                faults.add(
                        "it keeps nothing for %s any more: %s".formatted(link.to(), link.reason()));
            }
            link.slot().ifPresent(slot -> faults.addAll(slot(link.to(), slot)));
        }
        for (Status.Link link : sight.linksInto(name)) {
            if (link.state().equals("resync")) {
                faults.add("it lacks what %s wrote: %s".formatted(link.from(), link.reason()));
            }
        }
        return faults;
    }

    private static List<String> slot(String to, Status.Slot slot) {
        List<String> faults = new ArrayList<>();
        if (slot.walStatus().equals("lost") || slot.walStatus().equals("unreserved")) {
            faults.add(
                    "the WAL it keeps for %s is %s (max_slot_wal_keep_size)"
                            .formatted(to, slot.walStatus()));
        }
        long budget = slot.budgetBytes().orElse(Long.MAX_VALUE);
        if (slot.retainedBytes() >= budget) {
            faults.add(
                    "it keeps %s of WAL for %s, over the budget of %s (wal_budget)"
                            .formatted(
                                    Sizes.rounded(slot.retainedBytes()),
                                    to,
                                    Sizes.rounded(budget)));
        }
        return faults;
    }

    /** Ahead of most others it is the one that is wrong. */
    private List<String> clockAhead() {
        List<Status.Link> measured =
                sight.linksFrom(name).stream()
                        .filter(link -> link.skewSeconds().isPresent() && isReachable(link.to()))
                        .toList();
        List<Status.Link> ahead =
                measured.stream()
                        .filter(link -> link.skewSeconds().orElseThrow() > SKEW_LIMIT_SECONDS)
                        .toList();
        return ahead.size() * 2 <= measured.size()
                ? List.of()
                : List.of(
                        "its clock is %.1f s ahead of that of %s"
                                .formatted(
                                        ahead.getFirst().skewSeconds().orElseThrow(),
                                        ahead.getFirst().to()));
    }

    private List<String> late(Duration limit) {
        return fromReachable().stream()
                .filter(link -> link.lagSeconds().orElse(0) * 1000 > limit.toMillis())
                .map(link ->
                        "it is %.0f s behind %s, over %s"
                                .formatted(
                                        link.lagSeconds().orElseThrow(),
                                        link.from(),
                                        Durations.text(limit)))
                .toList();
    }

    private List<Status.Link> fromReachable() {
        return sight.linksInto(name).stream().filter(link -> isReachable(link.from())).toList();
    }

    private boolean isReachable(String peer) {
        return sight.node(peer).filter(node -> !node.state().equals("down")).isPresent();
    }
}
