package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.stream.IntStream;

/**
 * Delta columns: everybody's amounts add up, whoever wins the rest of the row. The value is the sum
 * of what was added later than the latest delete of the key.
 *
 * <p>Links are held while all write, so commit order is the order of the statements here.
 */
@ParameterizedClass(name = "PostgreSQL {0}")
@MethodSource("org.pgchorus.scenario.Versions#ofTwo")
class DeltaTrapScenario {
    private static final String SCHEMA =
            """
            CREATE TABLE tally (id int PRIMARY KEY, n int NOT NULL, v text,
                                amount numeric(12,2) NOT NULL);
            ALTER TABLE tally REPLICA IDENTITY FULL;
            """;

    private static final int TIMES = 100;

    private static TestGroup group;

    DeltaTrapScenario(@SuppressWarnings("unused") String versions) {}

    @BeforeParameterizedClassInvocation
    static void start(String versions) {
        group = TestGroup.of(SCHEMA, TestGroup.majors(versions));
        group.addDeltas("tally", "n", "amount");
        group.run(0, "INSERT INTO tally SELECT i, 100, 'old', 0.50 FROM generate_series(0, 199) i");
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
    void incrementsOnAllNodesAddUp() {
        TestGroup.together(
                IntStream.range(0, group.size())
                        .<Runnable>mapToObj(node -> () -> increment(node, 0))
                        .toList());
        assertThat(group.settledRows("SELECT n, amount FROM tally WHERE id = 0"))
                .containsExactly(
                        "%d|%s"
                                .formatted(
                                        100 + group.size() * TIMES,
                                        group.size() == 2 ? "50.50" : "75.50"));
    }

    @Test
    void incrementsOfNodesThatDoNotHearEachOtherAddUp() {
        try {
            group.holdAll();
            IntStream.range(0, group.size()).forEach(node -> increment(node, 1));
        } finally {
            group.releaseAll();
        }
        assertThat(group.settledRows("SELECT n FROM tally WHERE id = 1"))
                .containsExactly(Integer.toString(100 + group.size() * TIMES));
    }

    private static void increment(int node, int id) {
        try (Connection connection = group.connect(node);
                Statement statement = connection.createStatement()) {
            for (int i = 0; i < TIMES; i++) {
                statement.execute(
                        "UPDATE tally SET n = n + 1, amount = amount + 0.25 WHERE id = " + id);
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void rowInsertedOnTwoNodesHasTheSum() {
        Cast.tell(
                group,
                300,
                cast -> {
                    cast.onA("INSERT INTO tally VALUES ($k, 5, 'by A', 0.1)");
                    cast.onB("INSERT INTO tally VALUES ($k, 7, 'by B', 0.2)");
                },
                cast -> cast.awaitRows("tally", "$k|12|by B|0.30"));
    }

    @Test
    void updateThatLosesTheRestOfTheRowIsCountedAllTheSame() {
        Cast.tell(
                group,
                10,
                cast -> {
                    cast.onA("UPDATE tally SET n = n + 1, amount = 10, v = 'by A' WHERE id = $k");
                    cast.onB("UPDATE tally SET n = n - 10, v = 'by B' WHERE id = $k");
                },
                cast -> cast.awaitRows("tally", "$k|91|by B|10.00"));
    }

    @Test
    void severalUpdatesOfOneTransactionAreCountedEach() {
        Cast.tell(
                group,
                20,
                cast -> {
                    cast.onA(
                            "UPDATE tally SET n = n + 1 WHERE id = $k",
                            "UPDATE tally SET n = n + 2, v = 'by A' WHERE id = $k",
                            "INSERT INTO tally VALUES ($m, 1, 'by A', 0)",
                            "UPDATE tally SET n = n * 10 WHERE id = $m");
                    cast.onB(
                            "UPDATE tally SET n = n + 30, v = 'by B' WHERE id = $k",
                            "INSERT INTO tally VALUES ($m, 5, 'by B', 0)");
                },
                cast -> cast.awaitRows("tally", "$k|133|by B|0.50", "$m|15|by B|0.00"));
    }

    @Test
    void laterDeleteTakesTheRowWithAllIncrements() {
        Cast.tell(
                group,
                30,
                cast -> {
                    cast.onA("UPDATE tally SET n = n + 1 WHERE id = $k");
                    cast.onB("DELETE FROM tally WHERE id = $k");
                },
                cast -> cast.awaitRows("tally"));
    }

    @Test
    void rowThatComesBackHasWhatWasAddedSinceTheDelete() {
        Cast.tell(
                group,
                40,
                cast -> {
                    cast.onA("UPDATE tally SET n = n + 1 WHERE id = $k");
                    cast.onB("DELETE FROM tally WHERE id = $k");
                    cast.onA("UPDATE tally SET n = n + 20, v = 'by A' WHERE id = $k");
                    cast.onA("UPDATE tally SET n = n + 300 WHERE id = $k");
                },
                cast -> cast.awaitRows("tally", "$k|320|by A|0.00"));
    }

    @Test
    void rowInsertedAnewHasWhatOthersAddedSinceTheDelete() {
        Cast.tell(
                group,
                50,
                cast -> {
                    cast.onB("UPDATE tally SET n = n + 1000 WHERE id = $k");
                    cast.onA("DELETE FROM tally WHERE id = $k");
                    cast.onB("UPDATE tally SET n = n + 20 WHERE id = $k");
                    cast.onA("INSERT INTO tally VALUES ($k, 3, 'again', 0)");
                    cast.onB("UPDATE tally SET n = n + 1, v = 'by B' WHERE id = $k");
                },
                cast -> cast.awaitRows("tally", "$k|24|by B|0.00"));
    }

    @Test
    void rowThatMovedLeavesWhatOthersAddLater() {
        Cast.tell(
                group,
                60,
                cast -> {
                    cast.onB("UPDATE tally SET n = n + 1 WHERE id = $k");
                    cast.onA("UPDATE tally SET id = $m WHERE id = $k");
                    cast.onB("UPDATE tally SET n = n + 20, v = 'by B' WHERE id = $k");
                },
                cast -> cast.awaitRows("tally", "$k|20|by B|0.00", "$m|100|old|0.50"));
    }

    @Test
    void ofTwoDeletesTheLaterOneCounts() {
        Cast.tell(
                group,
                70,
                cast -> {
                    cast.onA("DELETE FROM tally WHERE id = $k");
                    cast.onA("INSERT INTO tally VALUES ($k, 3, 'first', 0)");
                    cast.onB("UPDATE tally SET n = n + 1 WHERE id = $k");
                    cast.onB("DELETE FROM tally WHERE id = $k");
                    cast.onA("UPDATE tally SET n = n + 20, v = 'second' WHERE id = $k");
                },
                cast -> cast.awaitRows("tally", "$k|20|second|0.00"));
    }
}
