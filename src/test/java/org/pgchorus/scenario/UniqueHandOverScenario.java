package org.pgchorus.scenario;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A gives a unique value up, B sees that and takes it, and C hears of B first. No row is lost,
 * nothing stays displaced, and nothing of it is a conflict.
 */
@ParameterizedClass(name = "PostgreSQL {0}")
@MethodSource("org.pgchorus.scenario.Versions#ofThree")
class UniqueHandOverScenario {
    private static final String SCHEMA =
            "CREATE TABLE person (id int PRIMARY KEY, email text UNIQUE, v text)";

    private static final String ROWS = "SELECT * FROM person WHERE id IN ($k, $m, $n) ORDER BY id";

    private static TestGroup group;

    UniqueHandOverScenario(@SuppressWarnings("unused") String versions) {}

    @BeforeParameterizedClassInvocation
    static void start(String versions) {
        group = TestGroup.of(SCHEMA, TestGroup.majors(versions));
        group.run(0, "INSERT INTO person SELECT i, 'x' || i, 'old' FROM generate_series(0, 99) i");
        group.run(
                1,
                "INSERT INTO person SELECT i, 'x' || i, 'old' FROM generate_series(1000, 1099) i");
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
    void valueOfADeletedRowGoesToANewOne() {
        Cast.tellInChain(
                group,
                10,
                cast -> cast.onA("DELETE FROM person WHERE id = $k"),
                cast -> cast.onB("INSERT INTO person VALUES ($n, 'x$k', 'by B')"),
                cast -> cast.assertAnswerOfC(ROWS, "$m|x$m|old", "$n|x$k|by B"),
                cast -> assertEnded(cast, "$m|x$m|old", "$n|x$k|by B"));
    }

    @Test
    void valueOfAnUpdatedRowGoesToANewOne() {
        Cast.tellInChain(
                group,
                20,
                cast -> cast.onA("UPDATE person SET email = 'y$k', v = 'by A' WHERE id = $k"),
                cast -> cast.onB("INSERT INTO person VALUES ($n, 'x$k', 'by B')"),
                cast -> cast.assertAnswerOfC(ROWS, "$m|x$m|old", "$n|x$k|by B"),
                cast -> assertEnded(cast, "$k|y$k|by A", "$m|x$m|old", "$n|x$k|by B"));
    }

    @Test
    void valueOfAnUpdatedRowGoesToAnOldOne() {
        Cast.tellInChain(
                group,
                30,
                cast -> cast.onA("UPDATE person SET email = NULL WHERE id = $k"),
                cast -> cast.onB("UPDATE person SET email = 'x$k', v = 'by B' WHERE id = $m"),
                cast -> cast.assertAnswerOfC(ROWS, "$m|x$k|by B"),
                cast -> assertEnded(cast, "$k|null|old", "$m|x$k|by B"));
    }

    @Test
    void valueComesBackToTheRowThatGaveItUp() {
        Cast.tellInChain(
                group,
                40,
                cast -> cast.onA("UPDATE person SET email = 'y$k' WHERE id = $k"),
                cast -> {
                    cast.onB("INSERT INTO person VALUES ($n, 'x$k', 'by B')");
                    cast.onB("DELETE FROM person WHERE id = $n");
                    cast.onB("UPDATE person SET email = 'x$k', v = 'by B' WHERE id = $k");
                },
                cast -> cast.assertAnswerOfC(ROWS, "$k|x$k|by B", "$m|x$m|old"),
                cast -> assertEnded(cast, "$k|x$k|by B", "$m|x$m|old"));
    }

    @Test
    void valuesOfTwoRowsChangePlaces() {
        Cast.tellInChain(
                group,
                50,
                cast -> cast.onA("UPDATE person SET email = NULL, v = 'by A' WHERE id = $k"),
                cast ->
                        cast.onB(
                                "UPDATE person SET email = 'x$k', v = 'by B' WHERE id = $m",
                                "UPDATE person SET email = 'x$m', v = 'by B' WHERE id = $k"),
                cast -> cast.assertAnswerOfC(ROWS, "$k|x$m|by B", "$m|x$k|by B"),
                cast -> assertEnded(cast, "$k|x$m|by B", "$m|x$k|by B"));
    }

    @Test
    void valueOfARowThatMovedAndGaveItUpGoesToANewOneUnderTheOldKey() {
        Cast.tellInChain(
                group,
                60,
                cast -> cast.onA("UPDATE person SET id = $n, email = 'y$k' WHERE id = $k"),
                cast -> cast.onB("INSERT INTO person VALUES ($k, 'x$k', 'by B')"),
                cast -> cast.assertAnswerOfC(ROWS, "$k|x$k|by B", "$m|x$m|old"),
                cast -> assertEnded(cast, "$k|x$k|by B", "$m|x$m|old", "$n|y$k|old"));
    }

    private static void assertEnded(Cast cast, String... rows) {
        cast.awaitRows("person", rows);
        cast.awaitDisplaced("person");
        cast.assertNoClashes("person", "x$k");
        cast.assertNoClashes("person", "x$m");
    }
}
