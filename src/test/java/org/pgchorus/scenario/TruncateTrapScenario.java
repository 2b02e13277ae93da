package org.pgchorus.scenario;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * One node empties a table while the other writes into it: what is older than the TRUNCATE goes
 * everywhere, what is newer stays everywhere. Each telling has tables of its own, numbered by its
 * key.
 */
@ParameterizedClass(name = "PostgreSQL {0}")
@MethodSource("org.pgchorus.scenario.Versions#ofTwo")
class TruncateTrapScenario {
    private static final int TABLES = 8;

    private static final String SCHEMA =
            IntStream.rangeClosed(1, TABLES)
                    .mapToObj(i ->
                            """
                            CREATE TABLE rows%1$d (id int PRIMARY KEY, v text);
                            CREATE TABLE lines%1$d (line text);
                            CREATE TABLE parts%1$d (id int PRIMARY KEY,
                                                    row int REFERENCES rows%1$d);
                            """
                                    .formatted(i))
                    .collect(Collectors.joining());

    private static TestGroup group;

    TruncateTrapScenario(@SuppressWarnings("unused") String versions) {}

    @BeforeParameterizedClassInvocation
    static void start(String versions) {
        group = TestGroup.of(SCHEMA, TestGroup.majors(versions));
        for (int i = 1; i <= TABLES; i++) {
            group.run(
                    i % group.size(),
                    "INSERT INTO rows%d VALUES (1, 'old'), (2, 'old')".formatted(i),
                    "INSERT INTO lines%d VALUES ('old')".formatted(i));
        }
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
    void truncateTakesOlderRowsAndLeavesNewerOnes() {
        Cast.tell(
                group,
                1,
                cast -> {
                    cast.onB("INSERT INTO rows$k VALUES (10, 'early')");
                    cast.onA("INSERT INTO rows$k VALUES (11, 'early')");
                    cast.onA(
                            "INSERT INTO rows$k VALUES (12, 'early')",
                            "TRUNCATE rows$k, parts$k",
                            "INSERT INTO rows$k VALUES (20, 'after')");
                    cast.onB(
                            "INSERT INTO rows$k VALUES (30, 'late')",
                            "UPDATE rows$k SET v = 'late' WHERE id = 2");
                },
                cast -> {
                    cast.assertAnswer(
                            "SELECT * FROM rows$k ORDER BY id", "2|late", "20|after", "30|late");
                    cast.assertRecordedAtA(
                            "rows$k", "10", "update_deleted keep_local -@$A 10,early@$B");
                    cast.assertRecordedAtB(
                            "rows$k", "10", "delete_origin_differs apply_remote 10,early@$B -@$A");
                    cast.assertRecordedAtA(
                            "rows$k", "30", "update_deleted apply_remote -@$A 30,late@$B");
                    cast.assertRecordedAtB(
                            "rows$k", "30", "delete_origin_differs keep_local 30,late@$B -@$A");
                    cast.assertRecordedAtA(
                            "rows$k", "2", "update_deleted apply_remote -@$A 2,late@$B");
                    cast.assertRecordedAtA("rows$k", "1");
                    cast.assertRecordedAtB("rows$k", "1");
                    cast.assertRecordedAtB("rows$k", "20");
                });
    }

    @Test
    void truncateOfATableWithoutAKeyTakesOlderLinesAndLeavesNewerOnes() {
        Cast.tell(
                group,
                1,
                cast -> {
                    cast.onB("INSERT INTO lines$k VALUES ('early by B')");
                    cast.onA("INSERT INTO lines$k VALUES ('early by A')");
                    cast.onA(
                            "INSERT INTO lines$k VALUES ('with the truncate')",
                            "TRUNCATE lines$k",
                            "INSERT INTO lines$k VALUES ('after')");
                    cast.onB("INSERT INTO lines$k VALUES ('late')");
                },
                cast -> {
                    cast.assertAnswer("SELECT line FROM lines$k ORDER BY 1", "after", "late");
                    cast.assertClashesAtA(
                            "lines$k",
                            "early by B",
                            "update_deleted keep_local -@$A early by B@$B");
                    cast.assertClashesAtB(
                            "lines$k",
                            "early by B",
                            "delete_origin_differs apply_remote early by B@$B -@$A");
                    cast.assertClashesAtA("lines$k", "early by A");
                    cast.assertClashesAtB("lines$k", "early by A");
                    cast.assertClashesAtB("lines$k", "old");
                });
    }

    @Test
    void ofTwoTruncatesTheLaterOneCounts() {
        Cast.tell(
                group,
                3,
                cast -> {
                    cast.onA("TRUNCATE rows$k, parts$k");
                    cast.onA("INSERT INTO rows$k VALUES (20, 'before the later one')");
                    cast.onB("INSERT INTO rows$k VALUES (30, 'before the later one')");
                    cast.onB("TRUNCATE rows$k, parts$k");
                    cast.onB("INSERT INTO rows$k VALUES (40, 'after both')");
                    cast.onA("INSERT INTO rows$k VALUES (50, 'after both')");
                    cast.onA("TRUNCATE lines$k");
                    cast.onA("INSERT INTO lines$k VALUES ('before the later one')");
                    cast.onB("TRUNCATE lines$k");
                    cast.onA("INSERT INTO lines$k VALUES ('after both')");
                },
                cast -> {
                    cast.assertAnswer(
                            "SELECT * FROM rows$k ORDER BY id", "40|after both", "50|after both");
                    cast.assertAnswer("SELECT line FROM lines$k", "after both");
                });
    }

    @Test
    void truncateCascadeTakesTheReferringRowsToo() {
        Cast.tell(
                group,
                5,
                cast -> {
                    cast.onB("INSERT INTO parts$k VALUES (10, 1)");
                    cast.onA("TRUNCATE rows$k CASCADE");
                    cast.onB(
                            "INSERT INTO rows$k VALUES (30, 'late')",
                            "INSERT INTO parts$k VALUES (30, 30)");
                },
                cast -> {
                    cast.assertAnswer("SELECT * FROM rows$k ORDER BY id", "30|late");
                    cast.assertAnswer("SELECT * FROM parts$k ORDER BY id", "30|30");
                });
    }

    @Test
    void keyInsertedAnewAfterTheTruncateStands() {
        Cast.tell(
                group,
                7,
                cast -> {
                    cast.onA("TRUNCATE rows$k, parts$k");
                    cast.onA("INSERT INTO rows$k VALUES (1, 'anew')");
                    cast.onB("DELETE FROM rows$k WHERE id = 2");
                },
                cast -> cast.assertAnswer("SELECT * FROM rows$k ORDER BY id", "1|anew"));
    }
}
