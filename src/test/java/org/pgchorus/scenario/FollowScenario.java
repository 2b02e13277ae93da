package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.pgchorus.config.TablePattern;
import org.pgchorus.daemon.FollowOrders;
import org.pgchorus.daemon.NodeOrders;
import org.pgchorus.daemon.Status;
import org.pgchorus.daemon.Survey;
import org.pgchorus.demo.ServerOptions;
import org.pgchorus.member.FollowRequest;
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
            """;

    private static final List<String> QUESTIONS =
            List.of(
                    "SELECT id, email, age, md5(big) FROM users ORDER BY id",
                    "SELECT * FROM pair ORDER BY a, b",
                    "SELECT * FROM log ORDER BY line, at",
                    "SELECT * FROM numbered ORDER BY id");

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
            FollowOrders.follow(request, new TestGroup.Silent());
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
                    "INSERT INTO log VALUES ('one')");
            group.settle();
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
                    "UPDATE numbered SET v = 'w' WHERE id = 3");
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
        }
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
                "DELETE FROM users WHERE id = 5");
        assertThat(group.problems())
                .singleElement()
                .asString()
                .contains("node c is following: clients wrote to followed tables here")
                .contains("public.pair: 3 rows inserted")
                .contains("public.users: 1 row deleted");
        // What the provider changes is made whole all the same.
        group.run(0, "UPDATE users SET age = 1 WHERE id = 5", "INSERT INTO pair VALUES (100, 1)");
        group.settle();
        assertThat(group.rows(2, "SELECT age FROM users WHERE id = 5")).containsExactly("1");
        assertThat(group.rows(2, "SELECT a, b, v FROM pair WHERE a = 100 AND b = 1"))
                .containsExactly("100|1|null");
        group.run(2, "DELETE FROM pair WHERE a = 100 AND b > 1", "TRUNCATE pgchorus.local_write");
        settledEqual(group);
    }

    private static void refusesWhatCannotBe(TestGroup group) {
        assertThatThrownBy(() -> group.join(2))
                .hasMessageContaining("is follower c of")
                .hasMessageContaining("node take-over");
        FollowRequest twice = request(group, 2, 1, List.of(), Map.of(), Map.of());
        assertThatThrownBy(() -> follow(group, twice)).hasMessageContaining("is follower c of");
        FollowRequest chain = request(group, 1, 2, List.of(), Map.of(), Map.of());
        assertThatThrownBy(() -> follow(group, chain))
                .hasMessageContaining("is itself a follower, c of a");
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
