package org.pgchorus.http;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;

import org.pgchorus.route.Statistics;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/** Shows how a router stands: for people, as JSON, for Prometheus. Any thread. */
public final class RouterPage implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RouterPage.class);
    private static final int BACKLOG = 64;
    private static final int OK = 200;
    private static final int NOT_FOUND = 404;
    private static final int NOT_ALLOWED = 405;
    private static final int BROKEN = 500;

    private final Binding binding;
    private final Supplier<Statistics> statistics;
    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    private RouterPage(Binding binding, Supplier<Statistics> statistics, HttpServer server) {
        this.binding = binding;
        this.statistics = statistics;
        this.server = server;
        server.createContext("/", this::answer);
        server.setExecutor(threads);
        server.start();
    }

    /**
     * Begins to answer.
     *
     * @throws IllegalArgumentException if the place is taken
     */
    public static RouterPage start(Binding binding, Supplier<Statistics> statistics) {
        Server.setBounds();
        try {
            return new RouterPage(
                    binding, statistics, HttpServer.create(binding.socketAddress(), BACKLOG));
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "cannot show statistics on %s (%s); name another place with --stats HOST:PORT"
                            .formatted(binding, e.getMessage()),
                    e);
        }
    }

    /** Where it answers. */
    public URI uri() {
        String host = binding.address().getHostAddress();
        return URI.create(
                "http://%s:%d/"
                        .formatted(
                                host.contains(":") ? "[" + host + "]" : host,
                                server.getAddress().getPort()));
    }

    /** A supervisor's catch: a request that breaks must not break the page. */
    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            Reply.Document reply;
            try {
                reply = reply(exchange);
            } catch (RuntimeException e) {
                LOG.error("{} broke", exchange.getRequestURI(), e);
                reply = Reply.refusal(BROKEN, "internal error; the router's log has it");
            }
            exchange.getResponseHeaders().set("Content-Type", reply.type());
            exchange.getResponseHeaders().set("Cache-Control", "no-store");
            exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
            boolean bare = !exchange.getRequestMethod().equals("GET");
            exchange.sendResponseHeaders(reply.status(), bare ? -1 : reply.body().length);
            if (!bare) {
                try (OutputStream out = exchange.getResponseBody()) {
                    out.write(reply.body());
                }
            }
        }
    }

    private Reply.Document reply(HttpExchange exchange) {
        Optional<Reply> refused =
                Access.refusal(binding, Routes.Need.READ, exchange.getRequestHeaders(), false);
        if (refused.isPresent()) {
            return (Reply.Document) refused.get();
        }
        if (!exchange.getRequestMethod().matches("GET|HEAD")) {
            return Reply.refusal(NOT_ALLOWED, "only GET and HEAD");
        }
        Statistics now = statistics.get();
        return switch (exchange.getRequestURI().getPath()) {
            case "/" -> new Reply.Document(OK, "text/html; charset=utf-8", RouterText.html(now));
            case "/json" -> Reply.json(OK, RouterText.json(now));
            case "/metrics" ->
                    new Reply.Document(
                            OK,
                            "text/plain; version=0.0.4; charset=utf-8",
                            RouterText.metrics(now));
            default -> Reply.refusal(NOT_FOUND, "there are /, /json and /metrics");
        };
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
