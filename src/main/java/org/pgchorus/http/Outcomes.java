package org.pgchorus.http;

import org.pgchorus.daemon.Comparison;
import org.pgchorus.daemon.NodeOrders.Drained;
import org.pgchorus.daemon.NodeOrders.Pause;
import org.pgchorus.daemon.Undo.Undone;
import org.pgchorus.model.LinkName;
import org.pgchorus.model.NodeName;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/** What orders came to, for programs: results of tasks, and of commands with --json. Pure. */
public final class Outcomes {
    private Outcomes() {}

    /** Of pausing a node, or letting it go on. */
    public static Map<String, Object> pause(Pause pause, NodeName node, boolean paused) {
        return Json.object(
                "node", node.text(),
                "paused", paused,
                "links", links(pause.links()),
                "unconfirmed", links(pause.unconfirmed()),
                "still", links(pause.still()),
                "untold", names(pause.untold().keySet()));
    }

    private static List<Map<String, Object>> links(List<LinkName> links) {
        return links.stream()
                .map(it -> Json.object("from", it.from().text(), "to", it.to().text()))
                .toList();
    }

    private static List<String> names(Collection<NodeName> nodes) {
        return nodes.stream().map(NodeName::text).toList();
    }

    /** Of draining a node. */
    public static Map<String, Object> drained(NodeName node, Drained drained) {
        return Json.object(
                "node", node.text(),
                "drained", drained.lacking().isEmpty(),
                "seconds", OptionalDouble.of(drained.seconds()),
                "lacking",
                        drained.lacking().entrySet().stream()
                                .map(lack ->
                                        Json.object(
                                                "from", lack.getKey().from().text(),
                                                "to", lack.getKey().to().text(),
                                                "reason", lack.getValue()))
                                .toList(),
                "untold", names(drained.untold().keySet()));
    }

    /** Of making a node read-only, or writable again. */
    public static Map<String, Object> readOnly(
            NodeName node, boolean on, Map<NodeName, String> untold) {
        return Json.object("node", node.text(), "read_only", on, "untold", names(untold.keySet()));
    }

    /** Of pausing a link, or letting it go on. */
    static Map<String, Object> link(NodeName from, NodeName to, boolean paused, boolean confirmed) {
        return Json.object(
                "from", from.text(), "to", to.text(), "paused", paused, "confirmed", confirmed);
    }

    /** The conflict, and the row that stands now. */
    static Map<String, Object> undone(Undone undone) {
        return Json.object(
                "conflict", Api.conflict(undone.conflict()),
                "row", undone.row().map(Json::raw),
                "writer", undone.version().node());
    }

    /** Of comparing, table by table. */
    static Map<String, Object> compared(Comparison compared) {
        return Json.object(
                "equal", compared.equal(),
                "nodes", compared.nodes(),
                "skipped", compared.skipped(),
                "tables",
                        compared.tables().stream()
                                .map(it ->
                                        Json.object(
                                                "table", it.table(),
                                                "verdict", it.verdict(),
                                                "rows", it.rows(),
                                                "reason", it.reason()))
                                .toList());
    }
}
