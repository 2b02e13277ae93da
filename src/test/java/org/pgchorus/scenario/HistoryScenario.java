package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.pgchorus.daemon.Conflicts.Conflict;
import org.pgchorus.daemon.Undo;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.AgentSql;

import java.util.List;

/** What the conflict history is good for: the loser is there, can be had back, and old ones go. */
class HistoryScenario {
    private static final String SCHEMA =
            """
            CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text, n numeric,
                            twice text GENERATED ALWAYS AS (v || v) STORED);
            CREATE TABLE person (id int PRIMARY KEY, mail text UNIQUE, v text);
            CREATE TABLE log (line text, n int[]);
            CREATE TABLE counted (id int PRIMARY KEY, n int NOT NULL, v text);
            """;

    private static final String ROWS = "SELECT id, v, n, twice FROM t ORDER BY id";

    private static TestGroup group;

    @BeforeAll
    static void start() {
        group = TestGroup.of(SCHEMA, 18, 15);
        group.addDeltas("counted", "n");
    }

    @AfterAll
    static void stop() {
        group.close();
    }

    @Test
    void theLoserOfAConflictCanBeHadBack() {
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

        Undo.conflict(group.address(0), conflict("a", "t", "1").id());
        Undo.conflict(group.address(1), conflict("b", "t", "2").id());
        assertThat(group.settledRows(ROWS)).containsExactly("1|of a|1.50|of aof a");

        Undo.conflict(group.address(1), conflict("b", "t", "1").id());
        assertThat(group.settledRows(ROWS)).containsExactly("1|of a|1.50|of aof a");
        assertThatThrownBy(() -> Undo.conflict(group.address(0), "a.999"))
                .hasMessageContaining("there is no conflict a.999");
    }

    @Test
    void aDisplacedRowCanBePromoted() {
        String rows = "SELECT id, mail, v FROM person ORDER BY id";
        String displaced = "SELECT \"row\"->>'id' FROM pgchorus.displaced ORDER BY 1";
        group.holdAll();
        group.run(0, "INSERT INTO person VALUES (1, 'x', 'of a')");
        group.run(1, "INSERT INTO person VALUES (2, 'x', 'of b')");
        group.releaseAll();
        assertThat(group.settledRows(rows)).containsExactly("2|x|of b");
        Undo.conflict(group.address(0), conflict("a", "person", "2").id());
        assertThat(group.settledRows(rows)).containsExactly("1|x|of a");
        for (int node : List.of(0, 1)) {
            TestGroup.await(
                    "the other one is displaced instead",
                    () -> group.rows(node, displaced).equals(List.of("2")));
        }
        group.run(0, "DELETE FROM person WHERE id = 1");
        group.settle();
        for (int node : List.of(0, 1)) {
            TestGroup.await(
                    "the other one is back",
                    () -> group.rows(node, rows).equals(List.of("2|x|of b")));
        }
    }

    @Test
    void aLineThatATruncateTookCanBeHadBack() {
        group.holdAll();
        group.run(1, "INSERT INTO log VALUES ('early', '{1,2}')");
        group.run(0, "TRUNCATE log");
        group.releaseAll();
        assertThat(group.settledRows("SELECT * FROM log")).isEmpty();
        List<Conflict> conflicts =
                group.conflicts().stream().filter(c -> c.table().endsWith("log")).toList();
        for (Conflict conflict : conflicts) {
            assertThat(conflict.key()).isEqualTo("{}");
            Undo.conflict(group.address(0), conflict.id());
        }
        assertThat(group.settledRows("SELECT * FROM log"))
                .containsExactly("early|{1,2}", "early|{1,2}");
    }

    @Test
    void whatWasCountedStaysCounted() {
        group.run(0, "INSERT INTO counted VALUES (1, 100, 'first')");
        group.settle();
        group.holdAll();
        group.run(0, "UPDATE counted SET n = n + 10, v = 'of a'");
        group.run(1, "UPDATE counted SET n = n + 1, v = 'of b'");
        group.releaseAll();
        assertThat(group.settledRows("SELECT n, v FROM counted")).containsExactly("111|of b");
        Undo.conflict(group.address(0), conflict("a", "counted", "1").id());
        assertThat(group.settledRows("SELECT n, v FROM counted")).containsExactly("111|of a");
    }

    /** The newest of a row, decided by a node. */
    private static Conflict conflict(String node, String table, String id) {
        return group.conflicts().stream()
                .filter(c -> c.node().equals(node))
                .filter(c -> c.table().equals("public." + table) && c.key().contains(id))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void theOldestConflictsGo() {
        try (TestGroup one = TestGroup.of(SCHEMA, 18)) {
            one.stopDaemon();
            one.run(
                    0,
                    "INSERT INTO pgchorus.conflict (time, schema_name, table_name, type,"
                        + " resolution, policy, remote_micros, remote_node) SELECT now() - age,"
                        + " 'public', 't', 'insert_exists', 'apply_remote', 'last_update_wins', 0,"
                        + " 1 FROM unnest('{31 days, 29 days}'::interval[]) age");
            one.startDaemon();
            TestGroup.await(
                    "the older one is gone",
                    () ->
                            one.rows(
                                            0,
                                            "SELECT extract(day FROM now() - time) FROM"
                                                    + " pgchorus.conflict")
                                    .equals(List.of("29")));
            one.run(0, "TRUNCATE pgchorus.conflict RESTART IDENTITY");
            tooManyAndTooLarge(one);
        }
    }

    private static void tooManyAndTooLarge(TestGroup one) {
        one.stopDaemon();
        one.run(
                0,
                """
                INSERT INTO pgchorus.conflict (schema_name, table_name, type, resolution,
                    policy, remote_micros, remote_node, local)
                SELECT 'public', 't', 'insert_exists', 'apply_remote', 'last_update_wins', 0,
                    1, json_build_object('v', (SELECT string_agg(md5((n * m)::text), '')
                                               FROM generate_series(1, 1000) m))
                FROM generate_series(1, 20) n\
                """);
        String left = "SELECT min(seq), count(*) FROM pgchorus.conflict";
        try (Session session = Session.open(one.address(0), "test")) {
            assertThat(session.update(AgentSql.PURGE_CONFLICT_BYTES, 1_000_000)).isZero();
            session.update(AgentSql.PURGE_CONFLICT_BYTES, 330_000);
            assertThat(one.rows(0, left)).containsExactly("11|10");
            session.update(AgentSql.PURGE_CONFLICTS, 30, 7);
            assertThat(one.rows(0, left)).containsExactly("14|7");
        }
    }
}
