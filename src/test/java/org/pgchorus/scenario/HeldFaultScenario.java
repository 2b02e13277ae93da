package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.pgchorus.scenario.HeldScenario.awaitHeld;
import static org.pgchorus.scenario.HeldScenario.awaitNothingHeld;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgchorus.daemon.Orders;
import org.pgchorus.daemon.Survey;
import org.pgchorus.demo.ServerOptions;
import org.pgchorus.member.JoinProgress;
import org.pgchorus.member.JoinRequest;
import org.pgchorus.pg.PgError;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.stream.IntStream;

/** What is held survives whatever dies meanwhile; what passes by itself holds nothing. */
class HeldFaultScenario {
    private static final String SCHEMA =
            """
            CREATE TABLE t (id int PRIMARY KEY, v int NOT NULL, w text);
            CREATE TABLE log (line text);
            CREATE TABLE s (id int PRIMARY KEY, v text)\
            """;

    private static final String LOG = "SELECT line FROM log ORDER BY line";

    private static final String T = "SELECT * FROM t ORDER BY id";

    @ParameterizedTest
    @ValueSource(strings = {"18,15", "15,18"})
    void heldChangesAreNeitherLostNorDoubledByKills(String versions) {
        try (TestGroup group = TestGroup.of(SCHEMA, TestGroup.majors(versions))) {
            group.stopDaemon();
            try (DaemonProcess daemon = new DaemonProcess(group.nodes())) {
                group.run(1, "ALTER TABLE log ADD CHECK (line <> '000')");
                group.run(1, "ALTER TABLE t ADD CHECK (v <> 0)");
                write(group, 0, 60);
                awaitHeld(group, 0, 1, "public.log");
                for (int kill = 1; kill <= 4; kill++) {
                    write(group, kill * 60, 60);
                    if (kill % 2 == 0) {
                        group.server(1).kill();
                        group.server(1).restart();
                    } else {
                        daemon.kill();
                        daemon.start();
                    }
                }
                awaitHeld(group, 0, 1, "public.t");
                TestGroup.await(
                        "s flows",
                        () -> group.rows(1, "SELECT count(*) FROM s").equals(List.of("300")));
                assertThat(group.rows(1, "SELECT count(*) FROM log")).containsExactly("0");
                group.run(1, "ALTER TABLE log DROP CONSTRAINT log_line_check");
                group.run(1, "ALTER TABLE t DROP CONSTRAINT t_v_check");
                TestGroup.await(
                        "some are applied",
                        () -> !group.rows(1, "SELECT count(*) FROM log").equals(List.of("0")));
                group.server(1).kill();
                group.server(1).restart();
                daemon.kill();
                daemon.start();
                List<String> lines = IntStream.range(0, 300).mapToObj("%03d"::formatted).toList();
                assertThat(group.settledRows(LOG)).isEqualTo(lines);
                assertThat(group.settledRows(T)).isNotEmpty();
                awaitNothingHeld(group);
            }
        }
    }

    /** Each line once; the rows of t come, change and go, so that only their order ends right. */
    private static void write(TestGroup group, int first, int count) {
        for (int i = first; i < first + count; i++) {
            group.run(
                    0,
                    "INSERT INTO log VALUES ('%03d')".formatted(i),
                    "DELETE FROM t WHERE id = " + i % 3,
                    "INSERT INTO t VALUES (%d, %d) ON CONFLICT (id) DO UPDATE SET w = 'again'"
                            .formatted(i % 2, i),
                    "UPDATE t SET w = '%d', v = v + 1 WHERE id = %d".formatted(i, i % 5),
                    "INSERT INTO s VALUES (%d, 'x')".formatted(i));
        }
    }

    @Test
    void othersGoOnWritingTheTableMeanwhileAndAllEndEqual() {
        try (TestGroup group = TestGroup.of(SCHEMA, 18, 15, 18)) {
            group.run(0, "INSERT INTO t SELECT g, 1, 'start' FROM generate_series(0, 30) g");
            group.settle();
            group.run(1, "ALTER TABLE t ADD CHECK (v < 1000)");
            // A row that nobody writes to afterwards: a later write would let the table go.
            group.run(0, "UPDATE t SET v = 1000 WHERE id = 0");
            awaitHeld(group, 0, 1, "public.t");
            for (int round = 0; round < 40; round++) {
                for (int node = 0; node < 3; node++) {
                    int id = 1 + (round * 7 + node * 3) % 30;
                    group.run(
                            node,
                            round % 4 == 0
                                    ? "DELETE FROM t WHERE id = " + id
                                    : ("INSERT INTO t VALUES (%d, %d, 'n%d')"
                                                    + " ON CONFLICT (id) DO UPDATE SET"
                                                    + " v = excluded.v, w = excluded.w")
                                            .formatted(id, round, node),
                            "INSERT INTO s VALUES (%d, 'n%d')".formatted(round * 3 + node, node));
                }
            }
            TestGroup.await(
                    "s flows everywhere",
                    () ->
                            IntStream.range(0, 3)
                                    .allMatch(n ->
                                            group.rows(n, "SELECT count(*) FROM s")
                                                    .equals(List.of("120"))));
            assertThat(awaitHeld(group, 0, 1, "public.t").changes()).isGreaterThan(30);
            assertThat(
                            Survey.of(group.address(0)).links().stream()
                                    .filter(link -> !link.held().isEmpty()))
                    .hasSize(1);
            group.run(1, "ALTER TABLE t DROP CONSTRAINT t_v_check");
            assertThat(group.settledRows(T)).isNotEmpty();
            awaitNothingHeld(group);
        }
    }

    /** The second and third have come, and were judged, before the first is found to fail. */
    @Test
    void whatCameBeforeItsTableWasHeldWaitsToo() throws SQLException {
        try (TestGroup group = TestGroup.of(SCHEMA, 18, 15)) {
            group.run(1, "ALTER TABLE log ADD CHECK (line <> '000')");
            try (Connection client = group.connect(1);
                    Statement statement = client.createStatement()) {
                client.setAutoCommit(false);
                statement.execute("LOCK TABLE s IN SHARE MODE");
                group.run(0, "INSERT INTO s VALUES (1, 'x')");
                TestGroup.await(
                        "the link waits for the lock",
                        () ->
                                group.rows(1, "SELECT count(*) FROM pg_locks WHERE NOT granted")
                                        .equals(List.of("1")));
                for (int i = 0; i < 3; i++) {
                    group.run(0, "INSERT INTO log VALUES ('%03d')".formatted(i));
                }
                group.run(0, "INSERT INTO s VALUES (2, 'x')");
                client.commit();
            }
            TestGroup.await(
                    "s flows", () -> group.rows(1, "SELECT count(*) FROM s").equals(List.of("2")));
            assertThat(awaitHeld(group, 0, 1, "public.log").changes()).isEqualTo(3);
            assertThat(group.rows(1, LOG)).isEmpty();
            group.run(1, "ALTER TABLE log DROP CONSTRAINT log_line_check");
            assertThat(group.settledRows(LOG)).containsExactly("000", "001", "002");
            awaitNothingHeld(group);
        }
    }

    @Test
    void whatPassesByItselfHoldsNothing() throws SQLException {
        try (TestGroup group = TestGroup.of(SCHEMA, 18, 15)) {
            group.run(0, "INSERT INTO t VALUES (1, 1)");
            group.settle();
            try (Connection client = group.connect(1);
                    Statement statement = client.createStatement()) {
                client.setAutoCommit(false);
                statement.execute("UPDATE t SET v = 2 WHERE id = 1");
                group.run(0, "UPDATE t SET v = 3 WHERE id = 1", "INSERT INTO s VALUES (1, 'x')");
                awaitBlocked(group);
                group.run(1, "SELECT pg_cancel_backend(pid)" + BLOCKED);
                awaitBlocked(group);
                group.run(1, "SELECT pg_terminate_backend(pid)" + BLOCKED);
                awaitBlocked(group);
                client.commit();
            }
            assertThat(group.settledRows(T)).hasSize(1);
            assertThat(group.rows(1, "SELECT count(*) FROM pgchorus.held_table"))
                    .containsExactly("0");
        }
    }

    private static final String BLOCKED =
            " FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0";

    private static void awaitBlocked(TestGroup group) {
        TestGroup.await(
                "the link waits for a lock",
                () -> !group.rows(1, "SELECT pid" + BLOCKED).isEmpty());
    }

    @Test
    void aNodeThatHoldsChangesIsNoProvider() {
        List<ServerOptions> servers =
                List.of(ServerOptions.of(18), ServerOptions.of(15), ServerOptions.of(18));
        try (TestGroup group = TestGroup.of(SCHEMA, servers, 2)) {
            group.run(1, "ALTER TABLE t ADD CHECK (v < 1000)");
            group.run(0, "INSERT INTO t VALUES (1, 1000)");
            awaitHeld(group, 0, 1, "public.t");
            JoinRequest viaB =
                    new JoinRequest(
                            group.nodes().get(2),
                            group.address(1),
                            JoinRequest.Schema.EXISTING,
                            true,
                            1);
            assertThatThrownBy(() -> Orders.join(viaB, JoinProgress.SILENT))
                    .isInstanceOf(PgError.Refused.class)
                    .hasMessageContaining("node b holds changes that it cannot apply")
                    .hasMessageContaining("public.t from node a");
            group.join(2);
            group.run(1, "ALTER TABLE t DROP CONSTRAINT t_v_check");
            assertThat(group.settledRows(T)).containsExactly("1|1000|null");
        }
    }

    @Test
    void aLinkStopsBeforeItHoldsMoreThanItMay() {
        try (TestGroup group = TestGroup.of(SCHEMA, 18, 18)) {
            group.run(1, "ALTER TABLE t ADD CHECK (v <> 0)");
            group.run(0, "INSERT INTO t VALUES (0, 0)");
            awaitHeld(group, 0, 1, "public.t");
            for (int i = 1; i <= 30; i++) {
                group.run(0, "INSERT INTO t VALUES (%d, 1, repeat('x', 10000000))".formatted(i));
            }
            TestGroup.await(
                    "the link stops",
                    () ->
                            group.problems().stream()
                                    .anyMatch(p ->
                                            p.contains("a->b is stopped")
                                                    && p.contains("as many as it may")));
            group.run(0, "INSERT INTO s VALUES (1, 'behind')");
            assertThat(group.rows(1, "SELECT count(*) FROM s")).containsExactly("0");
            group.run(1, "ALTER TABLE t DROP CONSTRAINT t_v_check");
            assertThat(group.settledRows("SELECT count(*), sum(length(w)) FROM t"))
                    .containsExactly("31|300000000");
            assertThat(group.settledRows("SELECT count(*) FROM s")).containsExactly("1");
            awaitNothingHeld(group);
        }
    }
}
