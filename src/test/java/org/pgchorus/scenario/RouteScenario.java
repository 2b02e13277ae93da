package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.pgchorus.config.NodeAddress;
import org.pgchorus.demo.EmbeddedServer;
import org.pgchorus.model.NodeName;
import org.pgchorus.route.Judgement;
import org.pgchorus.route.Mode;
import org.pgchorus.route.NodeState;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;

/** A router before two servers, the oldest and the newest version: who is led where, and when. */
@Timeout(200)
class RouteScenario {
    private static final Judgement READ_ONLY =
            new Judgement.NotWritable(List.of("it is read-only"));
    private static final Judgement WELL = new Judgement.Writable();

    private static EmbeddedServer first;
    private static EmbeddedServer second;
    private static List<NodeAddress> nodes;

    @BeforeAll
    static void start() {
        first = EmbeddedServer.start(14);
        second = EmbeddedServer.start(18);
        nodes =
                List.of(
                        new NodeAddress(new NodeName("n1"), first.address("postgres")),
                        new NodeAddress(new NodeName("n2"), second.address("postgres")));
        nodes.forEach(node -> Premises.run(node.address(), "CREATE ROLE other LOGIN SUPERUSER"));
    }

    @AfterAll
    static void stop() {
        try (EmbeddedServer _ = first;
                EmbeddedServer _ = second) {
            nodes = List.of();
        }
    }

    private static UnaryOperator<Properties> as(String user) {
        return with("user", user);
    }

    private static UnaryOperator<Properties> with(String key, String value) {
        return properties -> {
            properties.setProperty(key, value);
            return properties;
        };
    }

    private static void close(List<Connection> connections) throws SQLException {
        for (Connection connection : connections) {
            connection.close();
        }
    }

    @Test
    void newSessionsGoWhereTheFewestAre() throws SQLException {
        try (Routed routed = new Routed(nodes, Routed.USUAL)) {
            List<Connection> connections = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                connections.add(routed.connect());
                assertThat(Routed.ask(connections.getLast(), "SHOW transaction_read_only"))
                        .isEqualTo("off");
            }
            assertThat(connections.stream().map(routed::nodeOf).filter("n1"::equals)).hasSize(3);
            assertThat(routed.sessions("n1")).isEqualTo(3);
            close(connections);
            TestGroup.await("all have left", () -> routed.statistics().sessions() == 0);
        }
    }

    @Test
    void theSameUserKeepsItsNode() {
        try (Routed routed = new Routed(nodes, Routed.in(Mode.STICKY, Mode.By.USER))) {
            for (String user : List.of("postgres", "other")) {
                String home = routed.nodeOfNext(as(user));
                for (int i = 0; i < 3; i++) {
                    assertThat(routed.nodeOfNext(as(user))).isEqualTo(home);
                }
            }
        }
    }

    @Test
    void aClosedNodeKeepsItsSessionsAndThePreferredDoesNotFlap() throws SQLException {
        try (Routed routed = new Routed(nodes, Routed.in(Mode.PREFERRED, Mode.By.USER));
                Connection old = routed.connect()) {
            assertThat(routed.nodeOf(old)).isEqualTo("n1");
            routed.judge("n1", READ_ONLY);
            routed.awaitState(NodeState.CLOSED, List.of("n1"));
            try (Connection fresh = routed.connect()) {
                assertThat(routed.nodeOf(fresh)).isEqualTo("n2");
                assertThat(routed.nodeOf(old)).as("goes on").isEqualTo("n1");
                routed.judge("n1", WELL);
                routed.awaitState(NodeState.OPEN, List.of("n1"));
                assertThat(routed.nodeOfNext(it -> it)).as("stays").isEqualTo("n2");
            }
            TestGroup.await("n2 is empty", () -> routed.sessions("n2") == 0);
            assertThat(routed.nodeOfNext(it -> it)).isEqualTo("n1");
        }
    }

    @Test
    void aCancelRequestGoesToTheNodeOfItsSession() throws SQLException {
        try (Routed routed = new Routed(nodes, Routed.USUAL)) {
            List<Connection> connections = List.of(routed.connect(), routed.connect());
            assertThat(connections.stream().map(routed::nodeOf)).doesNotHaveDuplicates();
            List<Statement> statements = new ArrayList<>();
            List<CompletableFuture<String>> ends = new ArrayList<>();
            for (Connection connection : connections) {
                Statement statement = connection.createStatement();
                statements.add(statement);
                ends.add(CompletableFuture.supplyAsync(() -> endOf(statement)));
            }
            for (int i = 0; i < 2; i++) {
                awaitSleeper(i);
                assertThat(ends.get(i)).isNotDone();
                statements.get(i).cancel();
                assertThat(ends.get(i).join()).isEqualTo("57014");
            }
            assertThat(routed.count("cancels")).isEqualTo(2);
            close(connections);
        }
    }

    private static String endOf(Statement statement) {
        try {
            statement.execute("SELECT pg_sleep(100)");
            return "slept";
        } catch (SQLException e) {
            return e.getSQLState();
        }
    }

    private static void awaitSleeper(int node) {
        TestGroup.await(
                "a session sleeps",
                () ->
                        !Premises.column(
                                        nodes.get(node).address(),
                                        "SELECT pid FROM pg_stat_activity WHERE wait_event ="
                                                + " 'PgSleep'")
                                .isEmpty());
    }

    @Test
    void onlyTheSessionsOfAKilledServerAreCut() throws SQLException {
        try (Routed routed = new Routed(nodes, Routed.USUAL)) {
            List<Connection> connections = List.of(routed.connect(), routed.connect());
            int lost = routed.nodeOf(connections.get(0)).equals("n1") ? 0 : 1;
            first.kill();
            assertThatThrownBy(() -> Routed.ask(connections.get(lost), "SELECT 1"))
                    .hasCauseInstanceOf(SQLException.class);
            for (int i = 0; i < 4; i++) {
                assertThat(routed.nodeOfNext(it -> it)).isEqualTo("n2");
            }
            assertThat(routed.nodeOf(connections.get(1 - lost))).isEqualTo("n2");
            routed.awaitState(NodeState.DOWN, List.of("n1"));
            first.restart();
            routed.awaitState(NodeState.OPEN, List.of("n1"));
            assertThat(routed.nodeOfNext(it -> it)).isEqualTo("n1");
            close(connections);
        }
    }

    @Test
    void aServerThatHangsLosesItsSessionsToo() throws SQLException {
        try (Routed routed = new Routed(nodes, Routed.in(Mode.PREFERRED, Mode.By.USER));
                Connection old = routed.connect()) {
            first.suspend();
            try {
                routed.awaitState(NodeState.DOWN, List.of("n1"));
                assertThatThrownBy(() -> Routed.ask(old, "SELECT 1"))
                        .hasCauseInstanceOf(SQLException.class);
                assertThat(routed.nodeOfNext(it -> it)).isEqualTo("n2");
            } finally {
                first.resume();
            }
            routed.awaitState(NodeState.OPEN, List.of("n1"));
        }
    }

    @Test
    void whoCannotBeTakenIsToldWhy() throws SQLException {
        try (Routed routed = new Routed(nodes, Routed.limited(2, 1, Duration.ofSeconds(10)))) {
            List<Connection> connections = List.of(routed.connect(), routed.connect());
            assertRefused(routed, it -> it, "53300", "--max-");
            close(connections);
            TestGroup.await("all have left", () -> routed.statistics().sessions() == 0);
            // The driver asks for a walsender only where the server is new enough.
            UnaryOperator<Properties> walsender =
                    it ->
                            with("replication", "database")
                                    .apply(with("assumeMinServerVersion", "9.4").apply(it));
            assertRefused(routed, walsender, "0A000", "--replication");
            nodes.forEach(node -> routed.judge(node.name().text(), READ_ONLY));
            routed.awaitState(NodeState.CLOSED, List.of("n1", "n2"));
            assertRefused(routed, it -> it, "57P03", "it is read-only");
            assertRefused(routed, with("sslmode", "prefer"), "57P03", "it is read-only");
        }
    }

    private static void assertRefused(
            Routed routed, UnaryOperator<Properties> more, String sqlState, String text) {
        assertThatThrownBy(() -> routed.connect(more).close())
                .isInstanceOfSatisfying(
                        SQLException.class, it -> assertThat(it.getSQLState()).isEqualTo(sqlState))
                .hasMessageContaining(text);
    }

    @Test
    void tlsIsPassedThrough() throws SQLException {
        Certificate.install(nodes.get(1).address());
        List<NodeAddress> encrypting = nodes.subList(1, 2);
        try (Routed routed = new Routed(encrypting, Routed.USUAL);
                Connection connection = routed.connect(with("sslmode", "require"))) {
            assertThat(
                            Routed.ask(
                                    connection,
                                    "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"))
                    .isEqualTo("t");
            try (Statement statement = connection.createStatement()) {
                CompletableFuture<String> end =
                        CompletableFuture.supplyAsync(() -> endOf(statement));
                awaitSleeper(1);
                statement.cancel();
                assertThat(end.join()).isEqualTo("57014");
            }
        } finally {
            Certificate.remove(nodes.get(1).address());
        }
    }

    @Test
    void aServerWithoutTlsIsAskedForItOnBehalfOfTheClient() {
        try (Routed routed = new Routed(nodes, Routed.in(Mode.STICKY, Mode.By.USER))) {
            String home = routed.nodeOfNext(as("other"));
            assertThat(
                            routed.nodeOfNext(
                                    it -> with("sslmode", "prefer").apply(as("other").apply(it))))
                    .isEqualTo(home);
            assertRefused(routed, with("sslmode", "require"), "08004", "SSL");
        }
    }

    @Test
    void proxyHeadersGoFromRouterToRouter() throws SQLException {
        try (Routed inner = new Routed(nodes, Routed.proxy(true, false), _ -> WELL)) {
            NodeAddress through = new NodeAddress(new NodeName("r1"), inner.address());
            try (Routed outer = new Routed(List.of(through), Routed.proxy(false, true), _ -> WELL);
                    Connection connection = outer.connect()) {
                assertThat(Routed.ask(connection, "SELECT 1")).isEqualTo("1");
                try (Statement statement = connection.createStatement()) {
                    CompletableFuture<String> end =
                            CompletableFuture.supplyAsync(() -> endOf(statement));
                    TestGroup.await("it runs", () -> inner.statistics().sessions() == 1);
                    awaitSleeper(inner.sessions("n1") == 1 ? 0 : 1);
                    statement.cancel();
                    assertThat(end.join()).isEqualTo("57014");
                }
            }
            assertThat(inner.count("malformed")).isZero();
        }
    }

    @Test
    void largeAnswersAndQuestionsArriveWhole() throws SQLException {
        try (Routed routed = new Routed(nodes, Routed.USUAL);
                Connection connection = routed.connect()) {
            String text = "x".repeat(5_000_000);
            assertThat(Routed.ask(connection, "SELECT length('%s')".formatted(text)))
                    .isEqualTo("5000000");
            assertThat(Routed.ask(connection, "SELECT repeat('x', 20000000)"))
                    .isEqualTo("x".repeat(20_000_000));
        }
    }
}
