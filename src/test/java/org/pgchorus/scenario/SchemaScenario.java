package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.List;

/** What a client changes of the schema on one node changes on all, in order with the rows. */
class SchemaScenario {
    private static final String SCHEMA = "CREATE TABLE t (id int PRIMARY KEY, v text)";

    private static final String STATES =
            "SELECT state, count(*) FROM pgchorus.ddl_entry GROUP BY 1 ORDER BY 1";

    static TestGroup group(int... majors) {
        TestGroup group = TestGroup.of(SCHEMA, majors);
        group.replicateSchema();
        return group;
    }

    /** What is known of the tables, without oids. */
    static final String SHAPE =
            """
            SELECT kind, schema_name, table_name, name, definition FROM pgchorus.shape_now
            ORDER BY 1, 2, 3, 4, 5\
            """;

    @ParameterizedTest
    @ValueSource(strings = {"18,14", "14,18"})
    void statementsAndRowsOfOneTransactionStayInTheirOrder(String versions) {
        try (TestGroup group = group(TestGroup.majors(versions))) {
            group.run(
                    0,
                    "INSERT INTO t VALUES (1, 'before')",
                    "ALTER TABLE t ADD COLUMN n int NOT NULL DEFAULT 7",
                    "INSERT INTO t VALUES (2, 'behind', 8)",
                    "CREATE TABLE fresh (id int PRIMARY KEY, v text)",
                    "INSERT INTO fresh VALUES (1, 'in the same transaction')",
                    "CREATE INDEX ON fresh (v)");
            assertThat(group.settledRows("SELECT * FROM t ORDER BY id"))
                    .containsExactly("1|before|7", "2|behind|8");
            assertThat(group.settledRows("SELECT * FROM fresh")).hasSize(1);
            group.run(1, "UPDATE fresh SET v = 'from the other'", "DELETE FROM t WHERE id = 1");
            group.run(1, "CREATE TABLE other (id int PRIMARY KEY)");
            group.settle();
            group.run(0, "INSERT INTO other VALUES (1)", "DROP TABLE fresh");
            assertThat(group.settledRows("SELECT * FROM other")).hasSize(1);
            assertThat(group.settledRows("SELECT * FROM t ORDER BY id")).hasSize(1);
            assertThat(group.settledRows("SELECT to_regclass('fresh')")).containsExactly("null");
            group.settledRows(SHAPE);
            assertThat(group.settledRows(STATES)).containsExactly("applied|5");
            assertThat(group.problems()).isEmpty();
        }
    }

    @Test
    void aStatementThatDoesNotWorkHoldsItsTableAndIsTriedAgain() {
        try (TestGroup group = group(18, 18)) {
            group.run(1, "SET LOCAL pgchorus.replicate_ddl = off", "CREATE TABLE s (other text)");
            group.run(0, "CREATE TABLE s (id int PRIMARY KEY)", "INSERT INTO s VALUES (1)");
            group.run(0, "INSERT INTO t VALUES (1, 'flows')");
            group.run(0, "ALTER TABLE s ADD COLUMN n int", "INSERT INTO s VALUES (2, 2)");
            TestGroup.await(
                    "the others flow",
                    () -> group.rows(1, "SELECT v FROM t").equals(List.of("flows")));
            HeldScenario.awaitHeld(group, 0, 1, "public.s");
            assertThat(group.rows(1, STATES)).containsExactly("held|2");
            group.run(1, "SET LOCAL pgchorus.replicate_ddl = off", "DROP TABLE s");
            assertThat(group.settledRows("SELECT * FROM s ORDER BY id"))
                    .containsExactly("1|null", "2|2");
            HeldScenario.awaitNothingHeld(group);
            assertThat(group.settledRows(STATES)).containsExactly("applied|2");
            assertThat(group.problems()).isEmpty();
        }
    }

    /** A table's triggers are made by the database too; as by us. */
    @Test
    void triggersAreTheSameWhoeverMakesThem() {
        String made =
                """
                SELECT regexp_replace(replace(pg_get_triggerdef(t.oid) || p.prosecdef
                    || p.proconfig::text || p.prosrc, '"', ''), '[[:space:]]+', ' ', 'g')
                FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
                WHERE t.tgname LIKE 'pgchorus%' ORDER BY 1\
                """;
        String schema =
                """
                CREATE TABLE pair (b int, a text, v int, PRIMARY KEY (a, b));
                CREATE TABLE bare (v int);
                CREATE TABLE p (id int, r int, PRIMARY KEY (id, r)) PARTITION BY LIST (r);
                CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)\
                """;
        try (TestGroup group = TestGroup.of(schema, 18)) {
            List<String> before = group.rows(0, made);
            assertThat(before).hasSize(7);
            group.run(
                    0,
                    "SET LOCAL pgchorus.replicate_ddl = ours",
                    "SELECT pgchorus.attach_table(oid) FROM pg_class"
                            + " WHERE relname IN ('pair', 'bare', 'p1')");
            assertThat(group.rows(0, made)).isEqualTo(before);
        }
    }

    @Test
    void twoNodesThatDoTheSameAtOnceEndTheSame() {
        try (TestGroup group = group(18, 14, 18)) {
            group.holdAll();
            for (int node = 0; node < 3; node++) {
                group.run(
                        node,
                        "CREATE TABLE twice (id int PRIMARY KEY, v text)",
                        "CREATE INDEX ON twice (v)",
                        "ALTER TABLE t ADD COLUMN n int DEFAULT 1",
                        "ALTER TABLE t RENAME COLUMN v TO w");
                group.run(node, "INSERT INTO twice VALUES (" + node + ", 'x')");
            }
            group.releaseAll();
            assertThat(group.settledRows("SELECT * FROM twice ORDER BY id")).hasSize(3);
            group.settledRows(SHAPE);
            assertThat(group.settledRows(STATES)).containsExactly("applied|12");
            assertThat(group.problems()).isEmpty();
        }
    }

    @Test
    void rowsOfThoseWhoHaveNotHeardYetFindTheirWay() {
        try (TestGroup group = group(18, 18)) {
            group.run(0, "CREATE TABLE gone (id int PRIMARY KEY)");
            group.run(0, "CREATE TABLE old (id int PRIMARY KEY, a text, b text, c text)");
            group.settle();
            group.holdAll();
            group.run(0, "DROP TABLE gone");
            group.run(
                    0,
                    "ALTER TABLE old RENAME TO young",
                    "ALTER TABLE young RENAME COLUMN b TO bb",
                    "ALTER TABLE young DROP COLUMN a");
            group.run(1, "INSERT INTO gone VALUES (1)");
            group.run(1, "INSERT INTO old VALUES (1, 'a', 'b', 'c')");
            group.run(1, "UPDATE old SET c = 'cc'");
            group.releaseAll();
            assertThat(group.settledRows("SELECT * FROM young")).containsExactly("1|b|cc");
            group.settledRows(SHAPE);
            assertThat(group.problems()).isEmpty();
        }
    }
}
