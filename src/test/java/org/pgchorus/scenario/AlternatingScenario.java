package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/**
 * Two nodes that take turns never conflict, however often they change the same rows; two that write
 * at the same time conflict each time, and the node that decides says so.
 */
class AlternatingScenario {
    private static final String SCHEMA =
            """
            CREATE TABLE t (id int PRIMARY KEY, v text);
            CREATE TABLE person (id int PRIMARY KEY, email text UNIQUE, v text);
            CREATE TABLE parent (id int PRIMARY KEY);
            CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent ON DELETE CASCADE);
            """;

    private static final int ROUNDS = 10;

    private static final int ROWS = 40;

    @ParameterizedTest
    @ValueSource(strings = {"15,18"})
    void writesInTurnsAreNoConflicts(String versions) throws SQLException {
        try (TestGroup group = TestGroup.of(SCHEMA, TestGroup.majors(versions))) {
            group.run(0, "INSERT INTO t SELECT i, 'old' FROM generate_series(0, 99) i");
            group.run(0, "INSERT INTO person SELECT i, 'x' || i FROM generate_series(0, 9) i");
            group.settle();
            group.awaitHeard();
            for (int round = 0; round < ROUNDS; round++) {
                turn(group, round);
                group.awaitHeard();
            }
            group.settledRows("SELECT * FROM t ORDER BY id");
            group.settledRows("SELECT * FROM person ORDER BY id");
            assertThat(group.settledRows("SELECT * FROM child ORDER BY id")).hasSize(ROWS);
            assertThat(group.settledRows("SELECT * FROM pgchorus.displaced")).isEmpty();
            assertThat(group.conflicts()).isEmpty();
        }
    }

    /** What one node writes before the other one is to write: every row once. */
    private static void turn(TestGroup group, int round) throws SQLException {
        try (Connection connection = group.connect(round % 2);
                Statement statement = connection.createStatement()) {
            for (int row = 0; row < ROWS; row++) {
                statement.execute(
                        "UPDATE t SET v = 'round %d' WHERE id = %d".formatted(round, row));
            }
            if (round % 4 < 2) {
                statement.execute("DELETE FROM t WHERE id = 50");
                statement.execute("UPDATE t SET id = 200 WHERE id = 60");
                statement.execute("UPDATE person SET email = 'y' || id WHERE id < 5");
                statement.execute("INSERT INTO parent VALUES (1) ON CONFLICT DO NOTHING");
                statement.execute(
                        "INSERT INTO child SELECT i, 1 FROM generate_series(1, "
                                + ROWS
                                + ") i ON CONFLICT DO NOTHING");
                statement.execute("UPDATE person SET email = 'x' || id - 5 WHERE id >= 5");
            } else {
                statement.execute("INSERT INTO t VALUES (50, 'new') ON CONFLICT DO NOTHING");
                statement.execute("UPDATE t SET id = 60 WHERE id = 200");
                statement.execute("UPDATE person SET email = 'z' || id WHERE id >= 5");
                statement.execute("UPDATE person SET email = 'x' || id WHERE id < 5");
                statement.execute("DELETE FROM parent");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"15,18"})
    void writesAtTheSameTimeAreAllRecorded(String versions) {
        try (TestGroup group = TestGroup.of(SCHEMA, TestGroup.majors(versions))) {
            group.run(0, "INSERT INTO t SELECT i, 'old' FROM generate_series(0, 99) i");
            group.settle();
            group.awaitHeard();
            group.holdAll();
            for (int node : List.of(0, 1)) {
                String name = TestGroup.name(node).text();
                group.run(node, "UPDATE t SET v = 'by %s'".formatted(name));
                group.run(
                        node,
                        "INSERT INTO t SELECT i, 'by %s' FROM generate_series(100, 199) i"
                                .formatted(name));
                group.run(
                        node,
                        """
                        INSERT INTO person SELECT i * 2 + %d, 'x' || i, 'by %s'
                        FROM generate_series(0, 99) i
                        """
                                .formatted(node, name));
            }
            group.releaseAll();
            group.settle();
            String counts =
                    """
                    SELECT "table", conflict_type, resolution, count(*)
                    FROM pgchorus.conflict_history GROUP BY 1, 2, 3 ORDER BY 1, 2\
                    """;
            assertThat(group.rows(0, counts))
                    .containsExactly(
                            "person|insert_exists|apply_remote|100",
                            "t|insert_exists|apply_remote|100",
                            "t|update_origin_differs|apply_remote|100");
            assertThat(group.rows(1, counts))
                    .containsExactly(
                            "person|insert_exists|keep_local|100",
                            "t|insert_exists|keep_local|100",
                            "t|update_origin_differs|keep_local|100");
            assertThat(group.settledRows("SELECT DISTINCT v FROM t")).containsExactly("by b");
            assertThat(group.settledRows("SELECT DISTINCT v FROM person")).containsExactly("by b");
        }
    }
}
