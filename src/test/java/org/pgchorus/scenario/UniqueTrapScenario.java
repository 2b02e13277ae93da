package org.pgchorus.scenario;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Two clients on two nodes give one unique value to two rows. The row with the higher stamp has it;
 * the other one is displaced on every node, and comes back when nothing is in its way any more.
 *
 * <p>Links are held while both write, so commit order is the order of the statements here. With
 * three nodes the third one hears the two in either order.
 */
@ParameterizedClass(name = "PostgreSQL {0}")
@MethodSource("org.pgchorus.scenario.Versions#ofTwo")
class UniqueTrapScenario {
    private static final String SCHEMA =
            """
            CREATE TABLE person (id int PRIMARY KEY, email text UNIQUE, badge text UNIQUE, v text);
            """;

    private static TestGroup group;

    UniqueTrapScenario(@SuppressWarnings("unused") String versions) {}

    @BeforeParameterizedClassInvocation
    static void start(String versions) {
        group = TestGroup.of(SCHEMA, TestGroup.majors(versions));
        group.run(
                0,
                """
                INSERT INTO person SELECT i, 'old' || i, NULL, 'old'
                FROM generate_series(0, 99) i
                """);
        group.run(1, "INSERT INTO person SELECT i, 'old' || i FROM unnest('{1010,1011}'::int[]) i");
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
    void ofTwoNewRowsTheLaterOneHasTheValue() {
        Cast.tell(
                group,
                200,
                cast -> {
                    cast.onA("INSERT INTO person VALUES ($k, 'x$k', NULL, 'by A')");
                    cast.onB("INSERT INTO person VALUES ($m, 'x$k', NULL, 'by B')");
                },
                cast -> {
                    cast.awaitRows("person", "$m|x$k|null|by B");
                    cast.awaitDisplaced("person", "$k,x$k,NULL,by A@$A");
                    cast.assertClashesAtA(
                            "person",
                            "x$k",
                            "insert_exists apply_remote"
                                    + " $k,x$k,NULL,by A@$A $m,x$k,NULL,by B@$B");
                    cast.assertClashesAtB(
                            "person",
                            "x$k",
                            "insert_exists keep_local"
                                    + " $m,x$k,NULL,by B@$B $k,x$k,NULL,by A@$A");
                });
    }

    @Test
    void ofTwoUpdatesTheLaterOneHasTheValue() {
        Cast.tell(
                group,
                10,
                cast -> {
                    cast.onA("UPDATE person SET email = 'x$k', v = 'by A' WHERE id = $k");
                    cast.onB("UPDATE person SET email = 'x$k', v = 'by B' WHERE id = $m");
                },
                cast -> {
                    cast.awaitRows("person", "$m|x$k|null|by B");
                    cast.awaitDisplaced("person", "$k,x$k,NULL,by A@$A");
                    cast.assertClashesAtA(
                            "person",
                            "x$k",
                            "update_exists apply_remote"
                                    + " $k,x$k,NULL,by A@$A $m,x$k,NULL,by B@$B");
                    cast.assertClashesAtB(
                            "person",
                            "x$k",
                            "update_exists keep_local"
                                    + " $m,x$k,NULL,by B@$B $k,x$k,NULL,by A@$A");
                });
    }

    @Test
    void rowThatClashesWithTwoOlderOnesDisplacesBoth() {
        Cast.tell(
                group,
                210,
                cast -> {
                    cast.onA("INSERT INTO person VALUES ($k, 'x$k', NULL, 'first$k')");
                    cast.onA("INSERT INTO person VALUES ($m, NULL, 'y$k', 'second$k')");
                    cast.onB("INSERT INTO person VALUES ($n, 'x$k', 'y$k', 'by B')");
                },
                cast -> {
                    cast.awaitRows("person", "$n|x$k|y$k|by B");
                    cast.awaitDisplaced(
                            "person", "$k,x$k,NULL,first$k@$A", "$m,NULL,y$k,second$k@$A");
                    cast.assertFoundAtA("person", "first$k", "multiple_unique_conflicts");
                    cast.assertFoundAtA("person", "second$k", "multiple_unique_conflicts");
                    cast.assertClashesAtB(
                            "person",
                            "first$k",
                            "insert_exists keep_local"
                                    + " $n,x$k,y$k,by B@$B $k,x$k,NULL,first$k@$A");
                    cast.assertClashesAtB(
                            "person",
                            "second$k",
                            "insert_exists keep_local"
                                    + " $n,x$k,y$k,by B@$B $m,NULL,y$k,second$k@$A");
                },
                cast -> cast.onA("UPDATE person SET badge = NULL WHERE id = $n"),
                cast -> {
                    cast.awaitRows("person", "$m|null|y$k|second$k", "$n|x$k|null|by B");
                    cast.awaitDisplaced("person", "$k,x$k,NULL,first$k@$A");
                },
                cast -> cast.onB("DELETE FROM person WHERE id = $n"),
                cast -> {
                    cast.awaitRows("person", "$k|x$k|null|first$k", "$m|null|y$k|second$k");
                    cast.awaitDisplaced("person");
                });
    }

    @Test
    void rowBetweenAnOlderAndALaterOneGivesWayAndBlocksNobody() {
        Cast.tell(
                group,
                220,
                cast -> {
                    cast.onA("INSERT INTO person VALUES ($k, 'x$k', NULL, 'older')");
                    cast.onB("INSERT INTO person VALUES ($n, 'x$k', 'y$k', 'between')");
                    cast.onA("INSERT INTO person VALUES ($m, NULL, 'y$k', 'later')");
                },
                cast -> {
                    cast.awaitRows("person", "$k|x$k|null|older", "$m|null|y$k|later");
                    cast.awaitDisplaced("person", "$n,x$k,y$k,between@$B");
                },
                cast -> cast.onA("DELETE FROM person WHERE id = $m"),
                cast -> {
                    cast.awaitRows("person", "$n|x$k|y$k|between");
                    cast.awaitDisplaced("person", "$k,x$k,NULL,older@$A");
                },
                cast -> cast.onC("UPDATE person SET email = 'free$k' WHERE id = $n"),
                cast -> {
                    cast.awaitRows("person", "$k|x$k|null|older", "$n|free$k|y$k|between");
                    cast.awaitDisplaced("person");
                });
    }

    @Test
    void displacedRowTakesItsWritersFurtherUpdates() {
        Cast.tell(
                group,
                230,
                cast -> {
                    cast.onB("INSERT INTO person VALUES ($m, 'x$k', NULL, 'one')");
                    cast.onB("UPDATE person SET v = v || ', two' WHERE id = $m");
                    cast.onA("INSERT INTO person VALUES ($k, 'x$k', NULL, 'by A')");
                },
                cast -> {
                    cast.awaitRows("person", "$k|x$k|null|by A");
                    cast.awaitDisplaced("person", "$m,x$k,NULL,one, two@$B");
                });
    }

    @Test
    void displacedRowGoesWithItsDelete() {
        Cast.tell(
                group,
                240,
                cast -> {
                    cast.onB("INSERT INTO person VALUES ($m, 'x$k', NULL, 'by B')");
                    cast.onA("INSERT INTO person VALUES ($k, 'x$k', NULL, 'by A')");
                    cast.onB("DELETE FROM person WHERE id = $m");
                },
                cast -> {
                    cast.awaitRows("person", "$k|x$k|null|by A");
                    cast.awaitDisplaced("person");
                });
    }

    @Test
    void laterUpdateUnderTheOldKeyDisplacesTheMovedRow() {
        Cast.tell(
                group,
                20,
                cast -> {
                    cast.onA("UPDATE person SET id = $m WHERE id = $k");
                    cast.onB("UPDATE person SET v = 'by B' WHERE id = $k");
                },
                cast -> {
                    cast.awaitRows("person", "$k|old$k|null|by B");
                    cast.awaitDisplaced("person", "$m,old$k,NULL,old@$A");
                });
    }

    @Test
    void ofOneRowMovedToTwoKeysTheLaterMoveIsLive() {
        Cast.tell(
                group,
                30,
                cast -> {
                    cast.onA("UPDATE person SET id = $m WHERE id = $k");
                    cast.onB("UPDATE person SET id = $n WHERE id = $k");
                },
                cast -> {
                    cast.awaitRows("person", "$n|old$k|null|old");
                    cast.awaitDisplaced("person", "$m,old$k,NULL,old@$A");
                });
    }

    @Test
    void deletedRowThatReturnsTakesItsValueBack() {
        Cast.tell(
                group,
                40,
                cast -> {
                    cast.onB("DELETE FROM person WHERE id = $k");
                    cast.onB("INSERT INTO person VALUES ($m, 'old$k', NULL, 'by B')");
                    cast.onA("UPDATE person SET v = 'by A' WHERE id = $k");
                },
                cast -> {
                    cast.awaitRows("person", "$k|old$k|null|by A");
                    cast.awaitDisplaced("person", "$m,old$k,NULL,by B@$B");
                });
    }
}
