package org.pgchorus.cli;

import org.pgchorus.daemon.HeldChanges;
import org.pgchorus.daemon.Status;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/** Nodes and links as people and programs read them. Pure. */
final class StatusView {
    private StatusView() {}

    /** The whole, for programs. */
    static Map<String, Object> json(Status status) {
        return Json.object(
                "group", Json.known(status.groupId()),
                "nodes", nodesJson(status.nodes()),
                "links", linksJson(status.links()),
                "problems", status.problems(),
                "notes", status.notes());
    }

    /** Nodes for people. */
    static String nodes(List<Status.Node> nodes) {
        Grid grid = new Grid(">id", "node", "state", "version", "address");
        for (Status.Node node : nodes) {
            grid.row(
                    node.id() == 0 ? "" : Integer.toString(node.id()),
                    node.name(),
                    state(node),
                    number(node.version()),
                    node.address());
        }
        return grid.text();
    }

    private static String state(Status.Node node) {
        return node.state()
                + (node.readOnly() ? ", read-only" : "")
                + (node.paused() ? ", paused" : "");
    }

    /** Without the packager's words behind it: {@code 18.1 (Debian 18.1-1)} is {@code 18.1}. */
    private static String number(String version) {
        return version.replaceFirst(" .*", "");
    }

    static List<Object> nodesJson(List<Status.Node> nodes) {
        return nodes.stream()
                .<Object>map(node ->
                        Json.object(
                                "id", node.id() == 0 ? null : node.id(),
                                "name", node.name(),
                                "address", node.address(),
                                "state", node.state(),
                                "version", Json.known(node.version()),
                                "paused", node.paused(),
                                "read_only", node.readOnly(),
                                "problem", Json.known(node.problem())))
                .toList();
    }

    /** Links for people: how they stand. */
    static String links(List<Status.Link> links) {
        Grid grid =
                new Grid(
                        "from",
                        "to",
                        "state",
                        ">lag",
                        ">behind",
                        ">transactions",
                        ">conflicts",
                        ">held",
                        ">retained");
        for (Status.Link link : links) {
            grid.row(
                    link.from(),
                    link.to(),
                    link.state(),
                    Words.size(link.lagBytes()),
                    Words.seconds(link.lagSeconds()),
                    Words.count(link.transactions()),
                    Words.count(link.conflicts()),
                    Words.count(heldChanges(link)),
                    link.slot().map(slot -> Words.size(slot.retainedBytes())).orElse(""));
        }
        return grid.text();
    }

    private static long heldChanges(Status.Link link) {
        return link.held().stream().mapToLong(HeldChanges.HeldTable::changes).sum();
    }

    /** Links for people: how far they are in the source's log. */
    static String lag(List<Status.Link> links) {
        Grid grid =
                new Grid(
                        "from",
                        "to",
                        "state",
                        ">lag",
                        ">behind",
                        ">tx",
                        ">source",
                        ">received",
                        ">applied");
        for (Status.Link link : links) {
            grid.row(
                    link.from(),
                    link.to(),
                    link.state(),
                    Words.size(link.lagBytes()),
                    Words.seconds(link.lagSeconds()),
                    Words.count(link.lagTransactions()),
                    link.sourceLsn(),
                    link.receivedLsn(),
                    link.appliedLsn());
        }
        return grid.text();
    }

    static List<Object> linksJson(List<Status.Link> links) {
        return links.stream().<Object>map(StatusView::json).toList();
    }

    /** One link for programs. */
    static Map<String, Object> json(Status.Link link) {
        Optional<Status.Slot> slot = link.slot();
        return Json.object(
                "from", link.from(),
                "to", link.to(),
                "state", link.state(),
                "reason", Json.known(link.reason()),
                "lag_bytes", link.lagBytes(),
                "lag_seconds", rounded(link.lagSeconds()),
                "lag_transactions", link.lagTransactions(),
                "skew_seconds", rounded(link.skewSeconds()),
                "source_lsn", Json.known(link.sourceLsn()),
                "received_lsn", Json.known(link.receivedLsn()),
                "applied_lsn", Json.known(link.appliedLsn()),
                "durable_lsn", Json.known(link.durableLsn()),
                "applied_transactions", link.transactions(),
                "applied_changes", link.changes(),
                "conflicts", link.conflicts(),
                "standing_at", Json.known(link.standingAt()),
                "held_changes", heldChanges(link),
                "held", HeldView.json(link.held()),
                "known_differences", link.differences().count(),
                "slot_name", slot.map(Status.Slot::name),
                "active", slot.map(Status.Slot::active),
                "active_pid", slot.flatMap(s -> Json.known(s.activePid())).map(Long::valueOf),
                "restart_lsn", slot.flatMap(s -> Json.known(s.restartLsn())),
                "confirmed_lsn", slot.flatMap(s -> Json.known(s.confirmedLsn())),
                "retained_bytes", slot.map(Status.Slot::retainedBytes),
                "budget_bytes", slot.map(Status.Slot::budgetBytes),
                "safe_bytes", slot.map(Status.Slot::safeBytes),
                "wal_status", slot.flatMap(s -> Json.known(s.walStatus())));
    }

    private static OptionalDouble rounded(OptionalDouble seconds) {
        return seconds.isPresent()
                ? OptionalDouble.of(Words.rounded(seconds.getAsDouble()))
                : seconds;
    }
}
