package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The plainest story: what is written on one node is read on the others, on every version. */
class FirstLightScenario {
    private static final String SCHEMA =
            "CREATE TABLE t (id int PRIMARY KEY, v text, n numeric); CREATE TABLE log (line text)";

    @ParameterizedTest
    @CsvSource({"18,18", "15,15", "14,17", "16,18"})
    void whatIsWrittenHereIsReadThere(int first, int second) {
        try (TestGroup group = TestGroup.of(SCHEMA, first, second)) {
            group.run(0, "INSERT INTO t VALUES (1, 'one', 1.50), (2, NULL, 2)");
            group.run(1, "INSERT INTO t VALUES (3, 'three', 3)", "INSERT INTO log VALUES ('x')");
            group.settle();
            group.run(1, "UPDATE t SET v = 'uno' WHERE id = 1", "DELETE FROM t WHERE id = 2");
            group.run(0, "INSERT INTO log VALUES ('y')");
            assertThat(group.settledRows("SELECT * FROM t ORDER BY id"))
                    .containsExactly("1|uno|1.50", "3|three|3");
            assertThat(group.settledRows("SELECT * FROM log ORDER BY line"))
                    .containsExactly("x", "y");
        }
    }
}
