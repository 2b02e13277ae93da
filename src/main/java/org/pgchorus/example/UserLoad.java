package org.pgchorus.example;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;

/**
 * Posts users to a {@link UserService}: one virtual thread a request, at a steady pace, some dozens
 * under way at a time. Begins at once; any thread may ask how it stands.
 */
final class UserLoad implements AutoCloseable {
    /** More would only wait for the service's sessions. */
    private static final int UNDER_WAY = 32;

    /** So that there is something to watch: ten thousand take three and a half seconds. */
    private static final long PACE_MICROS = 350;

    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final URI service;
    private final int count;
    private final HttpClient client;
    private final Semaphore places = new Semaphore(UNDER_WAY);
    private final ExecutorService requests = Executors.newVirtualThreadPerTaskExecutor();
    private final Map<Integer, LongAdder> answers = new ConcurrentHashMap<>();
    private final LongAdder done = new LongAdder();
    private final AtomicReference<String> failure = new AtomicReference<>();

    private UserLoad(URI service, int count) {
        this.service = service;
        this.count = count;
        this.client =
                HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .connectTimeout(LIMIT)
                        .executor(requests)
                        .build();
        long began = System.nanoTime();
        for (int number = 1; number <= count; number++) {
            int user = number;
            long due = began + TimeUnit.MICROSECONDS.toNanos(number * PACE_MICROS);
            requests.execute(() -> post(user, due));
        }
    }

    /** Begins to post so many users, each with an e-mail address of its own. */
    static UserLoad start(URI service, int count) {
        return new UserLoad(service, count);
    }

    private void post(int user, long due) {
        String body =
                "{\"name\": \"User %1$d\", \"email\": \"user%1$d@example.org\"}".formatted(user);
        try {
            TimeUnit.NANOSECONDS.sleep(due - System.nanoTime());
            places.acquire();
            try {
                int status = post(client, service, body).statusCode();
                answers.computeIfAbsent(status, _ -> new LongAdder()).increment();
            } finally {
                places.release();
            }
        } catch (IOException e) {
            failure.compareAndSet(null, "user %d: %s".formatted(user, e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            failure.compareAndSet(null, "interrupted");
        } finally {
            done.increment();
        }
    }

    /** Posts one body and waits for the answer. */
    static HttpResponse<String> post(HttpClient client, URI service, String body)
            throws IOException, InterruptedException {
        HttpRequest request =
                HttpRequest.newBuilder(service)
                        .timeout(LIMIT)
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build();
        return client.send(request, HttpResponse.BodyHandlers.ofString());
    }

    /** Whether every request has its answer, or has failed. */
    boolean isDone() {
        return done.sum() == count;
    }

    /** How many requests were answered how, by status. */
    Map<Integer, Long> answers() {
        Map<Integer, Long> sums = new TreeMap<>();
        answers.forEach((status, number) -> sums.put(status, number.sum()));
        return sums;
    }

    /** What the first request that got no answer met with. */
    Optional<String> failure() {
        return Optional.ofNullable(failure.get());
    }

    @Override
    public void close() {
        client.shutdownNow();
        requests.shutdownNow();
    }
}
