package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/**
 * Two nodes write all rows of a table, unseen by each other: each meeting is decided and noted, and
 * yet they are made by groups.
 */
class ContestedScenario {
    private static final int ROWS = 600;

    /** More than this is one transaction for each, or nearly. */
    private static final int FEW = ROWS / 3;

    private static final String SCHEMA =
            """
            CREATE TABLE hot (a int, b numeric, v text, w timestamptz, PRIMARY KEY (a, b));
            CREATE TABLE calm (id int PRIMARY KEY, v text);
            """;

    private static final String FILL =
            """
            INSERT INTO hot SELECT i, i %% 7, 'old', NULL FROM generate_series(1, %1$d) i;
            INSERT INTO calm SELECT i, 'old' FROM generate_series(1, %1$d) i;
            """
                    .formatted(ROWS);

    /** Each row in a transaction of its own; parameters: who, and which rows. */
    private static final String WRITE =
            """
            DO $$ BEGIN FOR i IN 1 .. %d LOOP
                UPDATE hot SET v = CASE WHEN a %% 5 = 0 THEN NULL ELSE '%s ' || i END,
                               w = clock_timestamp()
                WHERE a = i AND %s;
                COMMIT;
            END LOOP; END $$\
            """;

    private static final String ROWS_OF = "SELECT * FROM hot ORDER BY a";

    @Test
    void rowsThatBothWroteAreMadeByGroups() throws SQLException {
        try (TestGroup group = TestGroup.of(SCHEMA, TestGroup.majors("18,15"))) {
            group.run(0, FILL);
            group.settle();
            group.awaitHeard();
            group.holdAll();
            write(group, 1, "b", "a % 2 = 1");
            write(group, 0, "a", "true");
            group.run(0, "UPDATE calm SET v = 'a' || id");
            write(group, 1, "b", "a % 2 = 0");
            long before = transactions(group);
            group.release(0, 1);
            group.settle(0, 1);
            assertThat(transactions(group) - before).as("transactions at b").isLessThan(FEW);
            group.releaseAll();
            List<String> rows = group.settledRows(ROWS_OF);
            assertThat(rows).hasSize(ROWS);
            assertThat(group.settledRows("SELECT count(*) FROM hot WHERE v LIKE 'a %'"))
                    .as("a was later in the odd ones, but for every fifth, which is NULL")
                    .containsExactly(Integer.toString(ROWS / 2 - ROWS / 10));
            assertThat(group.settledRows("SELECT count(*) FROM calm WHERE v = 'a' || id"))
                    .containsExactly(Integer.toString(ROWS));
            assertThat(noted(group, 1))
                    .containsExactly(
                            "apply_remote|b|a|" + ROWS / 2 + "|" + ROWS / 2,
                            "keep_local|b|a|" + ROWS / 2 + "|" + ROWS / 2);
            assertThat(noted(group, 0))
                    .containsExactly(
                            "apply_remote|a|b|" + ROWS / 2 + "|" + ROWS / 2,
                            "keep_local|a|b|" + ROWS / 2 + "|" + ROWS / 2);
        }
    }

    private static void write(TestGroup group, int node, String who, String which)
            throws SQLException {
        try (Connection connection = group.connect(node);
                Statement statement = connection.createStatement()) {
            statement.execute(WRITE.formatted(ROWS, who, which));
        }
    }

    private static long transactions(TestGroup group) {
        return Long.parseLong(
                group.rows(1, "SELECT pg_snapshot_xmax(pg_current_snapshot())").getFirst());
    }

    /** The history by who won, with the number of rows whose images are what both had written. */
    private static List<String> noted(TestGroup group, int node) {
        return group.rows(
                node,
                """
                SELECT resolution, local_node, remote_node, count(*),
                       count(*) FILTER (WHERE conflict_type = 'update_origin_differs'
                           AND key ->> 'a' = local_tuple ->> 'a'
                           AND key ->> 'b' = remote_tuple ->> 'b'
                           AND local_tuple ->> 'w' <> remote_tuple ->> 'w'
                           AND (local_commit_time > remote_commit_time)
                               = (resolution = 'keep_local'))
                FROM pgchorus.conflict_history GROUP BY 1, 2, 3 ORDER BY 1\
                """);
    }
}
