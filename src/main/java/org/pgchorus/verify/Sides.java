package org.pgchorus.verify;

import org.pgchorus.model.NodeName;
import org.pgchorus.pg.PgError;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.Function;

/** One table on all nodes that are compared; asked side by side, so as near in time as can be. */
final class Sides {
    private final List<Side> sides;
    private final Executor executor;

    Sides(List<Side> sides, Executor executor) {
        this.sides = List.copyOf(sides);
        this.executor = executor;
    }

    List<Side> each() {
        return sides;
    }

    Side side(NodeName name) {
        return sides.stream().filter(s -> s.name().equals(name)).findFirst().orElseThrow();
    }

    /** The answers of all; waits for all of them, also if one fails. */
    <T> Map<NodeName, T> all(Function<Side, T> question) throws Unreadable {
        return ask(sides, Side::name, question, executor);
    }

    /**
     * Asks several side by side.
     *
     * @throws Unreadable if one could not answer; when all have ended
     */
    static <S, T> Map<NodeName, T> ask(
            List<S> asked, Function<S, NodeName> name, Function<S, T> question, Executor executor)
            throws Unreadable {
        Map<NodeName, CompletableFuture<T>> running = new LinkedHashMap<>();
        for (S one : asked) {
            running.put(
                    name.apply(one),
                    CompletableFuture.supplyAsync(() -> question.apply(one), executor));
        }
        Map<NodeName, T> answers = new LinkedHashMap<>();
        Unreadable failed = null;
        for (Map.Entry<NodeName, CompletableFuture<T>> entry : running.entrySet()) {
            try {
                answers.put(entry.getKey(), entry.getValue().join());
            } catch (CompletionException e) {
                if (!(e.getCause() instanceof PgError error)) {
                    throw e;
                }
                Unreadable another = new Unreadable(entry.getKey(), error);
                if (failed == null) {
                    failed = another;
                } else {
                    failed.addSuppressed(another);
                }
            }
        }
        if (failed != null) {
            throw failed;
        }
        return answers;
    }
}
