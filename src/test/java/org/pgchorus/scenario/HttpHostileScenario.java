package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;

import com.sun.management.HotSpotDiagnosticMXBean;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.pgchorus.http.Binding;
import org.pgchorus.http.Server;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** Whatever is sent to the HTTP port of a live group: it answers, changes nothing, goes on. */
@Timeout(200)
class HttpHostileScenario {
    private static final String TOKEN = "a-token-to-change-things-with";
    private static final int SENDERS = 8;
    private static final int REQUESTS = 500;

    /** All of what the paths may answer; 501 is for transfer encodings that are not known. */
    private static final Pattern STATUS =
            Pattern.compile("(?m)^HTTP/1\\.1 (?!(?:[1234]\\d\\d|501|503)\\b).*");

    private static final Pattern INSIDE =
            Pattern.compile("(?m)^\\s*at \\S+\\(|org\\.pgchorus\\.|internal error");

    /** What a change without the token would have changed. */
    private static final String CHANGEABLE =
            """
            SELECT (SELECT string_agg(l::text, ',' ORDER BY l::text) FROM pgchorus.link_control l),
                   (SELECT string_agg(m::text, ',' ORDER BY m::text) FROM pgchorus.member m),
                   (SELECT string_agg(s::text, ',' ORDER BY s::text) FROM pgchorus.setting s)\
            """;

    private static final AtomicInteger CLIENTS = new AtomicInteger();

    private static final ListAppender<ILoggingEvent> LOG = new ListAppender<>();
    private static TestGroup group;
    private static Server server;
    private static HttpClientOf client;

    @BeforeAll
    static void start() {
        group = TestGroup.of("CREATE TABLE t (id int PRIMARY KEY, v text)", 18, 18);
        server =
                Server.start(
                        Binding.parse("127.0.0.1:0", Optional.empty()).withTokenForChanges(TOKEN),
                        group.nodes());
        client = new HttpClientOf(server.uri());
        LOG.start();
        log().addAppender(LOG);
    }

    @AfterAll
    static void stop() {
        log().detachAppender(LOG);
        try (TestGroup _ = group) {
            if (server != null) {
                client.close();
                server.close();
            }
        }
    }

    private static Logger log() {
        return (Logger) LoggerFactory.getLogger("org.pgchorus.http");
    }

    /** Each connection from an address of its own, as the rate is bounded for each. */
    private static Socket open() throws IOException {
        int client = CLIENTS.incrementAndGet();
        byte[] from = {127, 1, (byte) (client / 100 % 200), (byte) (1 + client % 100)};
        Socket socket = new Socket();
        socket.bind(new InetSocketAddress(InetAddress.getByAddress(from), 0));
        socket.connect(new InetSocketAddress(server.uri().getHost(), server.uri().getPort()));
        socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(60));
        return socket;
    }

    /** All that is answered until the other side has enough; empty if it ends at once. */
    private static String answer(byte[] request) throws IOException {
        try (Socket socket = open()) {
            StringBuilder answer = new StringBuilder();
            try {
                socket.getOutputStream().write(request);
                socket.shutdownOutput();
                InputStream in = socket.getInputStream();
                byte[] part = new byte[1 << 16];
                for (int n = in.read(part); n >= 0; n = in.read(part)) {
                    answer.append(new String(part, 0, n, ISO_8859_1));
                }
            } catch (SocketException ended) {
                assertThat(ended).hasMessageMatching("(?i).*(reset|broken pipe|abort|closed).*");
            }
            return answer.toString();
        }
    }

    @Test
    void nonsenseIsRefusedAndNothingElseHappens() {
        long seed = System.nanoTime();
        System.out.println("hostile requests: seed " + seed);
        List<String> before = group.rows(0, CHANGEABLE);
        TestGroup.together(
                IntStream.range(0, SENDERS)
                        .<Runnable>mapToObj(sender -> () -> send(seed + sender))
                        .toList());
        assertThat(LOG.list)
                .as("seed %d", seed)
                .filteredOn(event -> event.getLevel().isGreaterOrEqual(Level.WARN))
                .extracting(ILoggingEvent::getFormattedMessage)
                .isEmpty();
        assertServes();
        assertThat(client.text("/api/v1/tasks")).isEqualTo("[]");
        assertThat(group.rows(0, CHANGEABLE)).isEqualTo(before);
    }

    private static void send(long seed) {
        HostileRequests requests = new HostileRequests(seed);
        for (int i = 0; i < REQUESTS; i++) {
            byte[] request = requests.next();
            try {
                String answer = answer(request);
                assertThat(STATUS.matcher(answer).find() || INSIDE.matcher(answer).find())
                        .as(
                                "seed %d, request %d: %s%nanswer: %s",
                                seed, i, new String(request, ISO_8859_1), answer)
                        .isFalse();
            } catch (IOException e) {
                throw new UncheckedIOException("seed %d, request %d".formatted(seed, i), e);
            }
        }
    }

    /** It answers everybody at once, and none of its threads is with anybody else. */
    private static void assertServes() {
        TestGroup.together(
                IntStream.range(0, 100)
                        .<Runnable>mapToObj(
                                _ -> () -> assertThat(client.status("/liveness")).isEqualTo(200))
                        .toList());
        TestGroup.await("nobody is served any more", () -> !threads().contains("Server.answer"));
    }

    /** What all threads do, virtual ones too. */
    private static String threads() {
        try {
            Path file = Files.createTempDirectory("pgchorus-threads").resolve("dump.txt");
            ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
                    .dumpThreads(
                            file.toString(), HotSpotDiagnosticMXBean.ThreadDumpFormat.TEXT_PLAIN);
            String dump = Files.readString(file);
            Files.delete(file);
            Files.delete(file.getParent());
            return dump;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void requestsInARowAreAnsweredInARow() throws IOException {
        String one = "GET /liveness HTTP/1.1\r\nHost: localhost\r\n\r\n";
        String last = "GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        String answers = answer((one.repeat(200) + last).getBytes(ISO_8859_1));
        assertThat(answers.split("HTTP/1\\.1 200 ", -1)).hasSize(201);
        assertThat(answers).contains("HTTP/1.1 404 ");
    }

    /** A body that is a request itself is no request. */
    @Test
    void aBodyIsNotTakenForTheNextRequest() throws IOException {
        String inner = "GET /cluster HTTP/1.1\r\nHost: localhost\r\n\r\n";
        for (String length :
                List.of("Content-Length: " + inner.length(), "Transfer-Encoding: chunked")) {
            String body =
                    length.startsWith("C")
                            ? inner
                            : "%x\r\n%s\r\n0\r\n\r\n".formatted(inner.length(), inner);
            String outer = "POST /api/v1/verify HTTP/1.1\r\nHost: localhost\r\n%s\r\n\r\n%s";
            String answers = answer(outer.formatted(length, body).getBytes(ISO_8859_1));
            assertThat(answers).startsWith("HTTP/1.1 413 ").doesNotContain("members");
        }
    }

    @Test
    void endlessHeadsAndBodiesAreEnded() throws IOException {
        List<String> endless =
                List.of(
                        "GET /liveness HTTP/1.1\r\nHost: localhost\r\n|X: y\r\n",
                        "GET /liveness HTTP/1.1\r\nX: |xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
                        "GET /|xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
                        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n|4\r\nabcd\r\n",
                        "POST / HTTP/1.1\r\nContent-Length: 9999999999\r\n\r\n|{\"a\":");
        for (String request : endless) {
            String[] parts = request.split("\\|");
            try (Socket socket = open()) {
                OutputStream out = socket.getOutputStream();
                out.write(parts[0].getBytes(ISO_8859_1));
                assertThat(isEnded(out, parts[1].repeat(1000).getBytes(ISO_8859_1)))
                        .as(request)
                        .isTrue();
            }
        }
        assertServes();
    }

    /** Whether the other side ends it before all of that is sent. */
    private static boolean isEnded(OutputStream out, byte[] part) {
        try {
            for (int i = 0; i < 2000; i++) {
                out.write(part);
            }
            return false;
        } catch (IOException ended) {
            return ended.getMessage() != null;
        }
    }

    @Test
    void whoSaysNothingHoldsUpNobody() throws IOException {
        List<Socket> silent = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            Socket socket = open();
            socket.getOutputStream().write("GET / HT".getBytes(ISO_8859_1));
            silent.add(socket);
        }
        for (int i = 0; i < 20; i++) {
            assertThat(client.status("/liveness")).isEqualTo(200);
        }
        for (Socket socket : silent) {
            socket.close();
        }
        assertServes();
    }
}
