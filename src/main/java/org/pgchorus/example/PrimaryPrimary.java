package org.pgchorus.example;

import org.pgchorus.config.Address;
import org.pgchorus.config.AddressParameter;
import org.pgchorus.demo.EmbeddedServer;
import org.pgchorus.demo.HaproxyProgram;
import org.pgchorus.pg.Sheet;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Two primaries behind a balancer, the built-in one and then HAProxy; each loses a primary. */
final class PrimaryPrimary implements Example {
    private static final int FIRST_PORT = 5442;
    private static final int SECOND_PORT = 5443;
    private static final int BALANCER_PORT = 5020;
    private static final int STATISTICS_PORT = 7020;
    private static final int HTTP_PORT = 8008;
    private static final int MAJOR = 18;
    private static final Duration LIMIT = Duration.ofSeconds(60);

    /** What clients get done before it counts as going on. */
    private static final int ENOUGH = 100;

    private static final String LEFT =
            """
            SELECT (SELECT count(*) FROM pg_replication_slots)
                 + (SELECT count(*) FROM pg_replication_origin)
                 + (SELECT count(*) FROM pg_publication)
                 + (SELECT count(*) FROM pg_event_trigger)
                 + (SELECT count(*) FROM pg_trigger)
                 + (SELECT count(*) FROM pg_namespace WHERE nspname = 'pgchorus')\
            """;

    @Override
    public String name() {
        return "primary-primary";
    }

    @Override
    public String summary() {
        return "two primaries behind a balancer, the built-in router and HAProxy; one is killed"
                + " under load";
    }

    @Override
    public List<Integer> ports() {
        return List.of(FIRST_PORT, SECOND_PORT, BALANCER_PORT, STATISTICS_PORT, HTTP_PORT);
    }

    @Override
    public void play(Stage stage) throws InterruptedException {
        stage.step("Two primaries");
        List<Node> nodes =
                stage.start(
                        new Node.Wanted("p1", FIRST_PORT, MAJOR, "app"),
                        new Node.Wanted("p2", SECOND_PORT, MAJOR, "app"));
        new Run(stage, nodes.getFirst(), nodes.getLast()).play();
    }

    /** One run, with its servers. */
    private record Run(Stage stage, Node first, Node second) {
        void play() throws InterruptedException {
            setUp();
            bothWays();
            builtIn();
            Optional<Path> haproxy = HaproxyProgram.find();
            if (haproxy.isPresent()) {
                haproxy(haproxy.get());
            } else {
                stage.step("The same with HAProxy: LEFT OUT");
                stage.say(
                        "haproxy is not installed here (Debian: apt-get install haproxy), so this"
                                + " half of the example was not tried.");
            }
            stage.standIfKept();
            takeDown();
        }

        private void setUp() {
            for (Node node : List.of(first, second)) {
                stage.sql(
                        node,
                        "CREATE TABLE test_table (id serial PRIMARY KEY, name text NOT NULL)");
            }
            stage.pgchorus("group", "create", first.typed());
            stage.serve(HTTP_PORT, first, second);
            stage.pgchorus(
                    "node", "join", second.typed(), "--via", first.at(), "--schema", "existing");
            stage.say("Each side counts for itself; so that serial numbers do not collide:");
            stage.pgchorus("sequence", "spread", "--group", first.at());
        }

        private void bothWays() throws InterruptedException {
            stage.step("Insert on each side, see it on the other");
            String insert = "INSERT INTO test_table (name) VALUES ('%s') RETURNING id, name";
            Sheet here = stage.sql(first, insert.formatted("written on p1"));
            Sheet there = stage.sql(second, insert.formatted("written on p2"));
            stage.check(
                    "the two have different numbers",
                    !here.column("id").equals(there.column("id")));
            for (Node node : List.of(first, second)) {
                stage.eventually(
                        node.name() + " has both",
                        LIMIT,
                        () -> stage.quietly(node, "SELECT 1 FROM test_table").rows().size() == 2);
            }
            stage.sql(first, "SELECT id, name FROM test_table ORDER BY id");
            stage.sql(second, "SELECT id, name FROM test_table ORDER BY id");
        }

        private void builtIn() throws InterruptedException {
            stage.step("A balancer: the built-in router");
            try (BalancerPage page = page(BalancerPage.Kind.ROUTER);
                    Background router =
                            stage.pgchorusBeside(
                                    "route",
                                    "--listen",
                                    place(BALANCER_PORT),
                                    "--stats",
                                    place(STATISTICS_PORT),
                                    "--health",
                                    place(HTTP_PORT),
                                    "--group",
                                    first.at())) {
                underLoad(router, page, first, second);
            }
        }

        private void haproxy(Path program) throws InterruptedException {
            stage.step("The same with HAProxy");
            Said configuration =
                    stage.pgchorus(
                            "haproxy",
                            "--listen",
                            place(BALANCER_PORT),
                            "--stats",
                            place(STATISTICS_PORT),
                            "--health",
                            place(HTTP_PORT),
                            "--group",
                            first.at());
            Path file = stage.file("haproxy.cfg");
            try {
                Files.writeString(file, configuration.text());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            try (BalancerPage page = page(BalancerPage.Kind.HAPROXY);
                    Background haproxy =
                            stage.beside(
                                    List.of(program.toString(), "-db", "-f", file.toString()))) {
                underLoad(haproxy, page, second, first);
            }
        }

        private BalancerPage page(BalancerPage.Kind kind) {
            return new BalancerPage(stage.port(STATISTICS_PORT), kind);
        }

        private String place(int port) {
            return "127.0.0.1:" + stage.port(port);
        }

        /** Clients write; a primary is killed and comes back; nothing that they know is lost. */
        private void underLoad(Background balancer, BalancerPage page, Node victim, Node other)
                throws InterruptedException {
            stage.eventually(
                    "its statistics page, %s, says that both are open".formatted(page),
                    LIMIT,
                    () -> open(page).size() == 2);
            Address door =
                    first.address()
                            .address()
                            .with(
                                    AddressParameter.PORT,
                                    Integer.toString(stage.port(BALANCER_PORT)));
            String round = page.kind().name().toLowerCase(Locale.ROOT);
            BalancedClients clients = BalancedClients.start(door, round);
            try (clients) {
                stage.eventually(
                        "clients' inserts are spread over both",
                        LIMIT,
                        () ->
                                clients.acknowledgedBy(victim.server().port()) >= ENOUGH
                                        && clients.acknowledgedBy(other.server().port()) >= ENOUGH);
                stage.say("kill -9 of %s, while they write:".formatted(victim.name()));
                victim.server().kill();
                long before = clients.acknowledgedBy(other.server().port());
                stage.eventually(
                        "all of them go on, at %s alone".formatted(other.name()),
                        LIMIT,
                        () ->
                                clients.acknowledgedBy(other.server().port()) >= before + 2 * ENOUGH
                                        && open(page).equals(Set.of(other.name())));
                stage.say("%s is started again:".formatted(victim.name()));
                victim.server().restart();
                stage.eventually(
                        "the balancer leads new clients there",
                        LIMIT,
                        () ->
                                open(page).size() == 2
                                        && BalancedClients.portOfNew(door)
                                                == victim.server().port());
            }
            nothingIsLost(clients, page);
            stage.check("the balancer ran all the time", balancer.isRunning());
        }

        private static Set<String> open(BalancerPage page) {
            return page.nodes().entrySet().stream()
                    .filter(it -> it.getValue().isOpen())
                    .map(Map.Entry::getKey)
                    .collect(Collectors.toSet());
        }

        private void nothingIsLost(BalancedClients clients, BalancerPage page) {
            page.nodes()
                    .forEach((name, line) ->
                            stage.show(
                                    "%s: %s, %d sessions so far"
                                            .formatted(name, line.state(), line.sessions())));
            stage.pgchorus("wait", "--group", first.at());
            stage.show(
                    "acknowledged: %d inserts, %d by p1 and %d by p2; sessions that ended: %d"
                            .formatted(
                                    clients.acknowledged().size(),
                                    clients.acknowledgedBy(first.server().port()),
                                    clients.acknowledgedBy(second.server().port()),
                                    clients.ended()));
            for (Node node : List.of(first, second)) {
                Set<String> lost = new TreeSet<>(clients.acknowledged());
                stage.quietly(node, "SELECT name FROM test_table")
                        .column("name")
                        .forEach(lost::remove);
                stage.checkEquals(
                        "%s has every insert that was acknowledged".formatted(node.name()),
                        Set.of(),
                        lost);
            }
        }

        private void takeDown() {
            stage.step("All rows are equal; and nothing is left");
            stage.pgchorus("verify", "--group", first.at());
            stage.pgchorus("conflict", "stats", "--group", first.at());
            stage.pgchorus("node", "detach", "p2", "--group", first.at());
            stage.pgchorus("node", "remove", second.at());
            stage.pgchorus("node", "remove", first.at());
            for (Node node : List.of(first, second)) {
                stage.checkEquals(
                        "%s has no slot, origin, publication, trigger or schema of ours"
                                .formatted(node.name()),
                        "0",
                        stage.quietly(node, LEFT).value());
            }
            first.server().close();
            second.server().close();
            for (int port : List.of(FIRST_PORT, SECOND_PORT, BALANCER_PORT, STATISTICS_PORT)) {
                stage.check(
                        "port %d is free".formatted(stage.port(port)),
                        EmbeddedServer.isFree(stage.port(port)));
            }
        }
    }
}
