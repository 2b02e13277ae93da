package org.pgchorus.http;

import org.pgchorus.daemon.Status;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Answers balancers and orchestrators: 200 or 503, with the reasons. Pure.
 *
 * <p>The words are Patroni's, so that configurations written for it work. Asked without a node's
 * name, the answer is for all nodes that are served: well only if all of them are.
 */
final class Health {
    private static final int WELL = 200;
    private static final int NOT_WELL = 503;

    private Health() {}

    /** A question. Several words may ask the same. */
    enum Question {
        /** May clients write there? */
        PRIMARY("primary", "read-write"),
        /** May clients read there? */
        REPLICA("replica", "read-only"),
        /** Does it take part? */
        READINESS("readiness"),
        /** Does the daemon look? Says nothing of servers: to start it again mends none. */
        LIVENESS("liveness"),
        /** Does its server answer? */
        HEALTH("health");

        private final List<String> words;

        Question(String... words) {
            this.words = List.of(words);
        }

        /** As they stand in a path. */
        List<String> words() {
            return words;
        }
    }

    /** For all nodes that are served. */
    static Reply.Document all(Question question, View view, long now, Optional<LagLimit> lag) {
        if (question == Question.LIVENESS) {
            return liveness(view, now);
        }
        if (view.served().size() == 1) {
            return one(question, view, now, lag, view.served().getFirst());
        }
        Map<String, Object> nodes = new LinkedHashMap<>();
        List<String> reasons = new ArrayList<>();
        for (String name : view.served()) {
            List<String> own = reasons(question, view, now, lag, name);
            own.forEach(reason -> reasons.add("node %s: %s".formatted(name, reason)));
            nodes.put(name, node(view, name, own));
        }
        return reply(Json.object("reasons", reasons, "nodes", nodes), reasons);
    }

    /** For one of them. */
    static Reply.Document one(
            Question question, View view, long now, Optional<LagLimit> lag, String name) {
        if (!view.served().contains(name)) {
            return Reply.refusal(
                    404,
                    "this daemon does not serve node %s but %s".formatted(name, view.served()));
        }
        List<String> reasons = reasons(question, view, now, lag, name);
        return reply(node(view, name, reasons), reasons);
    }

    private static Reply.Document liveness(View view, long now) {
        List<String> reasons = view.stale(now).stream().toList();
        return reply(
                Json.object("reasons", reasons, "looked_at", view.taken().toString()), reasons);
    }

    private static Reply.Document reply(Map<String, Object> body, List<String> reasons) {
        return Reply.json(reasons.isEmpty() ? WELL : NOT_WELL, body);
    }

    private static List<String> reasons(
            Question question, View view, long now, Optional<LagLimit> lag, String name) {
        if (view.stale(now).isPresent()) {
            return List.of(view.stale(now).get());
        }
        return switch (question) {
            case PRIMARY -> {
                Standing standing = view.standing(name);
                List<String> reasons =
                        new ArrayList<>(standing.writable() ? List.of() : standing.reasons());
                lag.ifPresent(limit ->
                        reasons.addAll(
                                Examination.forReading(view.sight(), name, Optional.of(limit))));
                yield reasons.stream().distinct().toList();
            }
            case REPLICA -> Examination.forReading(view.sight(), name, lag);
            case READINESS -> Examination.forReading(view.sight(), name, Optional.empty());
            case LIVENESS -> List.of();
            case HEALTH -> Examination.forLife(view.sight(), name);
        };
    }

    private static Map<String, Object> node(View view, String name, List<String> reasons) {
        Optional<Status.Node> node = view.sight().node(name);
        return Json.object(
                "node", name,
                "role", role(node),
                "state", node.map(Status.Node::state).orElse("unknown"),
                "writable", view.standing(name).writable(),
                "server_version", node.map(Status.Node::version),
                "reasons", reasons,
                "looked_at", view.taken().toString());
    }

    private static String role(Optional<Status.Node> node) {
        boolean follows = node.filter(it -> it.state().equals("following")).isPresent();
        return follows ? "follower" : "node";
    }

    /** All nodes as this daemon sees them, served here or not. */
    static Reply.Document cluster(View view, long now) {
        List<String> problems = new ArrayList<>(view.stale(now).stream().toList());
        if (!view.sight().problem().isEmpty()) {
            problems.add(view.sight().problem());
        }
        view.status().ifPresent(status -> problems.addAll(status.problems()));
        List<Object> members =
                view.status().map(Status::nodes).orElse(List.of()).stream()
                        .<Object>map(node -> member(view, node))
                        .toList();
        return Reply.json(
                WELL,
                Json.object(
                        "group",
                        view.status().map(Status::groupId),
                        "members",
                        members,
                        "problems",
                        problems,
                        "looked_at",
                        view.taken().toString()));
    }

    private static Map<String, Object> member(View view, Status.Node node) {
        Standing standing = view.standing(node.name());
        return Json.object(
                "name", node.name(),
                "role", role(Optional.of(node)),
                "state", node.state().toLowerCase(Locale.ROOT),
                "writable", standing.writable(),
                "reasons", standing.reasons(),
                "served_here", view.served().contains(node.name()),
                "address", node.address());
    }
}
