package org.pgchorus.route;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Asks the daemons which nodes are writable, as {@code pgchorus haproxy} lets HAProxy do. Any
 * thread.
 */
public final class HealthJudge implements Function<String, Judgement>, AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final int WELL = 200;
    private static final int NOT_WELL = 503;

    private final Map<String, String> daemons;
    private final Optional<String> token;
    private final HttpClient client = HttpClient.newBuilder().connectTimeout(PATIENCE).build();

    /**
     * @param daemons {@code HOST:PORT} of the daemon that serves each node, by the node's name
     * @param token that requests carry
     */
    public HealthJudge(Map<String, String> daemons, Optional<String> token) {
        this.daemons = Map.copyOf(daemons);
        this.token = token;
    }

    @Override
    public Judgement apply(String node) {
        String daemon = daemons.get(node);
        if (daemon == null) {
            return new Judgement.Unknown("no daemon is known for it");
        }
        URI question = URI.create("http://%s/nodes/%s/primary".formatted(daemon, node));
        HttpRequest.Builder request = HttpRequest.newBuilder(question).timeout(PATIENCE);
        token.ifPresent(it -> request.header("Authorization", "Bearer " + it));
        try {
            HttpResponse<String> response =
                    client.send(request.build(), HttpResponse.BodyHandlers.ofString());
            return switch (response.statusCode()) {
                case WELL -> new Judgement.Writable();
                case NOT_WELL -> new Judgement.NotWritable(reasons(response.body()));
                default ->
                        new Judgement.Unknown(
                                "the daemon at %s answers %d"
                                        .formatted(daemon, response.statusCode()));
            };
        } catch (IOException e) {
            return new Judgement.Unknown(
                    "the daemon at %s does not answer: %s".formatted(daemon, said(e)));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Judgement.Unknown("interrupted");
        }
    }

    private static String said(IOException e) {
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    private static List<String> reasons(String body) {
        List<String> reasons = new ArrayList<>();
        try {
            for (JsonNode reason : JSON.readTree(body).path("reasons")) {
                reasons.add(reason.asText());
            }
        } catch (JsonProcessingException notOurs) {
            reasons.add("not writable");
        }
        return reasons.isEmpty() ? List.of("not writable") : reasons;
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
