package org.pgchorus.example;

import org.pgchorus.demo.Relay;
import org.pgchorus.pg.Sheet;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Two data centres, both writable, with a network between them that takes its time and breaks, as
 * in the proof of concept with pglogical: its four ways to resolve a conflict, and a partition.
 */
final class TwoDatacenters implements Example {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    /** There and back, as between two cities a thousand kilometres apart. */
    private static final Duration LATENCY = Duration.ofMillis(20);

    private static final String TABLE =
            "CREATE TABLE account (id int PRIMARY KEY, city text NOT NULL)";

    private static final String CITIES = "SELECT id, city FROM account ORDER BY id";

    /** The two sites as their own clients see them, and the network between. */
    private record Sites(
            Node east,
            Node west,
            Node eastFromAfar,
            Node westFromAfar,
            Relay toEast,
            Relay toWest) {
        List<Node> both() {
            return List.of(east, west);
        }

        void cut() {
            toEast.cut();
            toWest.cut();
        }

        void heal() {
            toEast.heal();
            toWest.heal();
        }
    }

    @Override
    public String name() {
        return "two-datacenters";
    }

    @Override
    public String summary() {
        return "two sites, a slow network that breaks, and four ways to resolve the same conflict";
    }

    @Override
    public List<Integer> ports() {
        return List.of(5471, 5472, 5473, 5474);
    }

    @Override
    public void play(Stage stage) throws InterruptedException {
        Sites sites = setUp(stage);
        delay(stage, sites);
        lastUpdateWins(stage, sites);
        applyRemote(stage, sites);
        keepLocal(stage, sites);
        error(stage, sites);
        partition(stage, sites);
        remoteDurability(stage, sites);
        stage.step("Both sites, row by row");
        stage.pgchorus("verify");
        stage.pgchorus("status");
    }

    private static Sites setUp(Stage stage) {
        stage.step("Two sites, 20 ms apart");
        List<Node> nodes =
                stage.start(
                        new Node.Wanted("east", 5471, 18, "app"),
                        new Node.Wanted("west", 5472, 18, "app"));
        Node east = nodes.getFirst();
        Node west = nodes.getLast();
        Relay toEast = stage.relay(east, LATENCY, 5473);
        Relay toWest = stage.relay(west, LATENCY, 5474);
        Sites sites =
                new Sites(
                        east,
                        west,
                        east.by(toEast.address(east.address().address())),
                        west.by(toWest.address(west.address().address())),
                        toEast,
                        toWest);
        stage.say(
                """
                Each site has a daemon beside its server. To the other site leads a network that
                takes 20 ms there and back: %s for east, %s for west.\
                """
                        .formatted(stage.port(5473), stage.port(5474)));
        stage.sql(
                east,
                TABLE,
                """
                INSERT INTO account VALUES (1, 'Bern'), (2, 'Bern'), (3, 'Bern'), (4, 'Bern'),
                                           (5, 'Bern')\
                """);
        stage.say("West has the empty table; where a pg_dump is, a join copies that too.");
        stage.quietly(west, TABLE);
        stage.pgchorus("group", "create", sites.eastFromAfar().typed());
        stage.serve(east);
        stage.serve(west);
        stage.pgchorus(
                "node",
                "join",
                sites.westFromAfar().typed(),
                "--via",
                sites.eastFromAfar().at(),
                "--schema",
                "existing");
        stage.export("PGCHORUS_GROUP", east.at());
        return sites;
    }

    private static void delay(Stage stage, Sites sites) throws InterruptedException {
        stage.step("What is committed here is there a moment later");
        stage.sql(sites.west(), "INSERT INTO account VALUES (6, 'Basel')");
        long began = System.nanoTime();
        stage.eventually("east has it", LIMIT, () -> cities(stage, sites.east()).size() == 6);
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
        stage.say("  " + millis + " ms after the commit, over a network of 20 ms there and back");
    }

    private static List<String> cities(Stage stage, Node node) {
        return stage.quietly(node, CITIES).column("city");
    }

    private static String city(Stage stage, Node node, int id) {
        return stage.quietly(node, "SELECT city FROM account WHERE id = " + id).value();
    }

    /** The same account moves to two cities at once, while neither site hears the other. */
    private static void collide(Stage stage, Sites sites, int id) {
        stage.say("The network is cut; account %d moves to two cities.".formatted(id));
        sites.cut();
        move(stage, sites.east(), id, "Geneva");
        move(stage, sites.west(), id, "Zurich");
        stage.say("The network is whole again.");
        sites.heal();
    }

    private static void move(Stage stage, Node node, int id, String city) {
        stage.sql(node, "UPDATE account SET city = '%s' WHERE id = %d".formatted(city, id));
    }

    /** Waits for both sites' decisions, and shows them. */
    private static void show(Stage stage, Sites sites, int id, String east, String west)
            throws InterruptedException {
        stage.pgchorus("wait");
        for (Node node : sites.both()) {
            String expected = node.equals(sites.east()) ? east : west;
            Sheet sheet = stage.sql(node, "SELECT city FROM account WHERE id = " + id);
            stage.checkEquals("on " + node.name() + " it is " + expected, expected, sheet.value());
        }
    }

    private static void policy(Stage stage, String policy) throws InterruptedException {
        stage.pgchorus("table", "policy", "account", policy);
        stage.pgchorus("wait");
    }

    private static void lastUpdateWins(Stage stage, Sites sites) throws InterruptedException {
        stage.step("last_update_wins: the later write stands on both sides (the default)");
        policy(stage, "last_update_wins");
        collide(stage, sites, 1);
        show(stage, sites, 1, "Zurich", "Zurich");
    }

    private static void applyRemote(Stage stage, Sites sites) throws InterruptedException {
        stage.step("apply_remote: the incoming write stands, so the sites swap");
        policy(stage, "apply_remote");
        collide(stage, sites, 2);
        show(stage, sites, 2, "Zurich", "Geneva");
        stage.say("That is what the rule says, and nothing hides it: verify finds the row.");
        stage.pgchorusEnding(1, "verify");
        mend(stage, sites, 2);
    }

    private static void keepLocal(Stage stage, Sites sites) throws InterruptedException {
        stage.step("keep_local: each side keeps its own");
        policy(stage, "keep_local");
        collide(stage, sites, 3);
        show(stage, sites, 3, "Geneva", "Zurich");
        mend(stage, sites, 3);
    }

    private static void mend(Stage stage, Sites sites, int id) throws InterruptedException {
        stage.say(
                "The next write that is no conflict makes both sides equal: one in sight of all.");
        stage.checkEquals(
                "west knows that east has seen its write",
                "t",
                stage.sql(sites.west(), "SELECT pgchorus.wait_until_applied()").value());
        move(stage, sites.east(), id, "Geneva");
        show(stage, sites, id, "Geneva", "Geneva");
    }

    private static void error(Stage stage, Sites sites) throws InterruptedException {
        stage.step("error: both links stop, and a person decides");
        policy(stage, "error");
        collide(stage, sites, 4);
        for (Node node : sites.both()) {
            stage.eventually(
                    "the link to " + node.name() + " stands at the conflict",
                    LIMIT,
                    () -> stands(stage, node));
        }
        stage.checkEquals("east is untouched", "Geneva", city(stage, sites.east(), 4));
        stage.checkEquals("west is untouched", "Zurich", city(stage, sites.west(), 4));
        stage.pgchorus("link", "show", "west", "east");
        stage.say("The person decides for Zurich: east takes it, west keeps it.");
        stage.pgchorus("link", "skip", "west", "east", "--keep", "remote");
        stage.pgchorus("link", "skip", "east", "west", "--keep", "local");
        show(stage, sites, 4, "Zurich", "Zurich");
        policy(stage, "last_update_wins");
    }

    private static boolean stands(Stage stage, Node node) {
        return stage.quietly(node, "SELECT state, reason FROM pgchorus.link").rows().stream()
                .anyMatch(row -> row.get(1).contains("policy is error"));
    }

    private static void partition(Stage stage, Sites sites) throws InterruptedException {
        stage.step("A partition: both sides stay writable, and say what they do not know");
        stage.say("The network is cut.");
        sites.cut();
        move(stage, sites.east(), 5, "Lugano");
        stage.sql(sites.west(), "INSERT INTO account VALUES (7, 'Chur')");
        stage.say(
                """
                Both commits are successes: durable at the site that took them. They are not yet at
                the other, and may still lose to a later write there. Who needs more asks for it:\
                """);
        Sheet waited =
                stage.sql(
                        sites.east(), "SELECT pgchorus.wait_until_applied(timeout => '1 second')");
        stage.checkEquals("west has not confirmed it", "f", waited.value());
        stage.checkEquals("west still has the old city", "Bern", city(stage, sites.west(), 5));
        stage.checkEquals("east does not know account 7", 6, cities(stage, sites.east()).size());
        stage.say("The network is whole again.");
        sites.heal();
        stage.checkEquals(
                "now west has confirmed it",
                "t",
                stage.sql(sites.east(), "SELECT pgchorus.wait_until_applied()").value());
        stage.pgchorus("wait");
        for (Node node : sites.both()) {
            stage.checkEquals(
                    node.name() + " has both writes",
                    List.of("Lugano", "Chur"),
                    List.of(city(stage, node, 5), city(stage, node, 7)));
        }
    }

    private static void remoteDurability(Stage stage, Sites sites) throws InterruptedException {
        stage.step("The few transactions that must be at both sites before they succeed");
        stage.say("Commits at east wait for west, but only those that ask for it.");
        stage.sql(
                sites.east(),
                "ALTER DATABASE app SET synchronous_commit = local",
                "ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (pgchorus_west)'",
                "SELECT pg_reload_conf()");
        stage.eventually(
                "west is a synchronous standby of east",
                LIMIT,
                () ->
                        stage.quietly(
                                        sites.east(),
                                        "SELECT sync_state FROM pg_stat_replication"
                                                + " WHERE application_name = 'pgchorus_west'")
                                .column("sync_state")
                                .equals(List.of("quorum")));
        long began = System.nanoTime();
        stage.sql(
                sites.east(),
                "SET synchronous_commit = on",
                "UPDATE account SET city = 'Locarno' WHERE id = 5");
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
        stage.checkEquals(
                "west has it when the commit returns", "Locarno", city(stage, sites.west(), 5));
        stage.say("  the commit took %d ms".formatted(millis));
    }
}
