package org.pgchorus.scenario;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.List;

/**
 * Delta columns on three nodes that hear of each other in every order: deletes among increments,
 * and increments that come before what they add to.
 */
@ParameterizedClass(name = "PostgreSQL {0}")
@MethodSource("org.pgchorus.scenario.Versions#ofThree")
class DeltaOrderTrapScenario {
    private static final String SCHEMA =
            """
            CREATE TABLE tally (id int PRIMARY KEY, n int NOT NULL, v text,
                                amount numeric(12,2) NOT NULL);
            ALTER TABLE tally REPLICA IDENTITY FULL;
            """;

    private static TestGroup group;

    DeltaOrderTrapScenario(@SuppressWarnings("unused") String versions) {}

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
    void deleteAmongIncrementsOfThreeNodesCountsFromItsStampOn() {
        String one = "UPDATE tally SET n = n + 1, v = 'one' WHERE id = $k";
        String ten = "UPDATE tally SET n = n + 10, v = 'ten' WHERE id = $k";
        String delete = "DELETE FROM tally WHERE id = $k";
        tellOfThree(100, List.of(delete, one, ten), "$k|11|ten|0.00");
        tellOfThree(120, List.of(one, delete, ten), "$k|10|ten|0.00");
        tellOfThree(140, List.of(one, ten, delete));
    }

    private static void tellOfThree(int key, List<String> statements, String... rows) {
        Cast.tellOfThree(
                group,
                key,
                cast -> {
                    cast.onA(statements.get(0));
                    cast.onB(statements.get(1));
                    cast.onC(statements.get(2));
                },
                cast -> cast.awaitRows("tally", rows));
    }

    @Test
    void incrementThatOvertakesWhatItAddsToIsCountedOnce() {
        Cast.tellInChain(
                group,
                400,
                cast -> cast.onA("INSERT INTO tally VALUES ($k, 5, 'by A', 0.5)"),
                cast -> cast.onB("UPDATE tally SET n = n + 1, v = 'by B' WHERE id = $k"),
                cast -> {},
                cast -> cast.awaitRows("tally", "$k|6|by B|0.50"));
        Cast.tellInChain(
                group,
                160,
                cast -> cast.onA("DELETE FROM tally WHERE id = $k"),
                cast -> cast.onB("INSERT INTO tally VALUES ($k, 3, 'by B', 0)"),
                cast -> {},
                cast -> cast.awaitRows("tally", "$k|3|by B|0.00"));
        Cast.tellInChain(
                group,
                170,
                cast -> cast.onA("UPDATE tally SET n = n + 1 WHERE id = $k"),
                cast -> {
                    cast.onB("DELETE FROM tally WHERE id = $k");
                    cast.onB("INSERT INTO tally VALUES ($k, 3, 'by B', 0)");
                    cast.onB("UPDATE tally SET n = n + 20 WHERE id = $k");
                },
                cast -> {},
                cast -> cast.awaitRows("tally", "$k|23|by B|0.00"));
    }
}
