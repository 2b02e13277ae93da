package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgchorus.model.Table;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.RowSql;
import org.pgchorus.sql.UniqueSql;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Transactions applied by groups and transactions applied one by one leave the same: two nodes get
 * the same history, with and without conflicts, one each way.
 */
class PathsScenario {
    private static final int ROUNDS = 3;
    private static final int TRANSACTIONS = 400;

    private static final int WRITER = 0;
    private static final int OTHER_WRITER = 1;
    private static final int SINGLE = 2;
    private static final int GROUPED = 3;

    private static final String SCHEMA =
            StormChanges.SCHEMA + "CREATE TABLE log (line text NOT NULL);";

    private static final List<String> KEYS =
            List.of("hot:id", "pair:a,b", "person:id", "tally:id", "parent:id", "child:id");

    /** What is in the tables, with the stamps of the rows. */
    private static final String STAMPS =
            """
            SELECT t.*, coalesce(s.micros, pgchorus.micros(x.timestamp)),
                   coalesce(s.node, pgchorus.writer(x.roident))
            FROM %1$s t CROSS JOIN LATERAL pg_xact_commit_timestamp_origin(t.xmin) x
            LEFT JOIN LATERAL (
                SELECT s.micros, s.node FROM pgchorus.stamp s
                WHERE s.relation = '%1$s'::regclass AND s.row_xmin = t.xmin
                  AND s.hash = hash_record_extended(ROW(%2$s), 0)
                  AND s.hash2 = hash_record_extended(ROW(%2$s), 1)
                ORDER BY s.micros DESC LIMIT 1) s ON true
            ORDER BY %2$s\
            """;

    private static final String GRAVES =
            """
            SELECT relation, key, max(pgchorus.micros(time)) FROM pgchorus.tombstone
            GROUP BY 1, 2 ORDER BY relation::text, key\
            """;

    /** The same for rows without a key. */
    private static final String LOG =
            "SELECT line, pgchorus.micros(pg_xact_commit_timestamp(xmin)) FROM log ORDER BY 1";

    private static final String DISPLACED =
            """
            SELECT "table", key, "row", commit_time, node FROM pgchorus.displaced
            ORDER BY 1, 2\
            """;

    /**
     * Whether a change that meets nothing is said to miss something depends on what else has come
     * by then, and whether a row is in another's way on which of them is displaced just then, or
     * back already: those are left out.
     */
    private static final String HISTORY =
            """
            SELECT "table", key, conflict_type, resolution, local_tuple, remote_tuple, local_node,
                   local_commit_time, remote_node, remote_commit_time
            FROM pgchorus.conflict_history
            WHERE conflict_type NOT LIKE '%_missing'
              AND ("table" <> 'person'
                   OR coalesce(local_tuple ->> 'id', key ->> 'id') = key ->> 'id')
            ORDER BY remote_commit_time, 1, 2::text, 3, 4\
            """;

    @ParameterizedTest
    @ValueSource(strings = {"18,15,17,17"})
    void bothWaysLeaveTheSame(String versions) throws SQLException {
        long seed = new Random().nextLong();
        System.out.println("seed " + seed);
        Random dice = new Random(seed);
        try (TestGroup group = TestGroup.of(SCHEMA, TestGroup.majors(versions))) {
            group.addDeltas("tally", "n");
            group.run(SINGLE, "INSERT INTO pgchorus.setting VALUES ('apply_grouping', 'off')");
            group.settle();
            for (int round = 0; round < ROUNDS; round++) {
                String when = "seed " + seed + ", round " + round;
                write(group, dice, round, when);
                group.settle();
                compare(group, when);
            }
        }
    }

    /** Both write, unseen by each other, and each history comes whole; the last round mixes. */
    private static void write(TestGroup group, Random dice, int round, String when)
            throws SQLException {
        group.awaitHeard();
        group.holdAll();
        write(group, OTHER_WRITER, dice, round == 0 ? 0 : TRANSACTIONS / 4);
        write(group, WRITER, dice, TRANSACTIONS);
        write(group, OTHER_WRITER, dice, round == 0 ? 0 : TRANSACTIONS / 4);
        for (int from : List.of(OTHER_WRITER, WRITER)) {
            for (int to : List.of(SINGLE, GROUPED)) {
                group.release(from, to);
                group.settle(from, to);
            }
        }
        compare(group, when + ", before the others are let go");
        group.releaseAll();
    }

    private static void write(TestGroup group, int node, Random dice, int count)
            throws SQLException {
        try (Connection connection = group.connect(node)) {
            connection.setAutoCommit(false);
            for (int i = 0; i < count; i++) {
                try {
                    for (int more = dice.nextInt(4); more >= 0; more--) {
                        StormChanges.any(connection, dice);
                    }
                    if (dice.nextInt(5) == 0) {
                        log(connection, "line " + dice.nextLong());
                    }
                    connection.commit();
                } catch (SQLException e) {
                    assertThat(e.getSQLState()).isIn("23503", "23505");
                    connection.rollback();
                }
            }
        }
    }

    private static void log(Connection connection, String line) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("INSERT INTO log VALUES (?)")) {
            statement.setString(1, line);
            statement.executeUpdate();
        }
    }

    private static void compare(TestGroup group, String when) {
        TestGroup.await(
                "displaced rows are back, " + when,
                () -> !hasFree(group, SINGLE) && !hasFree(group, GROUPED));
        for (String table : KEYS) {
            String[] parts = table.split(":", 2);
            alike(group, STAMPS.formatted(parts[0], key(parts[1])), when + ", " + parts[0]);
        }
        alike(group, LOG, when + ", log");
        alike(group, DISPLACED, when + ", displaced");
        alike(group, GRAVES, when + ", tombstones");
        alike(group, HISTORY, when + ", history");
        assertThat(group.rows(GROUPED, "SELECT count(*) > 0 FROM pgchorus.stamp_group"))
                .as("groups were made")
                .containsExactly("t");
        assertThat(group.rows(SINGLE, "SELECT count(*) FROM pgchorus.stamp_group"))
                .as("none were made")
                .containsExactly("0");
    }

    private static String key(String columns) {
        return "t." + columns.replace(",", ", t.");
    }

    /** Whether displaced rows may come back; the node looks for them now and then. */
    private static boolean hasFree(TestGroup group, int node) {
        try (Session session = Session.open(group.address(node), "test")) {
            Table table =
                    Catalog.describe(session, new TableName("public", "person"))
                            .orElseThrow()
                            .table();
            UniqueSql unique = new UniqueSql(RowSql.of(table), Catalog.uniqueness(session, table));
            return !session.query(unique.free, row -> row.number(1), null, null, 1, 0).isEmpty();
        }
    }

    private static void alike(TestGroup group, String question, String when) {
        List<String> grouped = group.rows(GROUPED, question);
        List<String> single = group.rows(SINGLE, question);
        List<String> extra = without(grouped, single);
        List<String> lacking = without(single, grouped);
        assertThat(extra.isEmpty() && lacking.isEmpty())
                .as("%s: by groups it lacks %s and has %s", when, lacking, extra)
                .isTrue();
    }

    /** Each as often as it is missing among the others. */
    private static List<String> without(List<String> some, List<String> others) {
        List<String> left = new ArrayList<>(some);
        others.forEach(left::remove);
        return left;
    }
}
