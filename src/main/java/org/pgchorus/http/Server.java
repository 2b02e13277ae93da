package org.pgchorus.http;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsExchange;
import com.sun.net.httpserver.HttpsServer;

import org.pgchorus.config.NodeAddress;
import org.pgchorus.daemon.Lookout;
import org.pgchorus.daemon.Sight;
import org.pgchorus.model.LinkName;
import org.pgchorus.model.Took;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.io.OutputStream;
import java.net.BindException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import javax.net.ssl.SSLPeerUnverifiedException;

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
    private static final int TOO_LARGE = 413;
    private static final int TOO_MANY = 429;
    private static final List<String> NO_BODY = List.of("0");
    private static final long FIRST_LOOK_SECONDS = 5;

    private final Binding binding;
    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Rates rates = new Rates();
    private final Judge judge = new Judge();
    private final History history = new History();
    private final Timeline timeline = new Timeline();
    private final Tasks tasks = new Tasks(InstantSource.system());
    private final CountDownLatch looked = new CountDownLatch(1);
    private final Lookout lookout;
    private final Routes routes;
    private final Supplier<Map<LinkName, Took>> applyTimes;
    private volatile View view;

    private Server(
            Binding binding,
            HttpServer server,
            List<NodeAddress> nodes,
            Supplier<Map<LinkName, Took>> applyTimes) {
        this.binding = binding;
        this.applyTimes = applyTimes;
        this.server = server;
        this.view = beforeTheFirstLook(nodes);
        this.lookout = Lookout.start(nodes, InstantSource.system(), this::look);
        this.routes =
                Paths.of(
                        this::view,
                        timeline,
                        new Api(lookout, InstantSource.system()),
                        tasks,
                        new Changes(this::view, lookout, tasks));
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
        return start(binding, nodes, Map::of);
    }

    /**
     * The same, beside a daemon.
     *
     * @param applyTimes how long applying took in this process, by link
     */
    public static Server start(
            Binding binding, List<NodeAddress> nodes, Supplier<Map<LinkName, Took>> applyTimes) {
        setBounds();
        try {
            return new Server(binding, listen(binding), nodes, applyTimes);
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

    private static HttpServer listen(Binding binding) throws IOException {
        if (binding.tls().isEmpty()) {
            return HttpServer.create(binding.socketAddress(), BACKLOG);
        }
        HttpsConfigurator configurator = binding.tls().get().configurator();
        HttpsServer server = HttpsServer.create(binding.socketAddress(), BACKLOG);
        server.setHttpsConfigurator(configurator);
        return server;
    }

    /** Has to come before the first server of a process. */
    static void setBounds() {
        BOUNDS.forEach((name, value) -> System.setProperty(name, value.toString()));
    }

    /** The same, on a free port if the wanted one is taken. */
    public static Server startThereOrElsewhere(
            Binding wanted, List<NodeAddress> nodes, Supplier<Map<LinkName, Took>> applyTimes) {
        try {
            return start(wanted, nodes, applyTimes);
        } catch (IllegalArgumentException taken) {
            LOG.info("{}", taken.getMessage());
            return start(wanted.onFreePort(), nodes, applyTimes);
        }
    }

    /** Where it listens. */
    public URI uri() {
        String host = binding.address().getHostAddress();
        return URI.create(
                "%s://%s:%d"
                        .formatted(
                                binding.tls().isPresent() ? "https" : "http",
                                host.contains(":") ? "[" + host + "]" : host,
                                server.getAddress().getPort()));
    }

    /** Its paths. */
    Routes routes() {
        return routes;
    }

    private static View beforeTheFirstLook(List<NodeAddress> nodes) {
        return View.first(
                Sight.ofNothing(
                        InstantSource.system().instant(), nodes, "the daemon has not looked yet"),
                System.nanoTime());
    }

    private void look(Sight sight) {
        View newest =
                new View(sight, judge.look(sight), System.nanoTime(), List.of(), applyTimes.get());
        timeline.look(newest);
        view = newest.with(history.look(newest));
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
            URI uri = exchange.getRequestURI();
            Request request =
                    Request.of(
                            exchange.getRequestMethod(),
                            uri.getPath(),
                            uri.getRawQuery(),
                            Optional.ofNullable(exchange.getRequestHeaders().getFirst("Accept"))
                                    .orElse(""));
            return refusal(exchange, request).orElseGet(() -> routes.answer(request));
        } catch (IllegalArgumentException refused) {
            return Reply.refusal(BAD_REQUEST, refused.getMessage());
        } catch (RuntimeException e) {
            LOG.error("{} {} broke", exchange.getRequestMethod(), exchange.getRequestURI(), e);
            return Reply.refusal(BROKEN, "internal error; the daemon's log has it");
        }
    }

    private Optional<Reply> refusal(HttpExchange exchange, Request request) {
        InetAddress client = exchange.getRemoteAddress().getAddress();
        OptionalLong wait = rates.take(client, System.nanoTime());
        if (wait.isPresent()) {
            return Optional.of(
                    Reply.refusal(TOO_MANY, "too many requests from " + client.getHostAddress())
                            .with("Retry-After", Long.toString(wait.getAsLong())));
        }
        Headers headers = exchange.getRequestHeaders();
        boolean empty = "0".equals(headers.getOrDefault("Content-Length", NO_BODY).getFirst());
        if (!empty || headers.containsKey("Transfer-Encoding")) {
            return Optional.of(
                    Reply.refusal(
                            TOO_LARGE, "a body is not taken; what is asked stands in the path"));
        }
        Optional<Reply> refused =
                Access.refusal(binding, routes.need(request), headers, certified(exchange));
        if (headers.containsKey("Authorization") && refused.isPresent()) {
            rates.guessed(client, System.nanoTime());
        }
        return refused;
    }

    /** Whether the client showed a certificate of a known root; others end the handshake. */
    private static boolean certified(HttpExchange exchange) {
        if (exchange instanceof HttpsExchange encrypted) {
            try {
                return encrypted.getSSLSession().getPeerCertificates().length > 0;
            } catch (SSLPeerUnverifiedException none) {
                return false;
            }
        }
        return false;
    }

    private static void send(HttpExchange exchange, Reply.Document document) throws IOException {
        head(exchange, document.type());
        document.headers().forEach(exchange.getResponseHeaders()::set);
        boolean bare = List.of("HEAD", "OPTIONS").contains(exchange.getRequestMethod());
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
        exchange.getResponseHeaders().set("Referrer-Policy", "no-referrer");
        exchange.getResponseHeaders().set("Content-Security-Policy", Assets.POLICY);
    }

    @Override
    public void close() {
        server.stop(0);
        tasks.close();
        threads.shutdownNow();
        lookout.close();
    }
}
