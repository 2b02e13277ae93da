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

    /** What a client has to show. */
    enum Need {
        /** It is the same for everybody, and says nothing of the group. */
        NOTHING,
        READ,
        CHANGE
    }

    /**
     * A path and who answers there.
     *
     * @param template its path; a word in braces stands for any word
     */
    record Route(
            String template, List<String> methods, Need need, Function<Question, Reply> answer) {
        /** The words at the braces; empty if it is another path. */
        private Optional<List<String>> match(String path) {
            String[] wanted = template.split("/", -1);
            String[] given = path.split("/", -1);
            if (wanted.length != given.length) {
                return Optional.empty();
            }
            List<String> words = new ArrayList<>();
            for (int i = 0; i < wanted.length; i++) {
                if (wanted[i].startsWith("{")) {
                    words.add(given[i]);
                } else if (!wanted[i].equals(given[i])) {
                    return Optional.empty();
                }
            }
            return Optional.of(words);
        }
    }

    /** A request and the words in its path that stand for something. */
    record Question(Request request, List<String> words) {
        /** The first of them. */
        String name() {
            return words.getFirst();
        }
    }

    Routes(List<Route> all) {
        this.all = List.copyOf(all);
    }

    /** All of them. */
    List<Route> all() {
        return all;
    }

    /** What has to be shown for a request; what there is nothing for counts as reading. */
    Need need(Request request) {
        return all.stream()
                .filter(route -> route.match(request.path()).isPresent())
                .filter(route -> route.methods.contains(request.method()))
                .map(Route::need)
                .findFirst()
                .orElse(Need.READ);
    }

    /** Answers what can be answered, and refuses the rest. */
    Reply answer(Request request) {
        List<String> allowed = new ArrayList<>();
        for (Route route : all) {
            Optional<List<String>> words = route.match(request.path());
            if (words.isPresent()) {
                if (route.methods.contains(request.method())) {
                    return route.answer.apply(new Question(request, words.get()));
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
        return new Route(template, READ_METHODS, Need.READ, answer);
    }

    /** A file of the dashboard. */
    static Route file(String template, Function<Question, Reply> answer) {
        return new Route(template, READ_METHODS, Need.NOTHING, answer);
    }

    /** Something that is changed. */
    static Route change(String template, Function<Question, Reply> answer) {
        return new Route(template, List.of("POST"), Need.CHANGE, answer);
    }

    /** Something balancers ask. */
    static Route health(String template, Function<Question, Reply> answer) {
        return new Route(template, HEALTH_METHODS, Need.READ, answer);
    }
}
