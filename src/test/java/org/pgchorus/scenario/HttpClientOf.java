package org.pgchorus.scenario;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Asks a daemon over HTTP, as balancers and programs do. */
final class HttpClientOf implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final URI server;
    private final HttpClient client = HttpClient.newHttpClient();

    HttpClientOf(URI server) {
        this.server = server;
    }

    HttpResponse<String> send(String method, String path, String... headers) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(server.resolve(path))
                        .timeout(Duration.ofSeconds(60))
                        .method(method, HttpRequest.BodyPublishers.noBody());
        if (headers.length > 0) {
            request.headers(headers);
        }
        try {
            return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(method + " " + path, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    int status(String path) {
        return send("GET", path).statusCode();
    }

    String text(String path) {
        return send("GET", path).body();
    }

    JsonNode json(String path) {
        try {
            return JSON.readTree(text(path));
        } catch (IOException e) {
            throw new UncheckedIOException(path, e);
        }
    }

    /** The first events of a stream, which is left then. */
    List<JsonNode> firstEvents(String path, int count) throws IOException {
        List<JsonNode> events = new ArrayList<>();
        try (BufferedReader lines =
                new BufferedReader(
                        new InputStreamReader(
                                server.resolve(path).toURL().openStream(),
                                StandardCharsets.UTF_8))) {
            while (events.size() < count) {
                String line = lines.readLine();
                if (line == null) {
                    break;
                }
                if (line.startsWith("data: ")) {
                    events.add(JSON.readTree(line.substring("data: ".length())));
                }
            }
        }
        return events;
    }

    /**
     * Sends a request at one byte a second, for ever; returns how long that was let happen, in
     * seconds, or 60 if it was not ended.
     */
    long dawdle() {
        byte[] request =
                "GET /metrics HTTP/1.1\r\nHost: localhost\r\nX-Long: "
                        .getBytes(StandardCharsets.US_ASCII);
        long began = System.nanoTime();
        try (Socket socket = new Socket(server.getHost(), server.getPort());
                InputStream in = socket.getInputStream()) {
            socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(1));
            int i = 0;
            while (i < 60) {
                socket.getOutputStream().write(i < request.length ? request[i] : 'x');
                try {
                    if (in.read() < 0) {
                        break;
                    }
                } catch (SocketTimeoutException patient) {
                    i++;
                }
            }
        } catch (IOException reset) {
            return TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - began);
        }
        return TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - began);
    }

    @Override
    public void close() {
        client.close();
    }
}
