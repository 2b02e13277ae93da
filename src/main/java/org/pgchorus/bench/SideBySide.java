package org.pgchorus.bench;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Does several things at once. */
final class SideBySide {
    private SideBySide() {}

    /** Each in a thread of its own; returns when all have ended, with the failure of one. */
    static void run(List<? extends Runnable> works) {
        CompletableFuture<?>[] running =
                works.stream()
                        .map(work ->
                                CompletableFuture.runAsync(
                                        work, task -> Thread.ofPlatform().start(task)))
                        .toArray(CompletableFuture[]::new);
        try {
            CompletableFuture.allOf(running).join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }
}
