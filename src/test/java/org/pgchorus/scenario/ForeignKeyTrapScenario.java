package org.pgchorus.scenario;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A parent row goes on one node while a child row comes on another. Foreign keys are not enforced
 * while applying, so the child may be left an orphan: the same orphan on every node.
 */
@ParameterizedClass(name = "PostgreSQL {0}")
@MethodSource("org.pgchorus.scenario.Versions#ofTwo")
class ForeignKeyTrapScenario {
    private static final String SCHEMA =
            """
            CREATE TABLE parent (id int PRIMARY KEY, v text);
            CREATE TABLE plain (id int PRIMARY KEY, parent int REFERENCES parent, v text);
            CREATE TABLE cascaded
                (id int PRIMARY KEY, parent int REFERENCES parent ON DELETE CASCADE, v text);
            CREATE TABLE emptied
                (id int PRIMARY KEY, parent int REFERENCES parent ON DELETE SET NULL, v text);
            CREATE TABLE moving
                (id int PRIMARY KEY, parent int REFERENCES parent ON UPDATE CASCADE, v text);
            """;

    private static TestGroup group;

    ForeignKeyTrapScenario(@SuppressWarnings("unused") String versions) {}

    @BeforeParameterizedClassInvocation
    static void start(String versions) {
        group = TestGroup.of(SCHEMA, TestGroup.majors(versions));
        group.run(
                0,
                "INSERT INTO parent SELECT i, 'old' FROM generate_series(0, 199) i",
                "INSERT INTO cascaded SELECT i, i, 'old' FROM generate_series(100, 199) i",
                "INSERT INTO emptied SELECT i, i, 'old' FROM generate_series(100, 199) i");
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

    /** Which of a table's rows of this telling have lost their parents, on all nodes alike. */
    private static void assertOrphans(Cast cast, String table, String... orphans) {
        cast.awaitAnswer(
                """
                SELECT c.id, c.parent FROM %s c
                WHERE c.id IN ($k, $m, $n) AND c.parent IS NOT NULL
                  AND NOT EXISTS (SELECT FROM parent p WHERE p.id = c.parent) ORDER BY c.id\
                """
                        .formatted(table),
                orphans);
    }

    @Test
    void childInsertedAfterTheUnseenDeleteIsAnOrphan() {
        Cast.tell(
                group,
                10,
                cast -> {
                    cast.onA("DELETE FROM parent WHERE id = $k");
                    cast.onB("INSERT INTO plain VALUES ($k, $k, 'by B')");
                    cast.onB("INSERT INTO cascaded VALUES ($k, $k, 'by B')");
                    cast.onB("INSERT INTO emptied VALUES ($k, $k, 'by B')");
                },
                ForeignKeyTrapScenario::assertThreeOrphans);
    }

    @Test
    void childInsertedBeforeTheDeleteThatDidNotSeeItIsAnOrphan() {
        Cast.tell(
                group,
                20,
                cast -> {
                    cast.onB("INSERT INTO plain VALUES ($k, $k, 'by B')");
                    cast.onB("INSERT INTO cascaded VALUES ($k, $k, 'by B')");
                    cast.onB("INSERT INTO emptied VALUES ($k, $k, 'by B')");
                    cast.onA("DELETE FROM parent WHERE id = $k");
                },
                ForeignKeyTrapScenario::assertThreeOrphans);
    }

    private static void assertThreeOrphans(Cast cast) {
        cast.awaitRows("parent");
        for (String table : new String[] {"plain", "cascaded", "emptied"}) {
            cast.awaitRows(table, "$k|$k|by B");
            assertOrphans(cast, table, "$k|$k");
        }
    }

    @Test
    void deleteTakesTheChildrenItSawAndLeavesTheOthers() {
        Cast.tell(
                group,
                110,
                cast -> {
                    cast.onB("INSERT INTO cascaded VALUES ($m, $k, 'by B')");
                    cast.onA("DELETE FROM parent WHERE id = $k");
                },
                cast -> {
                    cast.awaitRows("parent");
                    cast.awaitRows("cascaded", "$m|$k|by B");
                    cast.awaitRows("emptied", "$k|null|old");
                    assertOrphans(cast, "cascaded", "$m|$k");
                });
    }

    @Test
    void childUpdatedAfterTheCascadeComesBackWithoutItsParent() {
        Cast.tell(
                group,
                120,
                cast -> {
                    cast.onA("DELETE FROM parent WHERE id = $k");
                    cast.onB("UPDATE cascaded SET v = 'by B' WHERE id = $k");
                    cast.onB("UPDATE emptied SET v = 'by B' WHERE id = $k");
                },
                cast -> {
                    cast.awaitRows("parent");
                    cast.awaitRows("cascaded", "$k|$k|by B");
                    cast.awaitRows("emptied", "$k|$k|by B");
                    assertOrphans(cast, "cascaded", "$k|$k");
                    assertOrphans(cast, "emptied", "$k|$k");
                });
    }

    @Test
    void parentUpdatedAfterTheDeleteComesBackWithoutItsChildren() {
        Cast.tell(
                group,
                130,
                cast -> {
                    cast.onA("DELETE FROM parent WHERE id = $k");
                    cast.onB("UPDATE parent SET v = 'by B' WHERE id = $k");
                },
                cast -> {
                    cast.awaitRows("parent", "$k|by B");
                    cast.awaitRows("cascaded");
                    cast.awaitRows("emptied", "$k|null|old");
                    assertOrphans(cast, "cascaded");
                    assertOrphans(cast, "emptied");
                });
    }

    @Test
    void childOfAParentThatMovedMeanwhileIsAnOrphan() {
        Cast.tell(
                group,
                30,
                cast -> {
                    cast.onA("INSERT INTO moving VALUES ($k, $k, 'by A')");
                    cast.onB("INSERT INTO moving VALUES ($m, $k, 'by B')");
                    cast.onA("UPDATE parent SET id = $n WHERE id = $k");
                },
                cast -> {
                    cast.awaitRows("parent", "$n|old");
                    cast.awaitRows("moving", "$k|$n|by A", "$m|$k|by B");
                    assertOrphans(cast, "moving", "$m|$k");
                });
    }
}
