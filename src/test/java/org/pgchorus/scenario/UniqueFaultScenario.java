package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.pgchorus.demo.ServerOptions;

import java.util.Arrays;
import java.util.List;

/** Displaced rows outlive daemons and servers, and a newcomer gets them too. */
class UniqueFaultScenario {
    private static final String SCHEMA =
            "CREATE TABLE person (id int PRIMARY KEY, email text UNIQUE, v text)";

    private static final String LIVE = "SELECT id, email, v FROM person ORDER BY id";

    private static final String DISPLACED =
            """
            SELECT key, "row"->>'v', commit_time, node FROM pgchorus.displaced
            ORDER BY key[1]::int\
            """;

    private static final int PAIRS = 6;

    @ParameterizedTest
    @MethodSource("org.pgchorus.scenario.Versions#ofTwo")
    void displacedRowsReturnAfterKillsOfEverything(String versions) {
        try (TestGroup group = TestGroup.of(SCHEMA, TestGroup.majors(versions))) {
            group.stopDaemon();
            try (DaemonProcess daemon = new DaemonProcess(group.nodes())) {
                clash(group);
                assertEqual(group, PAIRS, PAIRS);
                daemon.kill();
                for (int node = 0; node < group.size(); node++) {
                    group.server(node).stopImmediate();
                    group.server(node).restart();
                }
                daemon.start();
                assertEqual(group, PAIRS, PAIRS);

                daemon.kill();
                group.run(0, "DELETE FROM person WHERE id = 100");
                group.run(1, "UPDATE person SET email = 'free' WHERE id = 101");
                daemon.start();
                group.server(0).kill();
                group.server(0).restart();
                assertEqual(group, PAIRS + 1, PAIRS - 2);

                group.run(0, "DELETE FROM person WHERE id > 101");
                group.server(1).stopImmediate();
                group.server(1).restart();
                daemon.kill();
                daemon.start();
                assertEqual(group, PAIRS + 1, 0);
                assertThat(group.rows(1, LIVE))
                        .contains("0|x0|by a", "5|x5|by a", "101|free|by b")
                        .doesNotContain("100|x0|by b");
            }
        }
    }

    /** Node a's rows 0 to 5 lose their values to node b's rows 100 to 105. */
    private static void clash(TestGroup group) {
        group.holdAll();
        group.run(
                0,
                """
                INSERT INTO person SELECT i, 'x' || i, 'by a' FROM generate_series(0, %d - 1) i
                """
                        .formatted(PAIRS));
        group.run(
                1,
                """
                INSERT INTO person
                SELECT 100 + i, 'x' || i, 'by b' FROM generate_series(0, %d - 1) i
                """
                        .formatted(PAIRS));
        group.releaseAll();
    }

    private static void assertEqual(TestGroup group, int live, int displaced) {
        await().atMost(TestGroup.LIMIT)
                .untilAsserted(() -> {
                    for (int node = 0; node < group.size(); node++) {
                        assertThat(group.rows(node, LIVE)).hasSize(live);
                        assertThat(group.rows(node, DISPLACED)).hasSize(displaced);
                    }
                });
        group.settledRows(LIVE);
        group.settledRows(DISPLACED);
    }

    @ParameterizedTest
    @MethodSource("org.pgchorus.scenario.Versions#ofThree")
    void aNewcomerGetsTheDisplacedRowsAndTheirReturn(String versions) {
        List<ServerOptions> servers =
                Arrays.stream(TestGroup.majors(versions)).mapToObj(ServerOptions::of).toList();
        try (TestGroup group = TestGroup.of(SCHEMA, servers, 2)) {
            Cast members = new Cast(group, 0, 0, 1, 2);
            group.hold(0, 1);
            group.hold(1, 0);
            members.onA("INSERT INTO person VALUES (1, 'x', 'by a')");
            members.onB("INSERT INTO person VALUES (2, 'x', 'by b')");
            group.release(0, 1);
            group.release(1, 0);
            await().atMost(TestGroup.LIMIT)
                    .untilAsserted(() -> {
                        assertThat(group.rows(0, DISPLACED)).hasSize(1);
                        assertThat(group.rows(1, DISPLACED)).hasSize(1);
                    });
            group.join(2);
            assertEqual(group, 1, 1);
            group.run(2, "DELETE FROM person WHERE id = 2");
            assertEqual(group, 1, 0);
            assertThat(group.rows(2, LIVE)).containsExactly("1|x|by a");
        }
    }
}
