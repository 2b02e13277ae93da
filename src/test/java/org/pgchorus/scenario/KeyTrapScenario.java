package org.pgchorus.scenario;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Rows get other keys on one node while the other writes too. A row that moves is a delete under
 * its old key and a new row under the other, both with one stamp; each key is settled by itself.
 */
@ParameterizedClass(name = "PostgreSQL {0}")
@MethodSource("org.pgchorus.scenario.Versions#ofTwo")
class KeyTrapScenario {
    private static final String SCHEMA = "CREATE TABLE t (id int PRIMARY KEY, v text)";

    private static TestGroup group;

    KeyTrapScenario(@SuppressWarnings("unused") String versions) {}

    @BeforeParameterizedClassInvocation
    static void start(String versions) {
        group = TestGroup.of(SCHEMA, TestGroup.majors(versions));
        group.run(0, "INSERT INTO t SELECT i, 'row ' || i FROM generate_series(0, 99) i");
        group.run(
                1,
                """
                INSERT INTO t SELECT i, 'row ' || i FROM unnest('{2040,2041,2070,2071}'::int[]) i
                """);
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
    void rowMovedToTwoKeysStandsUnderBoth() {
        Cast.tell(
                group,
                10,
                cast -> {
                    cast.onA("UPDATE t SET id = $m WHERE id = $k");
                    cast.onB("UPDATE t SET id = $n WHERE id = $k");
                },
                cast -> {
                    cast.assertRows("t", "$m|row $k", "$n|row $k");
                    cast.assertRecordedAtA("t", "$k", "delete_missing apply_remote -@$A -@$B");
                    cast.assertRecordedAtB("t", "$k", "delete_missing keep_local -@$B -@$A");
                    cast.assertRecordedAtA("t", "$m");
                    cast.assertRecordedAtB("t", "$m");
                });
    }

    @Test
    void laterUpdateUnderTheOldKeyStandsBesideTheMovedRow() {
        Cast.tell(
                group,
                20,
                cast -> {
                    cast.onA("UPDATE t SET id = $m WHERE id = $k");
                    cast.onB("UPDATE t SET v = 'by B' WHERE id = $k");
                },
                cast -> {
                    cast.assertRows("t", "$k|by B", "$m|row $k");
                    cast.assertRecordedAtA(
                            "t", "$k", "update_deleted apply_remote -@$A $k,by B@$B");
                    cast.assertRecordedAtB(
                            "t", "$k", "delete_origin_differs keep_local $k,by B@$B -@$A");
                });
    }

    @Test
    void earlierUpdateUnderTheOldKeyLosesToTheMove() {
        Cast.tell(
                group,
                30,
                cast -> {
                    cast.onB("UPDATE t SET v = 'by B' WHERE id = $k");
                    cast.onA("UPDATE t SET id = $m WHERE id = $k");
                },
                cast -> {
                    cast.assertRows("t", "$m|row $k");
                    cast.assertRecordedAtA("t", "$k", "update_deleted keep_local -@$A $k,by B@$B");
                    cast.assertRecordedAtB(
                            "t", "$k", "delete_origin_differs apply_remote $k,by B@$B -@$A");
                });
    }

    @Test
    void ofTwoRowsMovedToOneKeyTheLaterMoveStands() {
        Cast.tell(
                group,
                40,
                cast -> {
                    cast.onA("UPDATE t SET id = $m WHERE id = $k");
                    cast.onB("UPDATE t SET id = $m WHERE id = $n");
                },
                cast -> {
                    cast.assertRows("t", "$m|row $n");
                    cast.assertRecordedAtA(
                            "t", "$m", "update_exists apply_remote $m,row $k@$A $m,row $n@$B");
                    cast.assertRecordedAtB(
                            "t", "$m", "update_exists keep_local $m,row $n@$B $m,row $k@$A");
                });
    }

    @Test
    void rowMovedToAKeyThatWasInsertedLaterGivesWay() {
        Cast.tell(
                group,
                50,
                cast -> {
                    cast.onA("UPDATE t SET id = $m WHERE id = $k");
                    cast.onB("INSERT INTO t VALUES ($m, 'by B')");
                },
                cast -> {
                    cast.assertRows("t", "$m|by B");
                    cast.assertRecordedAtA(
                            "t", "$m", "insert_exists apply_remote $m,row $k@$A $m,by B@$B");
                    cast.assertRecordedAtB(
                            "t", "$m", "update_exists keep_local $m,by B@$B $m,row $k@$A");
                });
    }

    @Test
    void rowMovedAwayAndBackBeatsAnEarlierUpdate() {
        Cast.tell(
                group,
                60,
                cast -> {
                    cast.onB("UPDATE t SET v = 'by B' WHERE id = $k");
                    cast.onA(
                            "UPDATE t SET id = $m WHERE id = $k",
                            "UPDATE t SET id = $k WHERE id = $m");
                },
                cast -> cast.assertRows("t", "$k|row $k"));
    }

    @Test
    void rowsMovedRoundInOneTransactionKeepTheirPlaces() {
        Cast.tell(
                group,
                70,
                cast -> {
                    cast.onA(
                            "UPDATE t SET id = $m WHERE id = $k",
                            "UPDATE t SET id = $k WHERE id = $n",
                            "UPDATE t SET id = $n WHERE id = $m");
                    cast.onB("UPDATE t SET v = 'by B' WHERE id = $n");
                },
                cast -> cast.assertRows("t", "$k|row $n", "$n|by B"));
    }
}
