package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pgchorus.scenario.Premises.column;
import static org.pgchorus.scenario.Premises.node;
import static org.pgchorus.scenario.Premises.run;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgchorus.config.Address;
import org.pgchorus.config.AddressParameter;
import org.pgchorus.config.GroupSetting;
import org.pgchorus.daemon.Daemon;
import org.pgchorus.daemon.Orders;
import org.pgchorus.daemon.SettingOrders;
import org.pgchorus.daemon.Survey;
import org.pgchorus.daemon.Waiting;
import org.pgchorus.demo.EmbeddedServer;
import org.pgchorus.demo.ServerOptions;
import org.pgchorus.model.NodeName;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A node's server has a physical standby, which takes over when it dies: the node goes on there.
 */
class StandbyScenario {
    private static final String TABLE = "CREATE TABLE t (id int PRIMARY KEY, v text)";
    private static final NodeName A = new NodeName("a");
    private static final NodeName B = new NodeName("b");
    private static final String ROWS = "SELECT id || v FROM t ORDER BY id";

    @Test
    void aNodeGoesOnAtItsStandby(@TempDir Path home) throws InterruptedException {
        ServerOptions options =
                ServerOptions.of(18).setting("synchronized_standby_slots", "standby");
        try (EmbeddedServer first = EmbeddedServer.start(options);
                EmbeddedServer other = EmbeddedServer.start(17)) {
            first.createDatabase("app");
            other.createDatabase("app");
            run(first.address("app"), TABLE);
            run(other.address("app"), TABLE);
            try (EmbeddedServer standby = Standby.of(first, home)) {
                Address a =
                        first.address("app")
                                .with(AddressParameter.HOST, "127.0.0.1,127.0.0.1")
                                .with(AddressParameter.PORT, standby.port() + "," + first.port());
                Address b = other.address("app");
                Orders.createGroup(node("a", a), List.of());
                try (Daemon _ = Daemon.start(List.of(node("a", a), node("b", b)))) {
                    Premises.join(node("b", b), a);
                    assertThat(Orders.awaitReady(a, B, 60_000, hint -> {})).isTrue();
                    failOver(first, standby, a, b);
                }
            }
        }
    }

    private static void failOver(EmbeddedServer first, EmbeddedServer standby, Address a, Address b)
            throws InterruptedException {
        SettingOrders.set(b, Map.of(GroupSetting.FAILOVER_SLOTS, Optional.of("on")));
        for (boolean paused : new boolean[] {true, false}) {
            assertThat(Orders.pause(b, A, B, paused)).isTrue();
        }
        run(a, "INSERT INTO t SELECT i, 'a' FROM generate_series(1, 100) i");
        run(b, "INSERT INTO t SELECT i, 'b' FROM generate_series(101, 200) i");
        settle(b);
        TestGroup.await(
                "the standby keeps the slot",
                () ->
                        column(
                                                standby.address("app"),
                                                "SELECT slot_name FROM pg_replication_slots WHERE"
                                                        + " synced AND NOT temporary")
                                        .size()
                                == 1);
        assertThat(
                        column(
                                first.address("app"),
                                "SELECT failover FROM pg_replication_slots WHERE slot_type ="
                                        + " 'logical'"))
                .containsExactly("t");
        run(a, "UPDATE t SET v = 'last of a' WHERE id <= 10");
        settle(b);
        TestGroup.await(
                "the standby has it too",
                () ->
                        column(standby.address("app"), ROWS)
                                .equals(column(first.address("app"), ROWS)));
        first.kill();
        run(b, "UPDATE t SET v = 'b alone' WHERE id BETWEEN 5 AND 15");
        run(standby.address("postgres"), "SELECT pg_promote()");
        TestGroup.await(
                "the node is there again",
                () -> column(a, "SELECT pg_is_in_recovery()").equals(List.of("f")));
        run(a, "INSERT INTO t VALUES (300, 'a anew')", "DELETE FROM t WHERE id = 20");
        settle(b);
        assertThat(column(b, ROWS))
                .hasSize(200)
                .contains("4last of a", "5b alone", "15b alone", "300a anew")
                .containsExactlyElementsOf(column(standby.address("app"), ROWS));
        TestGroup.await("nothing is left to say", () -> Survey.of(b).problems().isEmpty());
    }

    private static void settle(Address any) throws InterruptedException {
        assertThat(
                        Waiting.untilApplied(
                                any, Duration.ofSeconds(60), Optional.empty(), Optional.empty()))
                .as("late links; %s", Survey.of(any).problems())
                .isEmpty();
    }
}
