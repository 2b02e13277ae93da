package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.pgchorus.daemon.Conflicts.Conflict;
import org.pgchorus.daemon.Undo;

import java.util.List;

/** What the conflict history is good for: the loser is there, can be had back, and old ones go. */
class HistoryScenario {
    private static final String SCHEMA =
            "CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text, n numeric,"
                    + " twice text GENERATED ALWAYS AS (v || v) STORED)";

    private static final String ROWS = "SELECT id, v, n, twice FROM t ORDER BY id";

    @Test
    void theLoserOfAConflictCanBeHadBack() {
        try (TestGroup group = TestGroup.of(SCHEMA, 18, 15)) {
            group.run(0, "INSERT INTO t (v, n) VALUES ('one', 1.50), ('two', NULL)");
            group.settle();
            group.holdAll();
            group.run(0, "UPDATE t SET v = 'of a' WHERE id = 1");
            group.run(1, "UPDATE t SET v = 'of b' WHERE id = 1");
            group.run(0, "DELETE FROM t WHERE id = 2");
            group.run(1, "UPDATE t SET v = 'late' WHERE id = 2");
            group.releaseAll();
            assertThat(group.settledRows(ROWS))
                    .containsExactly("1|of b|1.50|of bof b", "2|late|null|latelate");

            Undo.conflict(group.address(0), conflict(group, "a", "1").id());
            Undo.conflict(group.address(1), conflict(group, "b", "2").id());
            assertThat(group.settledRows(ROWS)).containsExactly("1|of a|1.50|of aof a");

            Undo.conflict(group.address(1), conflict(group, "b", "1").id());
            assertThat(group.settledRows(ROWS)).containsExactly("1|of a|1.50|of aof a");
            assertThatThrownBy(() -> Undo.conflict(group.address(0), "a.999"))
                    .hasMessageContaining("there is no conflict a.999");
        }
    }

    @Test
    void aDisplacedRowCanBePromoted() {
        String schema = "CREATE TABLE t (id int PRIMARY KEY, mail text UNIQUE, v text)";
        String rows = "SELECT id, mail, v FROM t ORDER BY id";
        String displaced = "SELECT \"row\"->>'id' FROM pgchorus.displaced ORDER BY 1";
        try (TestGroup group = TestGroup.of(schema, 18, 15)) {
            group.holdAll();
            group.run(0, "INSERT INTO t VALUES (1, 'x', 'of a')");
            group.run(1, "INSERT INTO t VALUES (2, 'x', 'of b')");
            group.releaseAll();
            assertThat(group.settledRows(rows)).containsExactly("2|x|of b");
            Undo.conflict(group.address(0), conflict(group, "a", "2").id());
            assertThat(group.settledRows(rows)).containsExactly("1|x|of a");
            for (int node : List.of(0, 1)) {
                TestGroup.await(
                        "the other one is displaced instead",
                        () -> group.rows(node, displaced).equals(List.of("2")));
            }
            group.run(0, "DELETE FROM t WHERE id = 1");
            group.settle();
            for (int node : List.of(0, 1)) {
                TestGroup.await(
                        "the other one is back",
                        () -> group.rows(node, rows).equals(List.of("2|x|of b")));
            }
        }
    }

    private static Conflict conflict(TestGroup group, String node, String id) {
        return group.conflicts().stream()
                .filter(c -> c.node().equals(node) && c.key().contains(id))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void oldConflictsGo() {
        try (TestGroup group = TestGroup.of(SCHEMA, 18)) {
            group.stopDaemon();
            group.run(
                    0,
                    "INSERT INTO pgchorus.conflict (time, schema_name, table_name, type,"
                        + " resolution, policy, remote_micros, remote_node) SELECT now() - age,"
                        + " 'public', 't', 'insert_exists', 'apply_remote', 'last_update_wins', 0,"
                        + " 1 FROM unnest('{31 days, 29 days}'::interval[]) age");
            group.startDaemon();
            TestGroup.await(
                    "the older one is gone",
                    () ->
                            group.rows(
                                            0,
                                            "SELECT extract(day FROM now() - time) FROM"
                                                    + " pgchorus.conflict")
                                    .equals(List.of("29")));
        }
    }
}
