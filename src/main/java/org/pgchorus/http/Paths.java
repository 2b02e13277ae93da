package org.pgchorus.http;

import org.pgchorus.http.Routes.Route;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/** The server's paths, and who answers there. */
final class Paths {
    private static final int OK = 200;

    private Paths() {}

    static Routes of(
            Supplier<View> view, Timeline timeline, Api api, Tasks tasks, Changes changes) {
        List<Route> routes = new ArrayList<>();
        routes.add(Routes.file("/", _ -> Assets.page()));
        routes.add(Routes.file("/ui/{file}", asked -> Assets.file(asked.name())));
        for (Health.Question question : Health.Question.values()) {
            for (String word : question.words()) {
                routes.add(
                        Routes.health(
                                "/" + word,
                                asked -> Health.all(question, view.get(), now(), limit(asked))));
                routes.add(
                        Routes.health(
                                "/nodes/%s/%s".formatted(Routes.NAME, word),
                                asked ->
                                        Health.one(
                                                question,
                                                view.get(),
                                                now(),
                                                limit(asked),
                                                asked.name())));
            }
        }
        routes.add(Routes.health("/cluster", _ -> Health.cluster(view.get(), now())));
        routes.add(
                Routes.read(
                        "/metrics",
                        asked -> Exposition.of(view.get(), asked.request().accepted())));
        routes.add(read("/api/v1", _ -> Reply.json(OK, index(routes))));
        routes.add(read("/api/v1/status", _ -> Reply.json(OK, Api.status(view.get()))));
        routes.add(read("/api/v1/nodes", _ -> Reply.json(OK, Api.nodes(view.get()))));
        routes.add(read("/api/v1/links", _ -> Reply.json(OK, Api.links(view.get()))));
        routes.add(read("/api/v1/lag", _ -> Reply.json(OK, Api.lag(view.get()))));
        routes.add(read("/api/v1/conflicts", asked -> api.conflicts(asked.request())));
        routes.add(read("/api/v1/tables", _ -> api.tables()));
        routes.add(read("/api/v1/timeline", _ -> Reply.json(OK, timeline.json())));
        routes.add(read("/api/v1/history", _ -> Reply.json(OK, Api.history(view.get().past()))));
        Events events = new Events(view);
        routes.add(
                new Route(
                        "/api/v1/events", List.of("GET"), Routes.Need.READ, _ -> events.stream()));
        routes.add(read("/api/v1/tasks", _ -> tasks.list()));
        routes.add(read("/api/v1/tasks/{id}", asked -> tasks.show(asked.name())));
        addChanges(routes, changes);
        return new Routes(routes);
    }

    private static void addChanges(List<Route> routes, Changes changes) {
        routes.add(Routes.change("/api/v1/conflicts/{id}/undo", changes::undo));
        String link = "/api/v1/links/{from}/{to}/";
        routes.add(Routes.change(link + "pause", asked -> changes.pauseLink(asked, true)));
        routes.add(Routes.change(link + "resume", asked -> changes.pauseLink(asked, false)));
        String node = "/api/v1/nodes/{name}/";
        routes.add(Routes.change(node + "pause", asked -> changes.pauseNode(asked, true)));
        routes.add(Routes.change(node + "resume", asked -> changes.pauseNode(asked, false)));
        routes.add(Routes.change(node + "read-only", asked -> changes.readOnly(asked, true)));
        routes.add(Routes.change(node + "read-write", asked -> changes.readOnly(asked, false)));
        routes.add(Routes.change(node + "drain", changes::drain));
        routes.add(Routes.change("/api/v1/verify", changes::verify));
    }

    private static Route read(String template, Function<Routes.Question, Reply> answer) {
        return Routes.read(template, answer);
    }

    /** What there is to ask, for who comes by. */
    private static Map<String, Object> index(List<Route> routes) {
        return Json.object("paths", routes.stream().map(Route::template).toList());
    }

    private static long now() {
        return System.nanoTime();
    }

    private static Optional<LagLimit> limit(Routes.Question asked) {
        return asked.request().asked("lag").map(LagLimit::parse);
    }
}
