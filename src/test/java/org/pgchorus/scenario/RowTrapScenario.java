package org.pgchorus.scenario;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Two clients write the same row on two nodes, neither seeing the other: by hand every order of
 * insert, update, delete and key change that is known to have made some system differ for ever.
 *
 * <p>Links are held while both write, so commit order is the order of the statements here. With
 * three nodes the third one hears the two in either order.
 */
@ParameterizedClass(name = "PostgreSQL {0}")
@MethodSource("org.pgchorus.scenario.Versions#ofTwo")
class RowTrapScenario {
    private static final String SCHEMA = "CREATE TABLE t (id int PRIMARY KEY, v text)";

    /** Rows with the keys below this one are there from the start. */
    private static final int FRESH = 200;

    private static TestGroup group;

    RowTrapScenario(@SuppressWarnings("unused") String versions) {}

    @BeforeParameterizedClassInvocation
    static void start(String versions) {
        group = TestGroup.of(SCHEMA, TestGroup.majors(versions));
        group.run(
                0, "INSERT INTO t SELECT i, 'old' FROM generate_series(0, " + (FRESH - 1) + ") i");
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
    void ofTwoUpdatesTheLaterOneStands() {
        Cast.tell(
                group,
                10,
                cast -> {
                    cast.onA("UPDATE t SET v = 'by A' WHERE id = $k");
                    cast.onB("UPDATE t SET v = 'by B' WHERE id = $k");
                },
                cast -> {
                    cast.assertRows("t", "$k|by B");
                    cast.assertRecordedAtA(
                            "t", "$k", "update_origin_differs apply_remote $k,by A@$A $k,by B@$B");
                    cast.assertRecordedAtB(
                            "t", "$k", "update_origin_differs keep_local $k,by B@$B $k,by A@$A");
                });
    }

    @Test
    void ofTwoInsertsTheLaterOneStands() {
        Cast.tell(
                group,
                FRESH,
                cast -> {
                    cast.onA("INSERT INTO t VALUES ($k, 'by A')");
                    cast.onB("INSERT INTO t VALUES ($k, 'by B')");
                },
                cast -> {
                    cast.assertRows("t", "$k|by B");
                    cast.assertRecordedAtA(
                            "t", "$k", "insert_exists apply_remote $k,by A@$A $k,by B@$B");
                    cast.assertRecordedAtB(
                            "t", "$k", "insert_exists keep_local $k,by B@$B $k,by A@$A");
                });
    }

    @Test
    void laterUpdateBringsBackADeletedRow() {
        Cast.tell(
                group,
                20,
                cast -> {
                    cast.onA(
                            "INSERT INTO t VALUES ($m, 'with the delete')",
                            "DELETE FROM t WHERE id = $k");
                    cast.onB(
                            "UPDATE t SET v = 'by B' WHERE id = $k",
                            "INSERT INTO t VALUES ($n, 'with the update')");
                },
                cast -> {
                    cast.assertRows("t", "$k|by B", "$m|with the delete", "$n|with the update");
                    cast.assertRecordedAtA(
                            "t", "$k", "update_deleted apply_remote -@$A $k,by B@$B");
                    cast.assertRecordedAtB(
                            "t", "$k", "delete_origin_differs keep_local $k,by B@$B -@$A");
                });
    }

    @Test
    void laterDeleteTakesAnUpdatedRow() {
        Cast.tell(
                group,
                30,
                cast -> {
                    cast.onA(
                            "INSERT INTO t VALUES ($m, 'with the update')",
                            "UPDATE t SET v = 'by A' WHERE id = $k");
                    cast.onB(
                            "DELETE FROM t WHERE id = $k",
                            "INSERT INTO t VALUES ($n, 'with the delete')");
                },
                cast -> {
                    cast.assertRows("t", "$m|with the update", "$n|with the delete");
                    cast.assertRecordedAtA(
                            "t", "$k", "delete_origin_differs apply_remote $k,by A@$A -@$B");
                    cast.assertRecordedAtB("t", "$k", "update_deleted keep_local -@$B $k,by A@$A");
                });
    }

    @Test
    void deleteOfOnesOwnInsertTakesTheOtherInsertIfThatIsOlder() {
        Cast.tell(
                group,
                FRESH + 10,
                cast -> {
                    cast.onA("INSERT INTO t VALUES ($k, 'by A')");
                    cast.onB("INSERT INTO t VALUES ($k, 'by B')");
                    cast.onA("DELETE FROM t WHERE id = $k");
                },
                cast -> {
                    cast.assertRows("t");
                    cast.assertRecordedAtA("t", "$k", "update_deleted keep_local -@$A $k,by B@$B");
                    cast.assertRecordedAtB(
                            "t",
                            "$k",
                            "insert_exists keep_local $k,by B@$B $k,by A@$A",
                            "delete_origin_differs apply_remote $k,by B@$B -@$A");
                });
    }

    @Test
    void deleteOfOnesOwnInsertLeavesTheOtherInsertIfThatIsNewer() {
        Cast.tell(
                group,
                FRESH + 20,
                cast -> {
                    cast.onA("INSERT INTO t VALUES ($k, 'by A')");
                    cast.onA("DELETE FROM t WHERE id = $k");
                    cast.onB("INSERT INTO t VALUES ($k, 'by B')");
                },
                cast -> {
                    cast.assertRows("t", "$k|by B");
                    cast.assertRecordedAtA(
                            "t", "$k", "update_deleted apply_remote -@$A $k,by B@$B");
                    cast.assertRecordedAtB(
                            "t",
                            "$k",
                            "insert_exists keep_local $k,by B@$B $k,by A@$A",
                            "delete_origin_differs keep_local $k,by B@$B -@$A");
                });
    }

    @Test
    void reinsertedRowOutlivesAnOlderDelete() {
        Cast.tell(
                group,
                40,
                cast -> {
                    cast.onB("DELETE FROM t WHERE id = $k");
                    cast.onA("DELETE FROM t WHERE id = $k");
                    cast.onA("INSERT INTO t VALUES ($k, 'again')");
                },
                cast -> {
                    cast.assertRows("t", "$k|again");
                    cast.assertRecordedAtA(
                            "t", "$k", "delete_origin_differs keep_local $k,again@$A -@$B");
                    cast.assertRecordedAtB("t", "$k", "delete_missing apply_remote -@$B -@$A");
                });
    }

    @Test
    void rowReinsertedByTheDeletesOwnTransactionOutlivesAnOlderDelete() {
        Cast.tell(
                group,
                50,
                cast -> {
                    cast.onB("DELETE FROM t WHERE id = $k");
                    cast.onA("DELETE FROM t WHERE id = $k", "INSERT INTO t VALUES ($k, 'again')");
                },
                cast -> {
                    cast.assertRows("t", "$k|again");
                    cast.assertRecordedAtA(
                            "t", "$k", "delete_origin_differs keep_local $k,again@$A -@$B");
                    cast.assertRecordedAtB("t", "$k", "delete_missing apply_remote -@$B -@$A");
                });
    }

    @Test
    void deleteBetweenDeleteAndReinsertionLosesToTheReinsertion() {
        Cast.tell(
                group,
                60,
                cast -> {
                    cast.onA("DELETE FROM t WHERE id = $k");
                    cast.onB("DELETE FROM t WHERE id = $k");
                    cast.onA("INSERT INTO t VALUES ($k, 'again')");
                },
                cast -> cast.assertRows("t", "$k|again"));
    }

    @Test
    void deleteAfterTheReinsertionTakesTheRow() {
        Cast.tell(
                group,
                70,
                cast -> {
                    cast.onA("DELETE FROM t WHERE id = $k");
                    cast.onA("INSERT INTO t VALUES ($k, 'again')");
                    cast.onB("DELETE FROM t WHERE id = $k");
                },
                cast -> cast.assertRows("t"));
    }
}
