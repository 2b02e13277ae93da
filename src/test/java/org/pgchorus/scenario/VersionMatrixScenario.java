package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.pgchorus.config.Address;
import org.pgchorus.config.NodeAddress;
import org.pgchorus.daemon.Daemon;
import org.pgchorus.daemon.FollowOrders;
import org.pgchorus.daemon.NodeOrders;
import org.pgchorus.daemon.Orders;
import org.pgchorus.daemon.Survey;
import org.pgchorus.daemon.Verification;
import org.pgchorus.daemon.Waiting;
import org.pgchorus.demo.TableComparison;
import org.pgchorus.member.FollowRequest;
import org.pgchorus.member.JoinProgress;
import org.pgchorus.member.JoinRequest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Every version beside every other one, as nodes that both write, and as a server and its follower;
 * a part of the pairs, or with {@code -Dscenario.versions=all} all of them. {@code
 * docs/versions.md} has the table that this makes; {@code -Dpgchorus.rewrite.docs=true} with all of
 * them writes it.
 */
class VersionMatrixScenario {
    private static final Path DOCUMENT = Path.of("docs/versions.md");
    private static final List<Integer> NODES = List.of(14, 15, 16, 17, 18);
    private static final List<Integer> PROVIDERS = List.of(12, 13, 14, 15, 16, 17, 18);
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** In a usual run: each version is met at least twice, the oldest and the newest together. */
    private static final List<Pair> SOME =
            List.of(
                    new Pair(14, 18),
                    new Pair(15, 17),
                    new Pair(16, 14),
                    new Pair(17, 16),
                    new Pair(18, 15));

    private static final List<Pair> SOME_FOLLOWERS = List.of(new Pair(12, 18), new Pair(13, 14));

    /** Columns of many types; with names that our own statements have for something else. */
    private static final String[] SCHEMA = {
        "CREATE TYPE mood AS ENUM ('sad', 'glad')",
        """
        CREATE TABLE kind (
            id int PRIMARY KEY, t text, n numeric, f float8, b bytea, j jsonb, u uuid,
            at timestamptz, i interval, r int4range, a text[], m mood, p point)\
        """,
        "CREATE TABLE named (id int PRIMARY KEY, name text UNIQUE, big text)",
    };

    private static final String FILL =
            """
            INSERT INTO kind SELECT g, 't' || g, g / 7.0, g / 3.0::float8,
                decode(md5(g::text), 'hex'),
                jsonb_build_object('g', g), md5(g::text)::uuid, to_timestamp(1e9 + g / 3.0),
                make_interval(days => g, secs => g / 3.0), int4range(g, g + 5),
                ARRAY['a', NULL, 'b ' || g], (ARRAY['sad', 'glad'])[1 + g % 2]::mood,
                point(g / 3.0, g)
            FROM generate_series(1, 300) g\
            """;

    private static final String LARGE =
            "INSERT INTO named SELECT g, 'n' || g, (SELECT string_agg(md5((g * h)::text), '')"
                    + " FROM generate_series(1, 300) h) FROM generate_series(1, 20) g";

    private static final Premises PREMISES = new Premises();

    /** The first one is there first. */
    private record Pair(int first, int second) {}

    @AfterAll
    static void stop() {
        PREMISES.close();
    }

    @Test
    void nodesOfAnyTwoVersionsEndEqual() throws Exception {
        Map<Pair, String> found = new TreeMap<>(ORDER);
        for (Pair pair : Versions.all() ? all(NODES, NODES) : SOME) {
            found.put(pair, nodes(pair));
        }
        assertThat(found.values()).as("%s", found).containsOnly("equal");
        documented(found, "nodes", NODES, NODES);
    }

    @Test
    void followersOfAnyVersionEndEqual() throws Exception {
        Map<Pair, String> found = new TreeMap<>(ORDER);
        for (Pair pair : Versions.all() ? all(PROVIDERS, NODES) : SOME_FOLLOWERS) {
            found.put(pair, follower(pair));
        }
        assertThat(found.values()).as("%s", found).containsOnly("equal");
        documented(found, "followers", PROVIDERS, NODES);
    }

    private static final Comparator<Pair> ORDER =
            Comparator.comparingInt(Pair::first).thenComparingInt(Pair::second);

    private static List<Pair> all(List<Integer> firsts, List<Integer> seconds) {
        List<Pair> pairs = new ArrayList<>();
        firsts.forEach(first -> seconds.forEach(second -> pairs.add(new Pair(first, second))));
        return pairs;
    }

    /** A group of two: joined, both write, with conflicts; what a comparison says in the end. */
    private static String nodes(Pair pair) throws Exception {
        String name = "n%d_%d".formatted(pair.first, pair.second);
        Address one = PREMISES.database(pair.first, name + "_1", SCHEMA);
        Address two = PREMISES.database(pair.second, name + "_2", SCHEMA);
        Premises.run(one, FILL, LARGE);
        NodeAddress first = Premises.node("n1", one);
        NodeAddress second = Premises.node("n2", two);
        Orders.createGroup(first, List.of());
        String result;
        try (Daemon _ = Daemon.start(List.of(first, second))) {
            Premises.join(second, one);
            assertThat(Orders.awaitReady(one, second.name(), PATIENCE.toMillis(), hint -> {}))
                    .as("%s is ready", pair)
                    .isTrue();
            write(one, "one", 1);
            write(two, "two", 2);
            Premises.run(one, "ALTER TABLE named ADD COLUMN extra int DEFAULT 7");
            settle(pair, one);
            Premises.run(two, "UPDATE named SET extra = 8 WHERE id < 5");
            settle(pair, one);
            Verification.Found compared =
                    Verification.of(
                            one, new Verification.Request(List.of(), List.of(), PATIENCE, 3));
            assertThat(TableComparison.differences(List.of(one, two))).as("%s", pair).isEmpty();
            result = compared.isEqual() ? "equal" : "differs";
        }
        leave(two, one);
        return result;
    }

    /** A server has room for so many slots only. */
    private static void leave(Address... databases) throws InterruptedException {
        for (Address database : databases) {
            NodeOrders.remove(database, true);
        }
    }

    private static void settle(Pair pair, Address any) throws InterruptedException {
        assertThat(Waiting.untilApplied(any, PATIENCE, Optional.empty(), Optional.empty()))
                .as("%s: %s", pair, Survey.of(any).problems())
                .isEmpty();
    }

    private static void write(Address node, String who, int number) {
        Premises.run(
                node,
                "UPDATE kind SET t = '%s', n = n + %d WHERE id %% 3 = 0".formatted(who, number),
                "DELETE FROM kind WHERE id BETWEEN %1$d0 AND %1$d5".formatted(number),
                "UPDATE named SET name = name || '%s' WHERE id %% 2 = %d"
                        .formatted(who, number - 1),
                "INSERT INTO named VALUES (%d, 'wanted', '%s')".formatted(100 + number, who),
                "UPDATE kind SET id = id + 1000 WHERE id = 29%d".formatted(number));
    }

    /** A server in no group, and one that follows it; what a comparison says in the end. */
    private static String follower(Pair pair) throws Exception {
        String name = "f%d_%d".formatted(pair.first, pair.second);
        Address provider = PREMISES.database(pair.first, name + "_1", SCHEMA);
        Address follower = PREMISES.database(pair.second, name + "_2", SCHEMA);
        Premises.run(provider, FILL, LARGE);
        NodeAddress node = Premises.node("f1", follower);
        List<String> differences;
        try (Daemon _ = Daemon.start(List.of(node))) {
            FollowOrders.follow(
                    new FollowRequest(
                            node,
                            provider,
                            JoinRequest.Schema.EXISTING,
                            true,
                            2,
                            List.of(),
                            Map.of(),
                            Map.of()),
                    JoinProgress.SILENT);
            assertThat(FollowOrders.awaitReady(follower, PATIENCE)).as("%s", pair).isTrue();
            write(provider, "one", 1);
            settle(pair, follower);
            differences = TableComparison.differences(List.of(provider, follower));
        }
        leave(follower);
        return differences.isEmpty() ? "equal" : "differs";
    }

    /** The document says of these pairs what was found; or, when told to, it is written so. */
    private static void documented(
            Map<Pair, String> found, String what, List<Integer> firsts, List<Integer> seconds)
            throws IOException {
        String text = Files.readString(DOCUMENT);
        String begin = "<!-- %s -->\n".formatted(what);
        String end = "<!-- end of %s -->\n".formatted(what);
        int from = text.indexOf(begin) + begin.length();
        int to = text.indexOf(end);
        assertThat(to).as("%s in %s", end, DOCUMENT).isNotNegative();
        String written = text.substring(from, to);
        if (Versions.all()) {
            String table = table(found, firsts, seconds);
            if (Boolean.getBoolean("pgchorus.rewrite.docs")) {
                Files.writeString(DOCUMENT, text.substring(0, from) + table + text.substring(to));
                return;
            }
            assertThat(written).isEqualTo(table);
        }
        found.forEach((pair, result) ->
                assertThat(cell(written, seconds, pair))
                        .as("%s in %s", pair, DOCUMENT)
                        .isEqualTo(result));
    }

    private static String table(
            Map<Pair, String> found, List<Integer> firsts, List<Integer> seconds) {
        String head =
                seconds.stream().map(second -> " | " + second).collect(Collectors.joining())
                        + " |\n";
        String rule = "|---".repeat(seconds.size() + 1) + "|\n";
        return "| "
                + head
                + rule
                + firsts.stream()
                        .map(first ->
                                "| **%d**".formatted(first)
                                        + seconds.stream()
                                                .map(second ->
                                                        " | " + found.get(new Pair(first, second)))
                                                .collect(Collectors.joining())
                                        + " |\n")
                        .collect(Collectors.joining());
    }

    private static String cell(String table, List<Integer> seconds, Pair pair) {
        return table.lines()
                .filter(line -> line.startsWith("| **%d** ".formatted(pair.first)))
                .map(line -> line.split("\\|")[2 + seconds.indexOf(pair.second)].strip())
                .findFirst()
                .orElse("");
    }

    /** The test's own reading of a table. */
    @Test
    void aCellIsFound() {
        Map<Pair, String> found = new TreeMap<>(ORDER);
        IntStream.of(1, 2)
                .forEach(first -> {
                    found.put(new Pair(first, 8), "x" + first);
                    found.put(new Pair(first, 9), "y" + first);
                });
        String table = table(found, List.of(1, 2), List.of(8, 9));
        assertThat(cell(table, List.of(8, 9), new Pair(2, 9))).isEqualTo("y2");
        assertThat(cell(table, List.of(8, 9), new Pair(1, 8))).isEqualTo("x1");
    }
}
