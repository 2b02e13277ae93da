package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The plainest story: what is written on one node is read on the others, on every version. */
class FirstLightScenario {
    private static final String SCHEMA =
            """
            CREATE TYPE mood AS ENUM ('fair', 'foul');
            CREATE TABLE t (id int PRIMARY KEY, v text, n numeric);
            CREATE TABLE log (line text);
            CREATE TABLE numbered (
                id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                v text, twice text GENERATED ALWAYS AS (v || v) STORED);
            CREATE TABLE counted (
                name text PRIMARY KEY, n bigint GENERATED ALWAYS AS IDENTITY, v text);
            CREATE TABLE "Odd ""Names""\" (
                "the ?" uuid, " " char(5), "a,b" timestamptz, "select" mood, j jsonb, a int[],
                b bytea, f float8, i interval, PRIMARY KEY ("the ?", " "));
            CREATE TABLE only_key (a int, b text, PRIMARY KEY (b, a));
            """;

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
            columnsOfEveryKind(group);
        }
    }

    private static void columnsOfEveryKind(TestGroup group) {
        String odd = "\"Odd \"\"Names\"\"\"";
        String uuid = "'00000000-0000-0000-0000-000000000001'";
        group.run(
                0,
                "INSERT INTO numbered (v) VALUES ('x'), ('y')",
                "INSERT INTO counted (name, v) VALUES ('first', 'a')",
                "INSERT INTO only_key VALUES (1, 'b'), (2, 'b')",
                "INSERT INTO "
                        + odd
                        + " VALUES ("
                        + uuid
                        + ", 'ab', '2026-01-01 00:00:00.123456+05', 'foul', '{\"a\": [1, null]}',"
                        + " '{1,NULL,3}', '\\x00ff', 'NaN', '1 month -2 days 03:04:05.6')");
        group.settle();
        group.run(
                1,
                "UPDATE numbered SET v = 'z' WHERE v = 'x'",
                "DELETE FROM numbered WHERE v = 'y'",
                "UPDATE counted SET v = 'b'",
                "UPDATE only_key SET a = 3 WHERE a = 2",
                "UPDATE " + odd + " SET \"select\" = 'fair', b = NULL, f = '-0'");
        assertThat(group.settledRows("SELECT * FROM numbered")).containsExactly("1|z|zz");
        assertThat(group.settledRows("SELECT * FROM counted")).containsExactly("first|1|b");
        assertThat(group.settledRows("SELECT * FROM only_key ORDER BY 1"))
                .containsExactly("1|b", "3|b");
        assertThat(
                        group.settledRows(
                                "SELECT \" \", \"a,b\" AT TIME ZONE 'UTC', \"select\", j, a, b,"
                                        + " f, i FROM "
                                        + odd))
                .containsExactly(
                        "ab   |2025-12-31 19:00:00.123456|fair|{\"a\": [1, null]}|{1,NULL,3}|null|"
                                + "-0|1 mon -2 days +03:04:05.6");
    }
}
