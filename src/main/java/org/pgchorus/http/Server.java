package org.pgchorus.http;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;

import org.pgchorus.config.NodeAddress;
import org.pgchorus.daemon.Lookout;
import org.pgchorus.daemon.Sight;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.io.OutputStream;
import java.net.BindException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * Answers HTTP for a daemon: health, metrics, an API that reads. Any thread.
 *
 * <p>Bounds: a request has ten seconds to arrive whole and 16 kB for its head, its body is not
 * read, an answer has a minute to be taken, 256 connections are open at most. Each connection has a
 * virtual thread of its own, so a slow client holds up nobody else.
 */
public final class Server implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Server.class);

    static final long REQUEST_SECONDS = 10;
    static final long ANSWER_SECONDS = 60;
    static final int CONNECTIONS = 256;
    static final int HEAD_BYTES = 16 << 10;

    /** The JDK's server reads its bounds here, once in a process. */
    private static final Map<String, Object> BOUNDS =
            Map.of(
                    "sun.net.httpserver.maxReqTime", REQUEST_SECONDS,
                    "sun.net.httpserver.maxRspTime", ANSWER_SECONDS,
                    "sun.net.httpserver.maxReqHeaderSize", HEAD_BYTES,
                    "sun.net.httpserver.maxReqHeaders", 100,
                    "sun.net.httpserver.nodelay", true,
                    "jdk.httpserver.maxConnections", CONNECTIONS);

    private static final int BACKLOG = 64;
    private static final int OK = 200;
    private static final int BAD_REQUEST = 400;
    private static final int BROKEN = 500;
    private static final long FIRST_LOOK_SECONDS = 5;

    private final Binding binding;
    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Judge judge = new Judge();
    private final CountDownLatch looked = new CountDownLatch(1);
    private final Lookout lookout;
    private final Routes routes;
    private volatile View view;

    private Server(Binding binding, HttpServer server, List<NodeAddress> nodes) {
        this.binding = binding;
        this.server = server;
        this.view = beforeTheFirstLook(nodes);
        this.lookout = Lookout.start(nodes, InstantSource.system(), this::look);
        this.routes = Paths.of(this::view, new Api(lookout, InstantSource.system()));
        server.createContext("/", this::answer);
        server.setExecutor(threads);
        server.start();
    }

    /**
     * Begins to look at the nodes' group and to listen.
     *
     * @throws IllegalArgumentException if the place is taken
     */
    public static Server start(Binding binding, List<NodeAddress> nodes) {
        BOUNDS.forEach((name, value) -> System.setProperty(name, value.toString()));
        try {
            return new Server(binding, HttpServer.create(binding.socketAddress(), BACKLOG), nodes);
        } catch (BindException taken) {
            throw new IllegalArgumentException(
                    "cannot listen on %s (%s); stop what listens there, or name another place with"
                                    .formatted(binding, taken.getMessage())
                            + " --http HOST:PORT",
                    taken);
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "cannot listen on %s: %s".formatted(binding, e.getMessage()), e);
        }
    }

    /** The same, on a free port if the wanted one is taken. */
    public static Server startThereOrElsewhere(Binding wanted, List<NodeAddress> nodes) {
        try {
            return start(wanted, nodes);
        } catch (IllegalArgumentException taken) {
            LOG.info("{}", taken.getMessage());
            return start(wanted.onFreePort(), nodes);
        }
    }

    /** Where it listens. */
    public URI uri() {
        String host = binding.address().getHostAddress();
        return URI.create(
                "http://%s:%d"
                        .formatted(
                                host.contains(":") ? "[" + host + "]" : host,
                                server.getAddress().getPort()));
    }

    /** Its paths. */
    Routes routes() {
        return routes;
    }

    private View beforeTheFirstLook(List<NodeAddress> nodes) {
        Sight nothing =
                new Sight(
                        InstantSource.system().instant(),
                        List.copyOf(nodes),
                        Optional.empty(),
                        "the daemon has not looked yet",
                        Map.of(),
                        Map.of(),
                        Map.of());
        return new View(nothing, new Judge().look(nothing), System.nanoTime());
    }

    private void look(Sight sight) {
        view = new View(sight, judge.look(sight), System.nanoTime());
        looked.countDown();
    }

    /** The newest; the very first requests wait for the first look. */
    private View view() {
        try {
            if (!looked.await(FIRST_LOOK_SECONDS, TimeUnit.SECONDS)) {
                LOG.debug("the first look takes long");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return view;
    }

    /** A supervisor's catch: a request that breaks must not break the server. */
    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            Reply reply = reply(exchange);
            switch (reply) {
                case Reply.Document document -> send(exchange, document);
                case Reply.Stream stream -> send(exchange, stream);
            }
        }
    }

    private Reply reply(HttpExchange exchange) {
        try {
            Optional<Reply> refused = Access.refusal(binding, exchange.getRequestHeaders());
            if (refused.isPresent()) {
                return refused.get();
            }
            URI uri = exchange.getRequestURI();
            Request request =
                    Request.of(
                            exchange.getRequestMethod(),
                            uri.getPath(),
                            uri.getRawQuery(),
                            Optional.ofNullable(exchange.getRequestHeaders().getFirst("Accept"))
                                    .orElse(""));
            return routes.answer(request);
        } catch (IllegalArgumentException refused) {
            return Reply.refusal(BAD_REQUEST, refused.getMessage());
        } catch (RuntimeException e) {
            LOG.error("{} {} broke", exchange.getRequestMethod(), exchange.getRequestURI(), e);
            return Reply.refusal(BROKEN, "internal error; the daemon's log has it");
        }
    }

    private static void send(HttpExchange exchange, Reply.Document document) throws IOException {
        head(exchange, document.type());
        boolean bare = !exchange.getRequestMethod().equals("GET");
        byte[] body = document.body();
        if (bare) {
            exchange.sendResponseHeaders(document.status(), -1);
            return;
        }
        exchange.sendResponseHeaders(document.status(), body.length == 0 ? -1 : body.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(body);
        }
    }

    private static void send(HttpExchange exchange, Reply.Stream stream) throws IOException {
        head(exchange, "text/event-stream");
        try {
            exchange.sendResponseHeaders(OK, 0);
            try (OutputStream out = exchange.getResponseBody()) {
                while (stream.events().hasNext()) {
                    out.write(stream.events().next().getBytes(StandardCharsets.UTF_8));
                    out.flush();
                }
            }
        } finally {
            stream.end().run();
        }
    }

    private static void head(HttpExchange exchange, String type) {
        exchange.getResponseHeaders().set("Content-Type", type);
        exchange.getResponseHeaders().set("Cache-Control", "no-store");
        exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
        lookout.close();
    }
}
