package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.pgchorus.config.GroupSetting.SLOT_OVERFLOW;
import static org.pgchorus.config.GroupSetting.WAL_BUDGET;

import org.junit.jupiter.api.Test;
import org.pgchorus.config.GroupSetting;
import org.pgchorus.daemon.Daemon;
import org.pgchorus.daemon.SettingOrders;
import org.pgchorus.daemon.Status;
import org.pgchorus.daemon.Survey;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A node that nobody serves any more: the others warn, alarm, and let it go if they may. */
class WalGuardScenario {
    private static final String MARKED =
            "SELECT m.name FROM pgchorus.resync_needed n JOIN pgchorus.member m ON m.id = n.peer"
                    + " ORDER BY 1";

    @Test
    void aDeadNodeDoesNotTakeTheOthersDown() {
        try (TestGroup group = TestGroup.of("CREATE TABLE t (id int PRIMARY KEY)", 18, 14, 16)) {
            set(group, WAL_BUDGET, "8MB");
            assertThat(SettingOrders.show(group.address(2)).values())
                    .filteredOn(v -> v.setting() == WAL_BUDGET)
                    .extracting(SettingOrders.Value::value)
                    .containsExactly("8MB");
            group.stopDaemon();
            try (Daemon _ = Daemon.start(group.nodes().subList(0, 2))) {
                overHalfIsSaid(group);
                overAllIsAnAlarmAndNothingIsLetGo(group);
                thenTheSlotIsLetGo(group);
                soIsAFollowers(group);
                theOthersFlow(group);
            }
            whatTheServerTookIsMarked(group);
            allOrNone(group);
        }
    }

    private static void set(TestGroup group, GroupSetting setting, String value) {
        SettingOrders.set(group.address(0), Map.of(setting, Optional.of(value)));
    }

    /** Some megabytes of log that nobody wants. */
    private static void write(TestGroup group, int node, int megabytes) {
        for (int i = 0; i < megabytes; i++) {
            group.run(
                    node,
                    "SELECT pg_logical_emit_message(false, 'test', repeat('x', 1024 * 1024))");
        }
        group.run(node, "CHECKPOINT");
    }

    private static Status.Link link(TestGroup group, String from, String to) {
        return Survey.of(group.address(0)).links().stream()
                .filter(l -> l.from().equals(from) && l.to().equals(to))
                .findFirst()
                .orElseThrow();
    }

    private static void overHalfIsSaid(TestGroup group) {
        write(group, 0, 5);
        Status status = Survey.of(group.address(0));
        assertThat(status.notes())
                .anySatisfy(note ->
                        assertThat(note)
                                .startsWith("warning: node a keeps ")
                                .contains("of WAL for node c, ")
                                .endsWith(" of the budget of 8MB"));
        assertThat(status.problems()).noneMatch(problem -> problem.contains("wal_budget"));
    }

    private static void overAllIsAnAlarmAndNothingIsLetGo(TestGroup group) {
        write(group, 0, 8);
        assertThat(group.problems())
                .anySatisfy(problem ->
                        assertThat(problem)
                                .contains("of WAL for node c, over the budget of 8MB")
                                .contains("pgchorus node detach c")
                                .contains("pgchorus group set slot_overflow=drop"));
        // The daemon has looked since: it says something twice a second.
        group.run(0, "INSERT INTO t VALUES (1)");
        group.settle(0, 1);
        assertThat(link(group, "a", "c").slot()).isPresent();
        assertThat(group.rows(0, MARKED)).isEmpty();
    }

    private static void thenTheSlotIsLetGo(TestGroup group) {
        set(group, SLOT_OVERFLOW, "drop");
        TestGroup.await("let go", () -> link(group, "a", "c").slot().isEmpty());
        assertThat(group.rows(0, MARKED)).containsExactly("c");
        assertThat(group.rows(0, "SELECT slot_name FROM pg_replication_slots")).hasSize(1);
        assertThat(link(group, "a", "c").state()).isEqualTo("resync");
        assertThat(group.problems())
                .anySatisfy(problem ->
                        assertThat(problem)
                                .startsWith("link a->c needs a resync: its slot kept ")
                                .endsWith(
                                        "over the budget of 8MB, and was let go; cure: pgchorus"
                                                + " node resync c"));
    }

    private static void soIsAFollowers(TestGroup group) {
        set(group, SLOT_OVERFLOW, "keep");
        String slots = "SELECT 1 FROM pg_replication_slots WHERE slot_name ~ 'follow'";
        group.run(0, "INSERT INTO pgchorus.follower VALUES ('aa', 'f', 'host=127.0.0.1 port=1')");
        group.run(
                0, "SELECT pg_create_logical_replication_slot('pgchorus_follow_aa_f', 'pgoutput')");
        write(group, 0, 9);
        assertThat(group.problems())
                .anySatisfy(problem ->
                        assertThat(problem)
                                .startsWith("node a is ready: it keeps WAL for followers over the")
                                .contains("budget of 8MB (wal_budget): ", "MB for f;"));
        set(group, SLOT_OVERFLOW, "drop");
        TestGroup.await("let go", () -> group.rows(0, slots).isEmpty());
        assertThat(group.rows(0, MARKED)).containsExactly("c");
        group.run(0, "DELETE FROM pgchorus.follower");
    }

    private static void theOthersFlow(TestGroup group) {
        group.run(0, "INSERT INTO t VALUES (2)");
        group.run(1, "INSERT INTO t VALUES (3)");
        group.settle(0, 1);
        group.settle(1, 0);
        assertThat(group.rows(0, "SELECT count(*) FROM t")).containsExactly("3");
        assertThat(link(group, "b", "a").state()).isEqualTo("streaming");
        assertThat(link(group, "b", "c").slot()).isPresent();
    }

    private static void whatTheServerTookIsMarked(TestGroup group) {
        alterSystem(group);
        for (int i = 0; i < 4; i++) {
            write(group, 1, 1);
            group.run(1, "SELECT pg_switch_wal()");
        }
        group.run(1, "CHECKPOINT");
        assertThat(group.rows(1, "SELECT DISTINCT wal_status FROM pg_replication_slots"))
                .containsExactly("lost");
        try (Daemon _ = Daemon.start(group.nodes().subList(1, 2))) {
            TestGroup.await("marked", () -> group.rows(1, MARKED).equals(List.of("a", "c")));
        }
    }

    private static void alterSystem(TestGroup group) {
        Premises.run(
                group.address(1),
                "ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'",
                "SELECT pg_reload_conf()");
        TestGroup.await(
                "the setting counts",
                () -> group.rows(1, "SHOW max_slot_wal_keep_size").equals(List.of("1MB")));
    }

    private static void allOrNone(TestGroup group) {
        assertThatThrownBy(() -> set(group, WAL_BUDGET, "25%"))
                .hasMessageContaining("a share of wal_disk, which is not set");
        group.server(2).stop();
        assertThatThrownBy(() -> set(group, WAL_BUDGET, "1GB"))
                .hasMessageContaining("node c cannot be reached, and all have to have the same");
        assertThat(SettingOrders.show(group.address(1)).values().getFirst().value())
                .isEqualTo("8MB");
        group.server(2).restart();
    }
}
