package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.DdlSql;

import java.util.List;

/**
 * A row is written at once by a node that has a new column and by one that has not heard of it: the
 * later version stands everywhere, and has in the column what that gave to the rows it found.
 */
class AddedColumnScenario {
    private static TestGroup group;
    private static int tables;

    private String table;

    @BeforeAll
    static void start() {
        group = TestGroup.of("CREATE TABLE other (id int PRIMARY KEY, v text)", 18, 14, 18);
        group.replicateSchema();
    }

    @AfterAll
    static void stop() {
        if (group != null) {
            group.close();
        }
    }

    @AfterEach
    void allGoesOn() {
        group.releaseAll();
    }

    /** A new table with three rows, which every link has met. */
    private void table(String definition) {
        table = "t" + tables++;
        say(0, "CREATE TABLE $t " + definition);
        say(0, "INSERT INTO $t SELECT g, 'old' FROM generate_series(1, 3) g");
        group.settle();
        say(1, "UPDATE $t SET v = 'warm' WHERE id = 3");
        group.settle();
        say(2, "UPDATE $t SET v = 'warm too' WHERE id = 3");
        group.settle();
    }

    private void say(int node, String statement) {
        group.run(node, statement.replace("$t", table));
    }

    private List<String> rows() {
        return group.settledRows("SELECT * FROM %s ORDER BY id".formatted(table));
    }

    @Test
    void laterVersionWithoutTheColumnsHasTheirFirstValues() {
        table("(id int PRIMARY KEY, v text)");
        group.holdAll();
        say(
                0,
                """
                ALTER TABLE $t ADD i int DEFAULT 7, ADD n int, ADD w text DEFAULT 'a,"b''{}',
                    ADD a int[] DEFAULT '{1,2}',
                    ADD t timestamptz NOT NULL DEFAULT '2026-01-02 03:04:05+06'\
                """);
        say(0, "UPDATE $t SET i = 100, n = 100 WHERE id < 3");
        say(0, "ALTER TABLE $t ALTER i SET DEFAULT 8, ALTER w DROP DEFAULT, ALTER t DROP DEFAULT");
        say(1, "UPDATE $t SET v = 'by b' WHERE id = 1");
        say(1, "INSERT INTO $t VALUES (4, 'by b')");
        say(2, "UPDATE $t SET v = 'by c', id = 5 WHERE id = 3");
        group.releaseAll();
        String first = "|7|null|a,\"b'{}|{1,2}|2026-01-01 21:04:05";
        assertThat(
                        group.settledRows(
                                "SELECT id, v, i, n, w, a, t AT TIME ZONE 'UTC' FROM %s ORDER BY id"
                                        .formatted(table)))
                .containsExactlyInAnyOrder(
                        "1|by b" + first,
                        "2|old" + first.replace("7|null", "100|100"),
                        "4|by b" + first,
                        "5|by c" + first);
        group.settledRows(SchemaScenario.SHAPE);
        assertThat(group.problems()).isEmpty();
    }

    /** The link was applying all the time, and knew the table as it was before. */
    @ParameterizedTest
    @ValueSource(ints = {1, 30})
    void linkThatFlowsSeesTheColumnThatAClientAdds(int rounds) {
        table("(id int PRIMARY KEY, v text)");
        group.hold(0, 1);
        say(0, "ALTER TABLE $t ADD COLUMN n int DEFAULT 7");
        say(0, "UPDATE $t SET n = 100");
        for (int i = 0; i < rounds; i++) {
            say(1, "UPDATE $t SET v = 'by b " + i + "' WHERE id < 3");
        }
        group.settle(1, 0);
        group.settle(1, 2);
        String latest = "by b " + (rounds - 1) + "|7";
        for (int node : new int[] {0, 2}) {
            assertThat(
                            group.rows(
                                    node,
                                    "SELECT * FROM %s WHERE id < 3 ORDER BY id".formatted(table)))
                    .containsExactly("1|" + latest, "2|" + latest);
        }
        group.release(0, 1);
        assertThat(rows()).containsExactly("1|" + latest, "2|" + latest, "3|warm too|100");
    }

    /** Nobody's first value can be there: what a row has stays, until somebody writes it. */
    @Test
    void columnThatMayNotBeEmptyAnyMoreIsMendedByTheNextWrite() {
        table("(id int PRIMARY KEY, v text)");
        group.hold(0, 1);
        say(0, "ALTER TABLE $t ADD COLUMN n int");
        say(0, "UPDATE $t SET n = 0");
        say(0, "ALTER TABLE $t ALTER n SET NOT NULL");
        say(1, "UPDATE $t SET v = 'by b' WHERE id = 1");
        group.settle(1, 0);
        group.release(0, 1);
        HeldScenario.awaitHeld(group, 0, 1, "public." + table);
        say(1, "UPDATE $t SET n = 1 WHERE n IS NULL");
        assertThat(rows()).containsExactly("1|by b|1", "2|old|0", "3|warm too|0");
        HeldScenario.awaitNothingHeld(group);
        assertThat(group.problems()).isEmpty();
    }

    /** Such a column is none of the group's. */
    @Test
    void columnOfOneNodeKeepsItsValues() {
        table("(id int PRIMARY KEY, v text)");
        group.run(
                0,
                "SET LOCAL pgchorus.replicate_ddl = off",
                "ALTER TABLE %s ADD COLUMN mine int DEFAULT 7".formatted(table));
        Planted.on(group, 0, "UPDATE %s SET mine = 8 WHERE id = 1".formatted(table));
        say(1, "UPDATE $t SET v = 'by b' WHERE id = 1");
        group.settle();
        assertThat(group.rows(0, "SELECT id, v, mine FROM %s ORDER BY id".formatted(table)))
                .containsExactly("1|by b|8", "2|old|7", "3|warm too|7");
        say(1, "DROP TABLE $t");
        group.settle();
    }

    @Test
    void columnIsForgottenWhenEveryNodeHasPassedIt() {
        table("(id int PRIMARY KEY, v text)");
        say(0, "ALTER TABLE $t ADD COLUMN n int DEFAULT 7");
        group.settle();
        group.awaitHeard();
        group.hold(0, 1);
        say(0, "ALTER TABLE $t ADD COLUMN m int DEFAULT 8");
        group.settle(0, 2);
        String entries =
                "SELECT value, passed IS NOT NULL FROM pgchorus.added_column WHERE relation ="
                        + " '%s'::regclass ORDER BY seq".formatted(table);
        for (int node : new int[] {0, 2}) {
            try (Session session = Session.open(group.address(node), "test")) {
                session.update(DdlSql.FORGET_ADDED_COLUMNS);
                assertThat(group.rows(node, entries)).containsExactly("7|t", "8|f");
                session.update(
                        "UPDATE pgchorus.added_column SET passed = passed - interval '1 hour'");
                session.update(DdlSql.FORGET_ADDED_COLUMNS);
                assertThat(group.rows(node, entries)).containsExactly("8|f");
            }
        }
    }
}
