package org.pgchorus.example;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** What a balancer's statistics page says of its nodes. One thread. */
final class BalancerPage implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(5);
    private static final ObjectMapper MAPPER = new ObjectMapper();

    /** Columns of HAProxy's CSV. Source: HAProxy Management Guide, "CSV format". */
    private static final int PROXY = 0;

    private static final int SERVER = 1;
    private static final int SESSIONS_SO_FAR = 7;
    private static final int STATUS = 17;

    private final URI page;
    private final Kind kind;
    private final HttpClient client = HttpClient.newBuilder().connectTimeout(LIMIT).build();

    /** Whose page it is. */
    enum Kind {
        ROUTER("json"),
        HAPROXY(";csv");

        private final String path;

        Kind(String path) {
            this.path = path;
        }
    }

    /**
     * One node as the balancer sees it.
     *
     * @param state in lower case: open, closed or down; or up or down
     * @param sessions so far
     */
    record NodeLine(String state, long sessions) {
        /** Whether it gets clients. */
        boolean isOpen() {
            return state.equals("open") || state.equals("up");
        }
    }

    BalancerPage(int port, Kind kind) {
        this.page = URI.create("http://127.0.0.1:%d/".formatted(port));
        this.kind = kind;
    }

    Kind kind() {
        return kind;
    }

    /** The nodes by name; none while nobody answers. */
    Map<String, NodeLine> nodes() {
        String text;
        try {
            HttpRequest request =
                    HttpRequest.newBuilder(URI.create(page + kind.path)).timeout(LIMIT).build();
            text = client.send(request, HttpResponse.BodyHandlers.ofString()).body();
        } catch (IOException nobodyYet) {
            return Map.of();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while a page was read", e);
        }
        return switch (kind) {
            case ROUTER -> ofRouter(text);
            case HAPROXY -> ofHaproxy(text);
        };
    }

    private static Map<String, NodeLine> ofRouter(String json) {
        try {
            Map<String, NodeLine> nodes = new TreeMap<>();
            for (JsonNode node : MAPPER.readTree(json).path("nodes")) {
                nodes.put(
                        node.path("name").asText(),
                        new NodeLine(
                                node.path("state").asText(), node.path("sessions_total").asLong()));
            }
            return nodes;
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the router's statistics are no JSON", e);
        }
    }

    private static Map<String, NodeLine> ofHaproxy(String csv) {
        Map<String, NodeLine> nodes = new TreeMap<>();
        for (String line : csv.lines().toList()) {
            String[] cells = line.split(",", -1);
            boolean isServer =
                    cells[PROXY].equals("pgchorus")
                            && !List.of("FRONTEND", "BACKEND").contains(cells[SERVER]);
            if (isServer) {
                nodes.put(
                        cells[SERVER],
                        new NodeLine(
                                cells[STATUS].toLowerCase(Locale.ROOT),
                                Long.parseLong(cells[SESSIONS_SO_FAR])));
            }
        }
        return nodes;
    }

    /** Its address, for a browser. */
    @Override
    public String toString() {
        return page.toString();
    }

    @Override
    public void close() {
        client.close();
    }
}
