package org.pgchorus.scenario;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A change of a row reaches the third node before the row does: B answers to what A wrote, and the
 * link from A to C is slow. C takes what it hears, and A's older version changes nothing any more.
 */
@ParameterizedClass(name = "PostgreSQL {0}")
@MethodSource("org.pgchorus.scenario.Versions#ofThree")
class OvertakeTrapScenario {
    private static final String SCHEMA =
            """
            CREATE TABLE t (id int PRIMARY KEY, v text);
            CREATE TABLE e10 (id int PRIMARY KEY, v text);
            CREATE TABLE e11 (id int PRIMARY KEY, v text);
            CREATE TABLE e12 (id int PRIMARY KEY, v text);
            CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES t ON DELETE CASCADE);
            """;

    private static final String ROWS = "SELECT * FROM t WHERE id IN ($k, $m, $n) ORDER BY id";

    private static TestGroup group;

    OvertakeTrapScenario(@SuppressWarnings("unused") String versions) {}

    @BeforeParameterizedClassInvocation
    static void start(String versions) {
        group = TestGroup.of(SCHEMA, TestGroup.majors(versions));
        group.run(0, "INSERT INTO t SELECT i, 'old' FROM generate_series(0, 99) i");
        group.run(1, "INSERT INTO e10 VALUES (1, 'old')", "INSERT INTO e11 VALUES (1, 'old')");
        group.run(2, "INSERT INTO e12 VALUES (1, 'old')");
        group.settle();
        group.awaitHeard();
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        if (group != null) {
            group.close();
            group = null;
        }
    }

    @Test
    void updateThatOvertakesItsInsertBringsTheWholeRow() {
        Cast.tellInChain(
                group,
                100,
                cast -> cast.onA("INSERT INTO t VALUES ($k, 'by A')"),
                cast -> cast.onB("UPDATE t SET v = 'by B' WHERE id = $k"),
                cast -> cast.assertAnswerOfC(ROWS, "$k|by B"),
                cast -> cast.assertRows("t", "$k|by B"));
    }

    @Test
    void deleteThatOvertakesItsInsertKeepsTheRowAway() {
        Cast.tellInChain(
                group,
                110,
                cast -> cast.onA("INSERT INTO t VALUES ($k, 'by A')"),
                cast -> cast.onB("DELETE FROM t WHERE id = $k"),
                cast -> cast.assertAnswerOfC(ROWS),
                cast -> cast.assertRows("t"));
    }

    @Test
    void moveThatOvertakesItsInsertLeavesOnlyTheNewKey() {
        Cast.tellInChain(
                group,
                120,
                cast -> cast.onA("INSERT INTO t VALUES ($k, 'by A')"),
                cast -> cast.onB("UPDATE t SET id = $m WHERE id = $k"),
                cast -> cast.assertAnswerOfC(ROWS, "$m|by A"),
                cast -> cast.assertRows("t", "$m|by A"));
    }

    @Test
    void updateThatOvertakesAnUpdateStands() {
        Cast.tellInChain(
                group,
                10,
                cast -> cast.onA("UPDATE t SET v = 'by A' WHERE id = $k"),
                cast -> cast.onB("UPDATE t SET v = v || ', then B' WHERE id = $k"),
                cast -> cast.assertAnswerOfC(ROWS, "$k|by A, then B"),
                cast -> cast.assertRows("t", "$k|by A, then B"));
    }

    @Test
    void insertThatOvertakesTheDeleteBeforeItStands() {
        Cast.tellInChain(
                group,
                20,
                cast -> cast.onA("DELETE FROM t WHERE id = $k"),
                cast -> cast.onB("INSERT INTO t VALUES ($k, 'again')"),
                cast -> cast.assertAnswerOfC(ROWS, "$k|again"),
                cast -> cast.assertRows("t", "$k|again"));
    }

    @Test
    void insertThatOvertakesTheTruncateBeforeItStands() {
        Cast.tellInChain(
                group,
                10,
                cast -> cast.onA("TRUNCATE e$k"),
                cast -> cast.onB("INSERT INTO e$k VALUES (2, 'after')"),
                cast -> cast.assertAnswerOfC("SELECT * FROM e$k ORDER BY id", "1|old", "2|after"),
                cast -> cast.assertAnswer("SELECT * FROM e$k", "2|after"));
    }

    @Test
    void childThatOvertakesItsParentWaitsForNobody() {
        Cast.tellInChain(
                group,
                140,
                cast -> cast.onA("INSERT INTO t VALUES ($k, 'by A')"),
                cast -> cast.onB("INSERT INTO child VALUES ($k, $k)"),
                cast -> cast.assertAnswerOfC("SELECT * FROM child WHERE id = $k", "$k|$k"),
                cast ->
                        cast.assertAnswer(
                                "SELECT c.id, t.v FROM child c JOIN t ON t.id = c.parent"
                                        + " WHERE c.id = $k",
                                "$k|by A"));
    }

    @Test
    void wholeLifeThatOvertakesItsInsertEndsAsItEnded() {
        Cast.tellInChain(
                group,
                130,
                cast -> cast.onA("INSERT INTO t VALUES ($k, 'by A')"),
                cast -> {
                    cast.onB("UPDATE t SET v = 'by B' WHERE id = $k");
                    cast.onB("DELETE FROM t WHERE id = $k");
                    cast.onB("INSERT INTO t VALUES ($k, 'by B again')");
                    cast.onB("UPDATE t SET id = $m WHERE id = $k");
                },
                cast -> cast.assertAnswerOfC(ROWS, "$m|by B again"),
                cast -> cast.assertRows("t", "$m|by B again"));
    }
}
