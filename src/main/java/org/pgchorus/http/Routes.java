package org.pgchorus.http;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Which paths there are. Immutable, pure but for what their answers ask. */
final class Routes {
    /** Health is also asked by HEAD and OPTIONS, as with Patroni: the status without a body. */
    static final List<String> HEALTH_METHODS = List.of("GET", "HEAD", "OPTIONS");

    private static final List<String> READ_METHODS = List.of("GET", "HEAD");

    /** Where a node's name stands in a path. */
    static final String NAME = "{name}";

    private final List<Route> all;

    /**
     * A path and who answers there.
     *
     * @param template its path; {@value Routes#NAME} stands for any word
     */
    record Route(String template, List<String> methods, Function<Question, Reply> answer) {
        /** The word at {@link #NAME}, empty if there is none in the template; empty if another. */
        private Optional<String> match(String path) {
            String[] wanted = template.split("/", -1);
            String[] given = path.split("/", -1);
            if (wanted.length != given.length) {
                return Optional.empty();
            }
            String name = "";
            for (int i = 0; i < wanted.length; i++) {
                if (wanted[i].equals(NAME)) {
                    name = given[i];
                } else if (!wanted[i].equals(given[i])) {
                    return Optional.empty();
                }
            }
            return Optional.of(name);
        }
    }

    /** A request and the name in its path, empty if there is none. */
    record Question(Request request, String name) {}

    Routes(List<Route> all) {
        this.all = List.copyOf(all);
    }

    /** All of them. */
    List<Route> all() {
        return all;
    }

    /** Answers what can be answered, and refuses the rest. */
    Reply answer(Request request) {
        List<String> allowed = new ArrayList<>();
        for (Route route : all) {
            Optional<String> name = route.match(request.path());
            if (name.isPresent()) {
                if (route.methods.contains(request.method())) {
                    return route.answer.apply(new Question(request, name.get()));
                }
                allowed.addAll(route.methods);
            }
        }
        return allowed.isEmpty()
                ? Reply.refusal(
                        404, "there is nothing at this path; see docs/http.md, or ask /cluster")
                : Reply.refusal(405, "this path takes %s".formatted(String.join(", ", allowed)));
    }

    /** Something to read. */
    static Route read(String template, Function<Question, Reply> answer) {
        return new Route(template, READ_METHODS, answer);
    }

    /** Something balancers ask. */
    static Route health(String template, Function<Question, Reply> answer) {
        return new Route(template, HEALTH_METHODS, answer);
    }
}
