package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.List;
import java.util.function.Consumer;

/**
 * Rows with a value so large that PostgreSQL does not send it again when an update leaves it alone.
 * Such an update is a version of the whole row all the same: columns of two versions never mix.
 *
 * <p>Each trap is told of two tables: {@code plain}, of which only keys are sent of the old row,
 * and {@code entire} with {@code REPLICA IDENTITY FULL}.
 */
@ParameterizedClass(name = "PostgreSQL {0}")
@MethodSource("org.pgchorus.scenario.Versions#ofThree")
class LargeTrapScenario {
    private static final List<String> TABLES = List.of("plain", "entire");

    /** Says which value it is, and is 128 kB that nothing can compress. */
    private static final String LARGE =
            """
            CREATE FUNCTION large(word text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
            SELECT word || ' ' || string_agg(md5(word || i), '') FROM generate_series(1, 4096) i $$;
            """;

    private static final String SCHEMA =
            LARGE
                    + """
                    CREATE TABLE plain (id int PRIMARY KEY, v text, large text);
                    CREATE TABLE entire (id int PRIMARY KEY, v text, large text);
                    ALTER TABLE entire REPLICA IDENTITY FULL;
                    """;

    /** The word of the large value, and whether all of it is there. */
    private static final String ROWS =
            """
            SELECT id, v, split_part(large, ' ', 1),
                   CASE large WHEN large(split_part(large, ' ', 1)) THEN 'whole' ELSE 'BROKEN' END
            FROM %s WHERE id IN ($k, $m, $n) ORDER BY id\
            """;

    private static TestGroup group;

    LargeTrapScenario(@SuppressWarnings("unused") String versions) {}

    @BeforeParameterizedClassInvocation
    static void start(String versions) {
        group = TestGroup.of(SCHEMA, TestGroup.majors(versions));
        for (String table : TABLES) {
            group.run(
                    0,
                    """
                    INSERT INTO %s SELECT i, 'old', large('old' || i)
                    FROM generate_series(10, 90, 10) ten, generate_series(ten, ten + 2) i
                    """
                            .formatted(table));
            assertThat(
                            group.rows(
                                    0,
                                    """
                                    SELECT pg_relation_size(reltoastrelid) > 27 * 100000
                                    FROM pg_class WHERE relname = '%s'
                                    """
                                            .formatted(table)))
                    .as("the values of table %s are out of line", table)
                    .containsExactly("t");
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

    private static void tell(int key, Consumer<Cast> story, String... rows) {
        Cast.tell(group, key, story, cast -> assertRows(cast, rows));
    }

    private static void tellInChain(
            int key, Consumer<Cast> first, Consumer<Cast> second, String... rows) {
        Cast.tellInChain(
                group,
                key,
                first,
                second,
                cast -> TABLES.forEach(table -> cast.assertAnswerOfC(ROWS.formatted(table), rows)),
                cast -> assertRows(cast, rows));
    }

    private static void assertRows(Cast cast, String... rows) {
        TABLES.forEach(table -> cast.assertAnswer(ROWS.formatted(table), rows));
    }

    /** One transaction on A for each table, which the statement calls {@code %s}. */
    private static void onA(Cast cast, String statement) {
        TABLES.forEach(table -> cast.onA(statement.formatted(table)));
    }

    private static void onB(Cast cast, String statement) {
        TABLES.forEach(table -> cast.onB(statement.formatted(table)));
    }

    @Test
    void updateThatOvertakesItsInsertBringsTheLargeValueToo() {
        tellInChain(
                100,
                cast -> onA(cast, "INSERT INTO %s VALUES ($k, 'by A', large('A'))"),
                cast -> onB(cast, "UPDATE %s SET v = 'by B' WHERE id = $k"),
                "$k|by B|A|whole");
    }

    @Test
    void updateThatOvertakesAnUpdateOfTheLargeValueBringsThatToo() {
        tellInChain(
                10,
                cast -> onA(cast, "UPDATE %s SET large = large('A') WHERE id = $k"),
                cast -> onB(cast, "UPDATE %s SET v = 'by B' WHERE id = $k"),
                "$k|by B|A|whole");
    }

    @Test
    void moveThatOvertakesItsInsertBringsTheLargeValueToo() {
        tellInChain(
                110,
                cast -> onA(cast, "INSERT INTO %s VALUES ($k, 'by A', large('A'))"),
                cast -> onB(cast, "UPDATE %s SET id = $m WHERE id = $k"),
                "$m|by A|A|whole");
    }

    @Test
    void rowsThatTheirWriterChangesAgainAtOnceArriveAsTheyEnded() {
        tellInChain(
                120,
                cast -> {
                    onA(cast, "INSERT INTO %s VALUES ($k, 'by A', large('A'))");
                    onA(cast, "INSERT INTO %s VALUES ($n, 'by A', large('A'))");
                },
                cast -> {
                    onB(cast, "UPDATE %s SET v = 'by B' WHERE id IN ($k, $n)");
                    onB(cast, "UPDATE %s SET v = 'by B again' WHERE id = $k");
                    onB(cast, "DELETE FROM %s WHERE id = $n");
                },
                "$k|by B again|A|whole");
    }

    @Test
    void laterSmallUpdateUndoesAnUnseenLargeOne() {
        tell(
                20,
                cast -> {
                    onA(cast, "UPDATE %s SET large = large('A') WHERE id = $k");
                    onB(cast, "UPDATE %s SET v = 'by B' WHERE id = $k");
                },
                "$k|by B|old$k|whole");
    }

    @Test
    void laterLargeUpdateUndoesAnUnseenSmallOne() {
        tell(
                30,
                cast -> {
                    onB(cast, "UPDATE %s SET v = 'by B' WHERE id = $k");
                    onA(cast, "UPDATE %s SET large = large('A') WHERE id = $k");
                },
                "$k|old|A|whole");
    }

    @Test
    void rowThatItsWriterMovedOnArrivesUnderItsNewKey() {
        tell(
                40,
                cast -> {
                    onA(cast, "UPDATE %s SET v = 'by A' WHERE id = $k");
                    onB(cast, "UPDATE %s SET v = 'by B' WHERE id = $k");
                    onB(cast, "UPDATE %s SET id = $m WHERE id = $k");
                },
                "$m|by B|old$k|whole");
    }

    @Test
    void laterSmallUpdateBringsBackADeletedRowWithItsLargeValue() {
        tell(
                50,
                cast -> {
                    onA(cast, "DELETE FROM %s WHERE id = $k");
                    onB(cast, "UPDATE %s SET v = 'by B' WHERE id = $k");
                },
                "$k|by B|old$k|whole");
    }

    @Test
    void laterLargeUpdateUnderTheOldKeyLeavesTheMovedRowItsOwnValue() {
        tell(
                60,
                cast -> {
                    onA(cast, "UPDATE %s SET id = $m WHERE id = $k");
                    onB(cast, "UPDATE %s SET large = large('B') WHERE id = $k");
                },
                "$k|old|B|whole",
                "$m|old|old$k|whole");
    }

    @Test
    void smallUpdateThenDeleteThenLargeInsertEndsAsItEnded() {
        tell(
                70,
                cast -> {
                    onA(cast, "UPDATE %s SET large = large('A') WHERE id = $k");
                    onB(cast, "UPDATE %s SET v = 'by B' WHERE id = $k");
                    onB(cast, "DELETE FROM %s WHERE id = $k");
                    onB(cast, "INSERT INTO %s VALUES ($k, 'by B', large('B'))");
                    onB(cast, "UPDATE %s SET v = 'by B again' WHERE id = $k");
                },
                "$k|by B again|B|whole");
    }

    @Test
    void largeUpdateBetweenTwoSmallOnesOfTheOtherNodeIsUndone() {
        tell(
                80,
                cast -> {
                    onB(cast, "UPDATE %s SET v = 'by B' WHERE id = $k");
                    onA(cast, "UPDATE %s SET large = large('A') WHERE id = $k");
                    onB(cast, "UPDATE %s SET v = 'by B again' WHERE id = $k");
                },
                "$k|by B again|old$k|whole");
    }
}
