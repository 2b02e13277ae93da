package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.pgchorus.demo.ServerOptions;
import org.pgchorus.http.Binding;
import org.pgchorus.http.Server;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A daemon of three nodes is asked over HTTP, while one of them fails and comes back. */
@Timeout(200)
class HttpScenario {
    private static final String SCHEMA =
            """
            CREATE TABLE t (id int PRIMARY KEY, v text, u int UNIQUE);
            CREATE TABLE h (id int PRIMARY KEY, v text);
            """;

    private static final List<String> WORDS =
            List.of("primary", "read-write", "replica", "read-only", "readiness", "health");

    private static final String TOKEN = "a-token-to-change-things-with";

    private static TestGroup group;
    private static Server server;
    private static HttpClientOf client;

    @BeforeAll
    static void start() {
        group =
                TestGroup.of(
                        SCHEMA,
                        Stream.of(14, 16, 18)
                                .map(ServerOptions::of)
                                .map(it -> it.setting("max_slot_wal_keep_size", "1GB"))
                                .toList());
        server =
                Server.start(
                        Binding.parse("127.0.0.1:0", Optional.empty()).withTokenForChanges(TOKEN),
                        group.nodes(),
                        () -> group.daemon().applyTimes());
        client = new HttpClientOf(server.uri());
        awaitWritable("a", "b", "c");
    }

    @AfterAll
    static void stop() {
        try (TestGroup _ = group) {
            if (server != null) {
                client.close();
                server.close();
            }
        }
    }

    private static void awaitWritable(String... nodes) {
        for (String node : nodes) {
            TestGroup.await(
                    "%s is writable: %s".formatted(node, client.text("/cluster")),
                    () -> client.status("/nodes/%s/primary".formatted(node)) == 200);
        }
    }

    @Test
    void everyWordAnswersForEveryNode() {
        for (String word : WORDS) {
            for (String method : List.of("GET", "HEAD", "OPTIONS")) {
                for (String path : List.of("/" + word, "/nodes/b/" + word)) {
                    assertThat(client.send(method, path).statusCode()).as(path).isEqualTo(200);
                }
            }
        }
        assertThat(client.send("HEAD", "/primary").body()).isEmpty();
        assertThat(client.status("/liveness")).isEqualTo(200);
        assertThat(client.status("/nodes/a/replica?lag=16MB")).isEqualTo(200);
        assertThat(client.status("/nodes/a/replica?lag=60s")).isEqualTo(200);
        assertThat(client.text("/replica?lag=much")).contains("neither a size such as 16MB");
        assertThat(client.status("/nodes/x/primary")).isEqualTo(404);
        assertThat(client.status("/nothing")).isEqualTo(404);
        assertThat(client.send("DELETE", "/primary").statusCode()).isEqualTo(405);
        assertThat(client.json("/cluster").get("members")).hasSize(3);
    }

    @Test
    void aLinkThatLagsIsTooFarBehindForWhoAsksSo() {
        group.hold(0, 1);
        try {
            group.run(
                    0, "INSERT INTO h SELECT g, repeat('x', 1000) FROM generate_series(1, 200) g");
            TestGroup.await(
                    "node b lags", () -> client.status("/nodes/b/replica?lag=100kB") == 503);
            assertThat(client.text("/nodes/b/replica?lag=100kB")).contains("of the log of a");
            assertThat(client.status("/nodes/b/replica?lag=1GB")).isEqualTo(200);
            assertThat(client.status("/nodes/b/primary")).isEqualTo(200);
            TestGroup.await(
                    "node c does not", () -> client.status("/nodes/c/replica?lag=100kB") == 200);
        } finally {
            group.release(0, 1);
        }
        TestGroup.await(
                "node b has caught up", () -> client.status("/nodes/b/replica?lag=100kB") == 200);
    }

    private static long transactionsLacking() {
        return client.json("/api/v1/lag")
                .valueStream()
                .filter(it -> it.get("from").asText().equals("a"))
                .filter(it -> it.get("to").asText().equals("b"))
                .mapToLong(it -> it.get("lag_transactions").asLong(-1))
                .sum();
    }

    @Test
    void lagIsToldInTransactionsToo() {
        Runnable load =
                () ->
                        IntStream.range(0, 40)
                                .forEach(i -> group.run(0, "UPDATE h SET v = 'x' WHERE id = 0"));
        group.run(0, "INSERT INTO h VALUES (0, 'x')");
        load.run();
        group.settle();
        group.hold(0, 1);
        try {
            load.run();
            TestGroup.await(
                    "about 40 transactions lack: " + client.text("/api/v1/lag"),
                    () -> transactionsLacking() >= 20 && transactionsLacking() < 400);
        } finally {
            group.release(0, 1);
        }
        group.settle();
    }

    @Test
    void aServerThatIsStoppedIsTakenOutAndComesBack() {
        group.server(1).stop();
        TestGroup.await(
                "b is out",
                () ->
                        client.text("/nodes/b/primary")
                                .contains("it does not answer: cannot connect to"));
        for (String word : WORDS) {
            assertThat(client.status("/nodes/b/" + word)).as(word).isEqualTo(503);
            assertThat(client.status("/nodes/a/" + word)).as(word).isEqualTo(200);
            assertThat(client.status("/nodes/c/" + word)).as(word).isEqualTo(200);
        }
        assertThat(client.status("/primary")).isEqualTo(503);
        assertThat(client.status("/liveness")).isEqualTo(200);
        assertThat(client.text("/metrics"))
                .contains("pgchorus_node_writable{node=\"b\"} 0.0")
                .contains("pgchorus_link_up{from=\"b\",to=\"a\"} 0.0");
        group.server(1).restart();
        awaitWritable("a", "b", "c");
    }

    @Test
    void aServerThatSaysNothingHoldsUpNobody() {
        group.server(2).suspend();
        try {
            TestGroup.await("c is out", () -> client.status("/nodes/c/health") == 503);
            assertThat(client.status("/nodes/a/primary")).isEqualTo(200);
            assertThat(client.status("/liveness")).isEqualTo(200);
        } finally {
            group.server(2).resume();
        }
        awaitWritable("a", "b", "c");
    }

    @Test
    void whoSendsAByteASecondIsCutAndHoldsUpNobody() {
        CompletableFuture<Long> slow = CompletableFuture.supplyAsync(client::dawdle);
        assertThat(client.status("/liveness")).isEqualTo(200);
        assertThat(slow.join()).isBetween(1L, 40L);
    }

    @Test
    void aDatabaseThatIsReadOnlyIsNotWrittenTo() {
        group.run(2, "ALTER DATABASE app SET default_transaction_read_only = on");
        try {
            TestGroup.await("c is out", () -> client.status("/nodes/c/primary") == 503);
            assertThat(client.text("/nodes/c/primary")).contains("read-only");
            assertThat(client.status("/nodes/c/read-only")).isEqualTo(200);
        } finally {
            group.run(
                    2,
                    "SET TRANSACTION READ WRITE",
                    "ALTER DATABASE app RESET default_transaction_read_only");
        }
        awaitWritable("c");
    }

    @Test
    void everyMetricIsExposed() throws IOException {
        group.holdAll();
        group.run(0, "INSERT INTO t VALUES (1, 'a', 1), (2, 'a', 7), (3, 'a', 9)");
        group.run(1, "INSERT INTO t VALUES (1, 'b', 1), (5, 'b', 7)");
        group.run(0, "DELETE FROM t WHERE id = 3");
        group.run(1, "ALTER TABLE h ADD CHECK (v <> 'no')");
        group.run(0, "INSERT INTO h VALUES (900, 'no')");
        group.releaseAll();
        try {
            List<String> names;
            try (Stream<String> lines = Files.lines(Path.of("docs/metrics.md"))) {
                names =
                        lines.filter(line -> line.startsWith("| `pgchorus_"))
                                .map(line -> line.replaceFirst("\\| `(\\w+).*", "$1"))
                                // Only while a node joins; shown by the metrics' own test.
                                .filter(name -> !name.equals("pgchorus_join_progress_ratio"))
                                .toList();
            }
            assertThat(names).hasSizeGreaterThan(15);
            TestGroup.await(
                    "all of %s are in:\n%s".formatted(names, client.text("/metrics")),
                    () -> {
                        List<String> exposed =
                                client.text("/metrics")
                                        .lines()
                                        .map(line -> line.replaceFirst("[{ ].*", ""))
                                        // A histogram is exposed in three parts.
                                        .map(name -> name.replaceFirst("_seconds_sum$", "_seconds"))
                                        .toList();
                        return exposed.containsAll(names);
                    });
        } finally {
            group.run(1, "ALTER TABLE h DROP CONSTRAINT h_v_check");
        }
        group.settle();
    }

    @Test
    void theApiReads() throws IOException {
        assertThat(client.json("/api/v1/nodes")).hasSize(3);
        assertThat(client.json("/api/v1/links")).hasSize(6);
        assertThat(client.json("/api/v1/lag")).hasSize(6);
        assertThat(client.json("/api/v1/status").get("problems").isArray()).isTrue();
        assertThat(client.json("/api/v1/conflicts?limit=5").get("conflicts").isArray()).isTrue();
        assertThat(client.status("/api/v1/conflicts?limit=0")).isEqualTo(400);
        JsonNode tables = client.json("/api/v1/tables");
        assertThat(tables).hasSize(2);
        assertThat(tables.get(0).get("table").asText()).isEqualTo("public.h");
        // The state of the group, then what has happened to it before: a list.
        assertThat(client.firstEvents("/api/v1/events", 2))
                .hasSize(2)
                .filteredOn(JsonNode::isObject)
                .isNotEmpty()
                .allSatisfy(event -> assertThat(event.get("nodes")).hasSize(3));
        assertThat(client.send("GET", "/api/v1/nodes", "Authorization", "Bearer x").statusCode())
                .isEqualTo(200);
    }

    /** Orders something and waits for its end; what it came to. */
    private static JsonNode ordered(String path) {
        HttpResponse<String> begun = client.send("POST", path, "Authorization", "Bearer " + TOKEN);
        assertThat(begun.statusCode()).as(begun.body()).isEqualTo(202);
        String task = begun.headers().firstValue("Location").orElseThrow();
        TestGroup.await(
                path + " ends", () -> !client.json(task).get("state").asText().equals("running"));
        assertThat(client.json(task).get("error").isNull()).as(client.text(task)).isTrue();
        return client.json(task).get("result");
    }

    @Test
    void ordersAreTasksForWhoHasTheToken() {
        String pause = "/api/v1/links/a/b/pause";
        assertThat(client.send("POST", pause).statusCode()).isEqualTo(401);
        assertThat(client.send("GET", pause).statusCode()).isEqualTo(405);
        assertThat(ordered(pause).get("confirmed").asBoolean()).isTrue();
        TestGroup.await(
                "the link is paused",
                () -> client.text("/api/v1/links").contains("\"state\":\"paused\""));
        assertThat(ordered("/api/v1/links/a/b/resume").get("confirmed").asBoolean()).isTrue();
        assertThat(ordered("/api/v1/nodes/c/pause").get("links")).hasSize(4);
        assertThat(ordered("/api/v1/nodes/c/resume").get("links")).hasSize(4);
        assertThat(ordered("/api/v1/nodes/b/drain?timeout=2min").get("drained").asBoolean())
                .isTrue();
        assertThat(ordered("/api/v1/nodes/b/read-write").get("read_only").asBoolean()).isFalse();
        assertThat(ordered("/api/v1/verify?between=a,b").get("equal").asBoolean()).isTrue();
        HttpResponse<String> nobody =
                client.send("POST", "/api/v1/nodes/x/pause", "Authorization", "Bearer " + TOKEN);
        assertThat(nobody.statusCode()).isEqualTo(404);
        awaitWritable("a", "b", "c");
    }
}
