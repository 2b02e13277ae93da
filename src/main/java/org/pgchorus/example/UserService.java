package org.pgchorus.example;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;

import org.pgchorus.config.Address;
import org.pgchorus.http.Bounds;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.pg.SessionPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * An application as people have them: {@code POST /async-users} puts a {@link NewUser} into the
 * table {@code users}. It knows nothing of replication. Any thread.
 *
 * <p>Answers, as JSON with {@code id} or {@code error}: 201 with the row's id, 400 if the body is
 * not as it should be, 404 and 405 for another path or method, 409 if somebody has the e-mail
 * address, 413 if the body is too long, 503 if the database is busy or away.
 *
 * <p>Bounds: a body of 8 kB, ten sessions to the database, two seconds of waiting for one; for the
 * rest those of {@link Bounds}.
 */
final class UserService implements AutoCloseable {
    static final String PATH = "/async-users";

    /** Twice what the longest name and address take, with every character escaped. */
    static final int MOST_BODY = 8 << 10;

    private static final Logger LOG = LoggerFactory.getLogger(UserService.class);
    private static final int BACKLOG = 256;
    private static final int SESSIONS = 10;
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String INSERT =
            "INSERT INTO users (name, email) VALUES (?, ?)"
                    + " ON CONFLICT (email) DO NOTHING RETURNING id";

    private final SessionPool database;
    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    private UserService(SessionPool database, HttpServer server) {
        this.database = database;
        this.server = server;
        server.createContext("/", this::answer);
        server.setExecutor(threads);
        server.start();
    }

    /** What a client gets. */
    private record Reply(int status, Map<String, Object> body, Map<String, String> headers) {
        static Reply refusal(int status, String error) {
            return new Reply(status, Map.of("error", error), Map.of());
        }

        Reply with(String header, String value) {
            return new Reply(status, body, Map.of(header, value));
        }
    }

    /**
     * Begins to listen on 127.0.0.1.
     *
     * @param database where {@code users} is
     * @throws IllegalArgumentException if the port is taken
     */
    static UserService start(int port, Address database) {
        Bounds.set();
        InetSocketAddress place = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        try {
            HttpServer server = HttpServer.create(place, BACKLOG);
            return new UserService(
                    SessionPool.open(database, "async-users", SESSIONS, PATIENCE), server);
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "cannot listen on port %d (%s)".formatted(port, e.getMessage()), e);
        }
    }

    /** Where users are posted to. */
    URI uri() {
        return URI.create("http://127.0.0.1:%d%s".formatted(server.getAddress().getPort(), PATH));
    }

    /** A supervisor's catch: a request that breaks must not break the service. */
    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            Reply reply;
            try {
                reply = reply(exchange);
            } catch (RuntimeException e) {
                LOG.error("{} {} broke", exchange.getRequestMethod(), exchange.getRequestURI(), e);
                reply = Reply.refusal(500, "internal error; the log has it");
            }
            send(exchange, reply);
        }
    }

    private Reply reply(HttpExchange exchange) throws IOException {
        if (!exchange.getRequestURI().getPath().equals(PATH)) {
            return Reply.refusal(404, "there is only " + PATH);
        }
        if (!exchange.getRequestMethod().equals("POST")) {
            return Reply.refusal(405, "only POST").with("Allow", "POST");
        }
        byte[] body = exchange.getRequestBody().readNBytes(MOST_BODY + 1);
        if (body.length > MOST_BODY) {
            return Reply.refusal(
                    413, "the body is too long: at most %d bytes".formatted(MOST_BODY));
        }
        NewUser user;
        try {
            user = NewUser.parse(body);
        } catch (IllegalArgumentException refused) {
            return Reply.refusal(400, refused.getMessage());
        }
        return insert(user);
    }

    private Reply insert(NewUser user) {
        try (Session session = database.lend()) {
            Optional<Long> id =
                    session.first(INSERT, row -> row.number(1), user.name(), user.email());
            return id.map(UserService::created)
                    .orElseGet(() -> Reply.refusal(409, "somebody has this email already"));
        } catch (PgError.Busy busy) {
            LOG.warn("no user inserted: {}", busy.getMessage());
            return Reply.refusal(503, "the database is busy or away; try again")
                    .with("Retry-After", "1");
        }
    }

    private static Reply created(long id) {
        return new Reply(201, Map.of("id", id), Map.of("Location", PATH + "/" + id));
    }

    private static void send(HttpExchange exchange, Reply reply) throws IOException {
        byte[] body = bytes(reply.body());
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.getResponseHeaders().set("Cache-Control", "no-store");
        exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
        reply.headers().forEach(exchange.getResponseHeaders()::set);
        if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.sendResponseHeaders(reply.status(), -1);
            return;
        }
        exchange.sendResponseHeaders(reply.status(), body.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(body);
        }
    }

    private static byte[] bytes(Map<String, Object> body) {
        try {
            return MAPPER.writeValueAsBytes(body);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("no JSON form for " + body, e);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
        database.close();
    }
}
