package org.pgchorus.demo;

import org.pgchorus.daemon.Ending;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;

/** Does several things at the same time, such as starting servers. No state. */
public final class SideBySide {
    private SideBySide() {}

    /**
     * Runs all at the same time; throws what the first one threw that failed, when all are done.
     */
    public static void run(List<Runnable> actions) {
        Map<Integer, RuntimeException> failures = new ConcurrentHashMap<>();
        List<Thread> threads =
                IntStream.range(0, actions.size())
                        .mapToObj(i ->
                                Thread.ofVirtual()
                                        .start(() -> attempt(actions.get(i), i, failures)))
                        .toList();
        threads.forEach(Ending::await);
        failures.values().stream()
                .findFirst()
                .ifPresent(failure -> {
                    throw failure;
                });
    }

    private static void attempt(
            Runnable action, int index, Map<Integer, RuntimeException> failures) {
        try {
            action.run();
        } catch (RuntimeException e) {
            failures.put(index, e);
        }
    }
}
