package org.pgchorus.http;

import org.pgchorus.daemon.Lookout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * What was ordered over HTTP and takes its time: begun at once, asked after by number. Any thread.
 *
 * <p>A task is gone with its daemon; what it ordered stands in the databases.
 */
final class Tasks implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Tasks.class);

    /** At a time; each has sessions on every node. */
    static final int RUNNING = 4;

    /** Those that ended are remembered until so many came later. */
    static final int KEPT = 100;

    private static final String PLACE = "/api/v1/tasks/";
    private static final int OK = 200;
    private static final int ACCEPTED = 202;
    private static final int NOT_FOUND = 404;
    private static final int TOO_MANY = 429;

    private final InstantSource clock;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Map<Long, Task> tasks = new LinkedHashMap<>();
    private long number;

    /** What is done; its answer is the task's result. */
    @FunctionalInterface
    interface Work {
        Map<String, Object> run(Hearing hearing) throws InterruptedException;
    }

    /** Hears how a task goes on. */
    @FunctionalInterface
    interface Hearing {
        /**
         * @param ratio from 0 to 1, if that can be said
         */
        void goesOn(String progress, OptionalDouble ratio);
    }

    /** How a task stands. */
    private sealed interface State {
        record Running(String progress, OptionalDouble ratio) implements State {}

        record Done(Map<String, Object> result) implements State {}

        record Failed(String error) implements State {}
    }

    private record Task(
            long id, String what, Instant begun, Optional<Instant> ended, State state) {}

    Tasks(InstantSource clock) {
        this.clock = clock;
    }

    /** Begins something, unless too much is under way. */
    synchronized Reply begin(String what, Work work) {
        long running = tasks.values().stream().filter(it -> it.ended.isEmpty()).count();
        if (running >= RUNNING) {
            return Reply.refusal(
                            TOO_MANY,
                            "%d tasks are under way; wait for one of them".formatted(running))
                    .with("Retry-After", "1");
        }
        number++;
        long id = number;
        tasks.put(
                id,
                new Task(
                        id,
                        what,
                        clock.instant(),
                        Optional.empty(),
                        new State.Running("begins", OptionalDouble.empty())));
        tasks.values().stream()
                .filter(it -> it.ended.isPresent())
                .limit(Math.max(0, tasks.size() - KEPT))
                .map(Task::id)
                .toList()
                .forEach(tasks::remove);
        threads.execute(() -> run(id, what, work));
        return Reply.json(ACCEPTED, json(tasks.get(id))).with("Location", PLACE + id);
    }

    /** A supervisor's catch: a task that breaks must be seen to have ended. */
    private void run(long id, String what, Work work) {
        LOG.info("task {}: {}", id, what);
        try {
            Map<String, Object> result =
                    work.run((progress, ratio) -> set(id, new State.Running(progress, ratio)));
            set(id, new State.Done(result));
        } catch (Lookout.Unanswered e) {
            LOG.info("task {} failed: {}", id, e.getMessage());
            set(id, new State.Failed(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            set(id, new State.Failed("the daemon ended"));
        } catch (RuntimeException e) {
            LOG.error("task {} broke", id, e);
            set(id, new State.Failed("internal error; the daemon's log has it"));
        }
    }

    private synchronized void set(long id, State state) {
        Task task = tasks.get(id);
        Optional<Instant> ended =
                state instanceof State.Running ? Optional.empty() : Optional.of(clock.instant());
        tasks.put(id, new Task(id, task.what, task.begun, ended, state));
    }

    /** One of them. */
    synchronized Reply show(String id) {
        Task task = id.matches("\\d{1,18}") ? tasks.get(Long.valueOf(id)) : null;
        return task == null
                ? Reply.refusal(
                        NOT_FOUND, "there is no task %s; it may be too long ago".formatted(id))
                : Reply.json(OK, json(task));
    }

    /** All that are remembered, the newest first. */
    synchronized Reply list() {
        return Reply.json(
                OK, List.copyOf(tasks.values()).reversed().stream().map(this::json).toList());
    }

    private Map<String, Object> json(Task task) {
        Map<String, Object> object =
                Json.object(
                        "id",
                        task.id,
                        "what",
                        task.what,
                        "begun",
                        task.begun.toString(),
                        "ended",
                        task.ended.map(Instant::toString));
        object.putAll(
                switch (task.state) {
                    case State.Running(String progress, OptionalDouble ratio) ->
                            state("running", progress, ratio, null, null);
                    case State.Done(Map<String, Object> result) ->
                            state("done", "", OptionalDouble.of(1), result, null);
                    case State.Failed(String error) ->
                            state("failed", "", OptionalDouble.empty(), null, error);
                });
        return object;
    }

    private static Map<String, Object> state(
            String state, String progress, OptionalDouble ratio, Object result, String error) {
        return Json.object(
                "state", state,
                "progress", progress,
                "ratio", ratio,
                "result", result,
                "error", error);
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
