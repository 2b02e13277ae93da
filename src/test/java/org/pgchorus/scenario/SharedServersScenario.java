package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pgchorus.scenario.Premises.column;
import static org.pgchorus.scenario.Premises.join;
import static org.pgchorus.scenario.Premises.node;
import static org.pgchorus.scenario.Premises.run;

import org.junit.jupiter.api.Test;
import org.pgchorus.config.Address;
import org.pgchorus.daemon.Daemon;
import org.pgchorus.daemon.NodeOrders;
import org.pgchorus.daemon.Orders;
import org.pgchorus.daemon.Survey;
import org.pgchorus.daemon.Waiting;
import org.pgchorus.model.NodeName;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Servers with more than one node in them, and servers that are no primary for a while. */
class SharedServersScenario {
    private static final String SCHEMA = "CREATE TABLE t (id int PRIMARY KEY, v text)";

    private static final String ROWS = "SELECT id || v FROM t ORDER BY id";

    private static void settle(Address any) throws InterruptedException {
        assertThat(Waiting.untilApplied(any, TestGroup.LIMIT, Optional.empty(), Optional.empty()))
                .isEmpty();
    }

    @Test
    void twoGroupsAcrossTheSameServersDoNotKnowOfEachOther() throws Exception {
        try (Premises premises = new Premises()) {
            Address a1 = premises.database(18, "one", SCHEMA);
            Address b1 = premises.database(15, "one", SCHEMA);
            Address a2 = premises.database(18, "two", SCHEMA);
            Address b2 = premises.database(15, "two", SCHEMA);
            try (Daemon _ = Daemon.start(List.of(node("a", a1), node("b", b1)));
                    Daemon _ = Daemon.start(List.of(node("a", a2), node("b", b2)))) {
                for (List<Address> group : List.of(List.of(a1, b1), List.of(a2, b2))) {
                    Orders.createGroup(node("a", group.get(0)), List.of());
                    join(node("b", group.get(1)), group.get(0));
                    assertThat(
                                    Orders.awaitReady(
                                            group.get(0), new NodeName("b"), 60_000, hint -> {}))
                            .isTrue();
                }
                run(a1, "INSERT INTO t VALUES (1, 'one')");
                run(b1, "INSERT INTO t VALUES (2, 'one')");
                run(a2, "INSERT INTO t VALUES (1, 'two')");
                run(b2, "INSERT INTO t VALUES (2, 'two')");
                settle(a1);
                settle(a2);
                run(b1, "DELETE FROM t WHERE id = 1");
                run(b2, "UPDATE t SET v = 'three' WHERE id = 1");
                settle(a1);
                settle(a2);
                for (Address one : List.of(a1, b1)) {
                    assertThat(column(one, ROWS)).containsExactly("2one");
                }
                for (Address two : List.of(a2, b2)) {
                    assertThat(column(two, ROWS)).containsExactly("1three", "2two");
                }
                NodeOrders.remove(a1, true);
                NodeOrders.remove(b1, false);
                run(a2, "INSERT INTO t VALUES (4, 'more')");
                run(b2, "DELETE FROM t WHERE id = 2");
                settle(a2);
                assertThat(column(a2, ROWS)).containsExactly("1three", "4more");
                assertThat(column(b2, ROWS)).containsExactly("1three", "4more");
                assertThat(Survey.of(b2).problems()).isEmpty();
                assertThat(column(b1, ROWS)).containsExactly("2one");
            }
        }
    }

    @Test
    void aStandbyIsWaitedForUntilItIsPromoted() throws IOException, InterruptedException {
        try (TestGroup group = TestGroup.of(SCHEMA, 17, 15)) {
            group.run(0, "INSERT INTO t VALUES (1, 'x')");
            group.settle();
            group.stopDaemon();
            group.server(0).stop();
            Files.createFile(group.server(0).dataDirectory().resolve("standby.signal"));
            group.server(0).restart();
            group.run(1, "INSERT INTO t VALUES (2, 'y')");
            try (Daemon daemon = Daemon.start(group.nodes())) {
                TestGroup.await(
                        "it says so",
                        () ->
                                daemon.states()
                                        .get(TestGroup.name(0))
                                        .equals("in recovery: waits until the server is promoted"));
                assertThat(group.rows(0, "SELECT pg_promote()")).containsExactly("t");
                TestGroup.await(
                        "it is served",
                        () -> daemon.states().get(TestGroup.name(0)).equals("serving"));
                group.run(0, "INSERT INTO t VALUES (3, 'z')");
                assertThat(
                                Waiting.untilApplied(
                                        group.address(1),
                                        Duration.ofMinutes(1),
                                        Optional.empty(),
                                        Optional.empty()))
                        .isEmpty();
                assertThat(group.settledRows(ROWS)).containsExactly("1x", "2y", "3z");
            }
        }
    }
}
