package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.pgchorus.config.NodeAddress;
import org.pgchorus.config.TablePattern;
import org.pgchorus.daemon.FollowOrders;
import org.pgchorus.daemon.NodeOrders;
import org.pgchorus.daemon.Orders;
import org.pgchorus.daemon.Status;
import org.pgchorus.daemon.Survey;
import org.pgchorus.demo.ServerOptions;
import org.pgchorus.member.FollowRequest;
import org.pgchorus.member.JoinProgress;
import org.pgchorus.member.JoinRequest;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Followers get all that happens at their provider, and nobody gets anything from them. */
class FollowScenario {
    private static final String SCHEMA =
            """
            CREATE TABLE users (id int PRIMARY KEY, email text UNIQUE, age int, big text);
            CREATE TABLE pair (a int, b int, v text, PRIMARY KEY (a, b));
            CREATE TABLE log (line text, at timestamptz DEFAULT now());
            CREATE TABLE numbered (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text,
                twice int GENERATED ALWAYS AS (length(v) * 2) STORED);
            CREATE TABLE sale (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
            CREATE TABLE sale_low PARTITION OF sale FOR VALUES FROM (0) TO (100);
            CREATE TABLE sale_high PARTITION OF sale FOR VALUES FROM (100) TO (1000);
            """;

    private static final List<String> QUESTIONS =
            List.of(
                    "SELECT id, email, age, md5(big) FROM users ORDER BY id",
                    "SELECT * FROM pair ORDER BY a, b",
                    "SELECT * FROM log ORDER BY line, at",
                    "SELECT * FROM numbered ORDER BY id",
                    "SELECT tableoid::regclass, * FROM sale ORDER BY id");

    private static FollowRequest request(
            TestGroup group,
            int follower,
            int provider,
            List<TablePattern> patterns,
            Map<String, String> filters,
            Map<String, List<String>> columns) {
        return new FollowRequest(
                group.nodes().get(follower),
                group.address(provider),
                JoinRequest.Schema.EXISTING,
                true,
                2,
                patterns,
                filters,
                columns);
    }

    static void follow(TestGroup group, FollowRequest request) {
        try {
            FollowOrders.follow(request, JoinProgress.SILENT);
            assertThat(FollowOrders.awaitReady(request.node().address(), TestGroup.LIMIT))
                    .as("ready; status %s", Survey.of(request.node().address()).problems())
                    .isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    static void follow(TestGroup group, int follower, int provider) {
        follow(group, request(group, follower, provider, List.of(), Map.of(), Map.of()));
    }

    private static List<ServerOptions> servers(Integer... majors) {
        return Stream.of(majors).map(ServerOptions::of).toList();
    }

    private static void settledEqual(TestGroup group) {
        QUESTIONS.forEach(group::settledRows);
    }

    @Test
    void aFollowerOfANodeGetsWhatAllNodesWrite() throws InterruptedException {
        try (TestGroup group = TestGroup.of(SCHEMA, servers(18, 15, 16), 2)) {
            group.run(
                    0,
                    "INSERT INTO users SELECT g, g || '@x', g FROM generate_series(1, 500) g",
                    "INSERT INTO numbered (v) SELECT repeat('v', g) FROM generate_series(1, 9) g",
                    "INSERT INTO log VALUES ('one')",
                    "INSERT INTO sale SELECT g, 's' FROM generate_series(95, 105) g");
            group.settle();
            failureLeavesNothing(group);
            follow(group, 2, 0);
            settledEqual(group);
            group.run(0, "UPDATE users SET age = age + 1 WHERE id < 100");
            group.run(
                    1,
                    "UPDATE users SET big = (SELECT string_agg(md5(g::text), '')"
                            + " FROM generate_series(1, 2000) g) WHERE id > 490",
                    "UPDATE users SET age = 7 WHERE id > 490",
                    "UPDATE users SET id = id + 1000 WHERE id > 495",
                    "DELETE FROM users WHERE id BETWEEN 200 AND 300",
                    "INSERT INTO pair VALUES (1, 1, 'b'), (2, 2, 'b')",
                    "INSERT INTO log VALUES ('two')",
                    "UPDATE numbered SET v = 'w' WHERE id = 3",
                    "UPDATE sale SET id = 300 WHERE id = 95",
                    "DELETE FROM sale WHERE id = 96");
            group.run(0, "UPDATE users SET email = email || 'y' WHERE id BETWEEN 1 AND 20");
            settledEqual(group);
            group.run(1, "TRUNCATE log", "INSERT INTO log VALUES ('three')");
            group.run(0, "TRUNCATE pair", "INSERT INTO pair VALUES (3, 3, 'a')");
            settledEqual(group);
            assertThat(group.rows(2, "SELECT line FROM log")).containsExactly("three");
            sharesAStatusWithItsGroup(group);
            tellsOfLocalWrites(group);
            refusesWhatCannotBe(group);
            leavesNothing(group);
            group.run(2, "TRUNCATE users, pair, log, numbered, sale");
            brokenOffBeginsAnew(group);
            rowsThatAreThereNeedNoCopy(group);
        }
    }

    private static void failureLeavesNothing(TestGroup group) {
        List<String> before = group.rows(0, JoinScenario.LEFTOVERS);
        group.run(2, "ALTER TABLE users ADD CONSTRAINT small CHECK (age < 400)");
        assertThatThrownBy(() -> follow(group, 2, 0))
                .hasMessageContaining("copying table public.users")
                .hasMessageContaining("small");
        assertThat(group.rows(2, JoinScenario.LEFTOVERS)).isEmpty();
        assertThat(group.rows(0, JoinScenario.LEFTOVERS)).isEqualTo(before);
        assertThat(group.rows(2, "SELECT count(*) FROM sale")).containsExactly("0");
        group.run(2, "ALTER TABLE users DROP CONSTRAINT small");
    }

    private static void sharesAStatusWithItsGroup(TestGroup group) {
        assertThat(group.problems()).isEmpty();
        for (int asked : new int[] {0, 1, 2}) {
            Status status = Survey.of(group.address(asked));
            assertThat(status.nodes()).extracting(Status.Node::name).containsExactly("a", "b", "c");
            assertThat(status.nodes().getLast().state()).isEqualTo("following");
            assertThat(status.links())
                    .filteredOn(link -> link.to().equals("c"))
                    .singleElement()
                    .satisfies(link -> {
                        assertThat(link.from()).isEqualTo("a");
                        assertThat(link.state()).isEqualTo("streaming");
                        assertThat(link.slot()).isPresent();
                    });
        }
    }

    private static void tellsOfLocalWrites(TestGroup group) {
        group.run(
                2,
                "INSERT INTO pair SELECT 100, g, 'here' FROM generate_series(1, 3) g",
                "INSERT INTO sale VALUES (10, 'here'), (11, 'here')",
                "DELETE FROM users WHERE id IN (5, 494)");
        assertThat(group.problems())
                .singleElement()
                .asString()
                .contains("node c is following: clients wrote to followed tables here")
                .contains("public.pair: 3 rows inserted")
                .contains("public.sale_low: 2 rows inserted")
                .contains("public.users: 2 rows deleted");
        // What the provider changes is made whole all the same.
        group.run(0, "UPDATE users SET age = 1 WHERE id = 5", "INSERT INTO pair VALUES (100, 1)");
        group.settle();
        assertThat(group.rows(2, "SELECT age FROM users WHERE id = 5")).containsExactly("1");
        assertThat(group.rows(2, "SELECT a, b, v FROM pair WHERE a = 100 AND b = 1"))
                .containsExactly("100|1|null");
        // Without its large value it cannot be; with the next one it can.
        group.run(0, "UPDATE users SET age = 2 WHERE id = 494");
        group.settle();
        assertThat(group.problems())
                .singleElement()
                .asString()
                .contains("1 change of public.users found no row here");
        group.run(0, "UPDATE users SET big = 'small now' WHERE id = 494");
        group.run(
                2,
                "DELETE FROM pair WHERE a = 100 AND b > 1",
                "DELETE FROM sale WHERE v = 'here'",
                "TRUNCATE pgchorus.local_write, pgchorus.missed_change");
        settledEqual(group);
        assertThat(group.problems()).isEmpty();
    }

    private static void refusesWhatCannotBe(TestGroup group) {
        assertThatThrownBy(() -> group.join(2))
                .hasMessageContaining("is follower c of")
                .hasMessageContaining("node take-over");
        NodeAddress namesake = new NodeAddress(TestGroup.name(2), group.server(0).address("other"));
        group.server(0).createDatabase("other");
        JoinRequest join =
                new JoinRequest(namesake, group.address(1), JoinRequest.Schema.EXISTING, false, 1);
        assertThatThrownBy(() -> Orders.join(join, JoinProgress.SILENT))
                .hasMessageContaining("the group has a follower c already");
        FollowRequest twice = request(group, 2, 1, List.of(), Map.of(), Map.of());
        assertThatThrownBy(() -> follow(group, twice)).hasMessageContaining("is follower c of");
        FollowRequest chain = request(group, 1, 2, List.of(), Map.of(), Map.of());
        assertThatThrownBy(() -> follow(group, chain))
                .hasMessageContaining("is itself a follower, c of a");
    }

    private static void brokenOffBeginsAnew(TestGroup group) {
        follow(group, 2, 1);
        TestGroup.await("it streams", () -> Survey.of(group.address(2)).problems().isEmpty());
        group.run(
                2,
                "UPDATE pgchorus.following SET state = 'joining'",
                "DELETE FROM pgchorus.follow_position");
        assertThatThrownBy(() -> follow(group, 2, 1))
                .hasMessageContaining("table public.users has rows")
                .hasMessageContaining("TRUNCATE");
        assertThat(group.rows(2, JoinScenario.LEFTOVERS)).isEmpty();
        assertThat(group.rows(1, "SELECT slot_name FROM pg_replication_slots")).hasSize(1);
        group.run(2, "TRUNCATE users, pair, log, numbered, sale");
        follow(group, 2, 1);
        settledEqual(group);
    }

    private static void rowsThatAreThereNeedNoCopy(TestGroup group) throws InterruptedException {
        NodeOrders.remove(group.address(2), false);
        FollowRequest asTheyAre =
                new FollowRequest(
                        group.nodes().get(2),
                        group.address(0),
                        JoinRequest.Schema.EXISTING,
                        false,
                        1,
                        List.of(),
                        Map.of(),
                        Map.of());
        follow(group, asTheyAre);
        group.run(0, "UPDATE users SET age = -1 WHERE id = 1", "INSERT INTO log VALUES ('last')");
        settledEqual(group);
    }

    private static void leavesNothing(TestGroup group) throws InterruptedException {
        assertThatThrownBy(() -> NodeOrders.remove(group.address(0), false))
                .hasMessageContaining("feeds followers: c");
        assertThat(NodeOrders.remove(group.address(2), false).done()).hasSize(2);
        assertThat(group.rows(2, JoinScenario.LEFTOVERS)).isEmpty();
        assertThat(group.rows(0, "SELECT slot_name FROM pg_replication_slots")).hasSize(1);
        assertThat(group.rows(0, "SELECT pubname FROM pg_publication")).containsExactly("pgchorus");
        assertThat(Survey.of(group.address(0)).nodes()).hasSize(2);
        assertThat(group.problems()).isEmpty();
        assertThat(group.rows(2, "SELECT count(*) > 100 FROM users")).containsExactly("t");
    }
}
