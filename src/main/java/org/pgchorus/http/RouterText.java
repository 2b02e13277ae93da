package org.pgchorus.http;

import org.pgchorus.route.NodeState;
import org.pgchorus.route.Statistics;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToLongFunction;

/** A router's statistics as HTML, as what becomes JSON, and as Prometheus reads them. Pure. */
final class RouterText {
    private static final String PAGE =
            """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8"><title>pgchorus route</title>
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="refresh" content="5">
            <style>
            :root { color-scheme: light dark; font-family: system-ui, sans-serif; }
            body { margin: 1rem; } table { border-collapse: collapse; margin: 1rem 0; }
            div { overflow-x: auto; }
            th, td { text-align: left; padding: .3rem .8rem; border-bottom: 1px solid #8888; }
            td.n { text-align: right; font-variant-numeric: tabular-nums; }
            .open { color: light-dark(#0a6b2c, #6fdc8c); }
            .closed { color: light-dark(#8a5a00, #f1c21b); }
            .down { color: light-dark(#b00020, #ff8389); }
            </style></head><body>
            <h1>pgchorus route</h1>
            <p>Listens on %s, mode %s, since %s. Sessions: %d.</p>
            <div><table><caption>Nodes</caption><tr><th scope="col">node</th>
            <th scope="col">address</th><th scope="col">state</th><th scope="col">sessions</th>
            <th scope="col">so far</th><th scope="col">cut</th><th scope="col">failed</th>
            <th scope="col">bytes in</th><th scope="col">bytes out</th>
            <th scope="col">reason</th></tr>
            %s</table></div>
            <div><table><caption>Clients</caption>
            %s</table></div>
            <p><a href="/json">JSON</a> <a href="/metrics">metrics</a></p>
            </body></html>
            """;

    private RouterText() {}

    static byte[] html(Statistics now) {
        StringBuilder nodes = new StringBuilder();
        for (Statistics.Node node : now.nodes()) {
            nodes.append(
                    ("<tr><th scope=\"row\">%s</th><td>%s</td><td class=\"%s\">%s</td>%s<td>%s</td>"
                                    + "</tr>%n")
                            .formatted(
                                    escaped(node.name()),
                                    escaped(node.address()),
                                    node.state(),
                                    node.state(),
                                    numbers(
                                            node.sessions(),
                                            node.begun(),
                                            node.cut(),
                                            node.failed(),
                                            node.bytesIn(),
                                            node.bytesOut()),
                                    escaped(node.reason())));
        }
        StringBuilder events = new StringBuilder();
        for (Statistics.Event event : now.events()) {
            events.append(
                    "<tr><th scope=\"row\">%s</th>%s</tr>%n"
                            .formatted(escaped(event.meaning()), numbers(event.count())));
        }
        return bytes(
                PAGE.formatted(
                        escaped(now.listen()),
                        now.mode(),
                        now.since(),
                        now.sessions(),
                        nodes,
                        events));
    }

    private static String numbers(long... numbers) {
        StringBuilder cells = new StringBuilder();
        for (long number : numbers) {
            cells.append(String.format(Locale.ROOT, "<td class=\"n\">%,d</td>", number));
        }
        return cells.toString();
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }

    static Map<String, Object> json(Statistics now) {
        Map<String, Object> events = Json.object();
        now.events().forEach(event -> events.put(event.name(), event.count()));
        return Json.object(
                "listen", now.listen(),
                "mode", now.mode().toString(),
                "since", now.since().toString(),
                "sessions", now.sessions(),
                "nodes", now.nodes().stream().map(RouterText::node).toList(),
                "clients", events);
    }

    private static Map<String, Object> node(Statistics.Node node) {
        return Json.object(
                "name", node.name(),
                "address", node.address(),
                "state", node.state().toString(),
                "reason", node.reason(),
                "sessions", node.sessions(),
                "sessions_total", node.begun(),
                "cut_total", node.cut(),
                "failed_total", node.failed(),
                "bytes_in_total", node.bytesIn(),
                "bytes_out_total", node.bytesOut());
    }

    static byte[] metrics(Statistics now) {
        StringBuilder text = new StringBuilder();
        gauge(
                text,
                now,
                "node_open",
                "1 if the node takes new sessions.",
                it -> it.state() == NodeState.OPEN ? 1 : 0);
        gauge(
                text,
                now,
                "node_down",
                "1 if the node's server does not answer.",
                it -> it.state() == NodeState.DOWN ? 1 : 0);
        gauge(text, now, "sessions", "Sessions now.", Statistics.Node::sessions);
        counter(text, now, "sessions_total", "Sessions so far.", Statistics.Node::begun);
        counter(
                text,
                now,
                "sessions_cut_total",
                "Sessions ended because the node was down.",
                Statistics.Node::cut);
        counter(
                text,
                now,
                "connect_failures_total",
                "Connections that the node did not take.",
                Statistics.Node::failed);
        counter(text, now, "bytes_in_total", "Bytes from clients.", Statistics.Node::bytesIn);
        counter(text, now, "bytes_out_total", "Bytes to clients.", Statistics.Node::bytesOut);
        head(text, "clients_total", "What happened to clients, by event.", "counter");
        for (Statistics.Event event : now.events()) {
            text.append(
                    "pgchorus_route_clients_total{event=\"%s\"} %d\n"
                            .formatted(event.name(), event.count()));
        }
        return bytes(text.toString());
    }

    private static void gauge(
            StringBuilder text,
            Statistics now,
            String name,
            String help,
            ToLongFunction<Statistics.Node> value) {
        head(text, name, help, "gauge");
        samples(text, now.nodes(), name, value);
    }

    private static void counter(
            StringBuilder text,
            Statistics now,
            String name,
            String help,
            ToLongFunction<Statistics.Node> value) {
        head(text, name, help, "counter");
        samples(text, now.nodes(), name, value);
    }

    private static void head(StringBuilder text, String name, String help, String type) {
        text.append("# HELP pgchorus_route_%s %s\n".formatted(name, help));
        text.append("# TYPE pgchorus_route_%s %s\n".formatted(name, type));
    }

    private static void samples(
            StringBuilder text,
            List<Statistics.Node> nodes,
            String name,
            ToLongFunction<Statistics.Node> value) {
        for (Statistics.Node node : nodes) {
            // A node's name has no character that needs escaping.
            text.append(
                    "pgchorus_route_%s{node=\"%s\"} %d\n"
                            .formatted(name, node.name(), value.applyAsLong(node)));
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
