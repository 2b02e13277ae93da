package org.pgchorus.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import static java.nio.charset.StandardCharsets.UTF_8;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.read.ListAppender;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.pgchorus.config.Address;
import org.pgchorus.config.AddressParameter;
import org.pgchorus.demo.EmbeddedServer;
import org.pgchorus.pg.Session;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/**
 * A group lives from its beginning to its end with a password that is found by every way there is;
 * and nobody says it: no log, no error, no answer, no table, no command line.
 */
@Timeout(200)
class RedactionScenario {
    private static final String SECRET = "zQ9xW7vK3pN5mB1c";

    /** The same for a server that wants another one. */
    private static final String WRONG = "hT4yR8uJ2kL6sD0f";

    private static final String TOKEN = "gF5dS3aP9oI7uY1t";

    private static final List<String> PATHS =
            List.of(
                    "/",
                    "/cluster",
                    "/metrics",
                    "/primary",
                    "/health",
                    "/api/v1",
                    "/api/v1/status",
                    "/api/v1/nodes",
                    "/api/v1/links",
                    "/api/v1/lag",
                    "/api/v1/conflicts",
                    "/api/v1/tables",
                    "/api/v1/timeline",
                    "/api/v1/history",
                    "/api/v1/tasks",
                    "/nodes/n1/primary",
                    "/nodes/bad/primary");

    @TempDir private static Path folder;

    private static final ListAppender<ILoggingEvent> LOG = new ListAppender<>();

    /** All that was said to anybody. */
    private static final List<String> SAID = new ArrayList<>();

    /** The command lines of all that were started meanwhile. */
    private static final Set<String> STARTED = new ConcurrentSkipListSet<>();

    private static EmbeddedServer first;
    private static EmbeddedServer second;
    private static final List<Process> DAEMONS = new ArrayList<>();

    @BeforeAll
    static void start() throws IOException {
        first = prepared(15);
        second = prepared(18);
        LOG.start();
        root().addAppender(LOG);
        ((Logger) LoggerFactory.getLogger("org.pgchorus")).setLevel(Level.TRACE);
    }

    private static Logger root() {
        return (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    }

    private static EmbeddedServer prepared(int major) throws IOException {
        EmbeddedServer server = EmbeddedServer.start(major);
        server.createDatabase("app");
        try (Session session = Session.open(server.address("app"), "test")) {
            session.execute("CREATE ROLE keeper SUPERUSER LOGIN PASSWORD '" + SECRET + "'");
            session.execute("ALTER SYSTEM SET log_statement = 'all'");
            session.execute("ALTER SYSTEM SET log_connections = 'on'");
            Path rules = server.dataDirectory().resolve("pg_hba.conf");
            Files.writeString(
                    rules, "host all keeper all scram-sha-256\n" + Files.readString(rules));
            session.execute("SELECT pg_reload_conf()");
        }
        return server;
    }

    @AfterAll
    static void stop() {
        root().detachAppender(LOG);
        ((Logger) LoggerFactory.getLogger("org.pgchorus")).setLevel(null);
        DAEMONS.forEach(Process::destroyForcibly);
        try (EmbeddedServer _ = first;
                EmbeddedServer _ = second) {
            assertThat(first).isNotNull();
        }
    }

    private static Address keeper(EmbeddedServer server) {
        return server.address("app").with(AddressParameter.USER, "keeper");
    }

    /** The address as people type it, with the password in it. */
    private static String typed(EmbeddedServer server, String password) {
        return keeper(server).text().replace("keeper@", "keeper:" + password + "@");
    }

    private static String byFile(EmbeddedServer server) throws IOException {
        Path file = folder.resolve("passwords");
        Files.writeString(file, "*:*:*:keeper:" + SECRET + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        return keeper(server).with(AddressParameter.PASSFILE, file.toString()).text();
    }

    private static Typed ran(int status, String... words) {
        Typed typed = Typed.with(Map.of("PGCHORUS_HTTP_TOKEN", TOKEN), words);
        SAID.add(typed.out());
        SAID.add(typed.err());
        assertThat(typed.status()).as(typed.out() + typed.err()).isEqualTo(status);
        return typed;
    }

    /** A daemon in a process of its own, which is how it reads the environment. */
    private static Path daemon(Map<String, String> environment, String... words)
            throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp"));
        command.add(System.getProperty("java.class.path"));
        command.addAll(List.of("org.pgchorus.cli.Main", "run", "--log-level", "trace"));
        command.addAll(List.of(words));
        Path log = folder.resolve("daemon" + DAEMONS.size() + ".log");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().putAll(environment);
        DAEMONS.add(builder.start());
        return log;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    @Test
    void nobodySaysThePassword() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/lib/postgresql/15/bin/pg_dump")));
        Thread watching = Thread.ofPlatform().daemon().start(RedactionScenario::watch);
        String one = typed(first, SECRET);
        String two = byFile(second);
        ran(Exit.WELL, "check", one, two);
        ran(Exit.WELL, "group", "create", "n1=" + one);
        try (Session session = Session.open(Address.parse(one), "test")) {
            session.execute("CREATE TABLE t (id int PRIMARY KEY, v text)");
        }
        int port = freePort();
        Path settings = folder.resolve("pgchorus.yaml");
        Files.writeString(
                settings,
                "nodes:\n  n1: \"%s\"\n  bad: \"%s\"\nhttp: 127.0.0.1:%d\nlog_format: json\n"
                        .formatted(one, typed(second, WRONG), port));
        Path log = daemon(Map.of("PGCHORUS_HTTP_TOKEN", TOKEN), "--config", settings.toString());
        Path other =
                daemon(Map.of("PGPASSWORD", SECRET, "PGCHORUS_LOG_LEVEL", "trace"), "n2=" + two);
        ran(Exit.WELL, "node", "join", "n2=" + two, "--via", one, "--schema", "copy");
        ran(Exit.WELL, "wait", "--group", one);
        failures(one, settings);
        answers(port);
        tables();
        bundle(one, log);
        for (Path file : List.of(log, other)) {
            assertThat(Files.readString(file)).contains("serves");
            SAID.add(Files.readString(file));
        }
        SAID.add(first.log());
        SAID.add(second.log());
        for (ILoggingEvent event : List.copyOf(LOG.list)) {
            SAID.add(event.getFormattedMessage());
            if (event.getThrowableProxy() != null) {
                SAID.add(ThrowableProxyUtil.asString(event.getThrowableProxy()));
            }
        }
        watching.interrupt();
        assertThat(STARTED).anyMatch(line -> line.contains("pg_dump"));
        SAID.addAll(STARTED);
        for (String secret : List.of(SECRET, WRONG, TOKEN)) {
            assertThat(SAID.stream().filter(text -> text.contains(secret))).isEmpty();
        }
    }

    /** What is started by us and by whom we started, as every user of the machine sees it. */
    private static void watch() {
        while (!Thread.currentThread().isInterrupted()) {
            ProcessHandle.current()
                    .descendants()
                    .map(it -> it.info().commandLine().orElse(""))
                    .forEach(STARTED::add);
            try {
                TimeUnit.MILLISECONDS.sleep(5);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static void failures(String one, Path settings) throws IOException {
        for (String wrong :
                List.of(
                        typed(first, WRONG),
                        typed(first, SECRET).replace("/app", "/nothing"),
                        typed(first, SECRET) + "?sslmode=nonsense",
                        typed(first, SECRET) + "?sslmode=verify-full&sslpassword=" + WRONG,
                        typed(first, SECRET) + "?passwrod=" + WRONG,
                        "host=127.0.0.1 user=keeper password='" + WRONG + " dbname=app",
                        "host=127.0.0.1 usre=keeper password=" + WRONG)) {
            for (List<String> words :
                    List.of(
                            List.of("status", "--group", wrong),
                            List.of("check", wrong),
                            List.of("group", "create", "n9=" + wrong),
                            List.of("node", "join", "n9=" + wrong, "--via", one))) {
                Typed typed = Typed.of(words.toArray(String[]::new));
                SAID.add(typed.out());
                SAID.add(typed.err());
                assertThat(typed.status()).isNotZero();
            }
        }
        Path broken = folder.resolve("broken.yaml");
        Files.writeString(
                broken, Files.readString(settings).replace("/app", "/app?passwrod=" + WRONG));
        ran(Exit.WRONG_USE, "run", "--config", broken.toString());
    }

    private static void answers(int port) throws IOException, InterruptedException {
        URI server = URI.create("http://127.0.0.1:" + port);
        try (HttpClient client = HttpClient.newHttpClient()) {
            for (String path : PATHS) {
                HttpRequest request =
                        HttpRequest.newBuilder(server.resolve(path))
                                .header("Authorization", "Bearer " + TOKEN)
                                .build();
                HttpResponse<String> answer =
                        client.send(request, HttpResponse.BodyHandlers.ofString());
                SAID.add(answer.headers() + answer.body());
                assertThat(answer.statusCode()).as(path).isIn(200, 404, 503);
            }
        }
        assertThat(SAID).anyMatch(text -> text.contains("password authentication failed"));
    }

    /** Every column of every table of ours, on both. */
    private static void tables() {
        for (EmbeddedServer server : List.of(first, second)) {
            try (Session session = Session.open(server.address("app"), "test")) {
                List<String> names =
                        session.query(
                                """
                                SELECT oid::regclass FROM pg_class
                                WHERE relnamespace = 'pgchorus'::regnamespace
                                  AND relkind IN ('r', 'v', 'm')\
                                """,
                                row -> row.text(1));
                assertThat(names).hasSizeGreaterThan(20);
                for (String name : names) {
                    SAID.addAll(
                            session.query(
                                    "SELECT t::text FROM %s t".formatted(name), r -> r.text(1)));
                }
            }
        }
    }

    private static void bundle(String one, Path log) throws IOException {
        Path bundle = folder.resolve("bundle.zip");
        ran(
                Exit.WELL,
                "support",
                "--group",
                one,
                "--file",
                bundle.toString(),
                "--log",
                log.toString());
        try (ZipInputStream zip = new ZipInputStream(Files.newInputStream(bundle))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                SAID.add(new String(zip.readAllBytes(), UTF_8));
            }
        }
        for (String command : List.of("status", "lag", "conflict list", "table list", "ddl list")) {
            for (String form : List.of("", " --json")) {
                ran(
                        Exit.WELL,
                        Stream.of((command + form + " --group").split(" "))
                                .collect(
                                        Collectors.collectingAndThen(
                                                Collectors.toList(),
                                                w -> {
                                                    w.add(one);
                                                    return w.toArray(String[]::new);
                                                })));
            }
        }
    }
}
