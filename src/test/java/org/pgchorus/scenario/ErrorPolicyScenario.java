package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.pgchorus.daemon.Halts;
import org.pgchorus.model.NodeName;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The policies that are asked only where changes conflict: the link stops and a person chooses; the
 * incoming change wins; the local row stays; a function makes one row of both.
 */
class ErrorPolicyScenario {
    private static final String SCHEMA =
            """
            CREATE TABLE t (id int PRIMARY KEY, v text, n int NOT NULL DEFAULT 0);
            CREATE FUNCTION greatest_of(here t, incoming t, meta jsonb) RETURNS t
                LANGUAGE sql IMMUTABLE
                AS $$ SELECT ROW(here.id, greatest(here.v, incoming.v),
                                 greatest(here.n, incoming.n))::t $$;
            CREATE TABLE other (id int PRIMARY KEY);
            """;

    private static final String ROWS = "SELECT id, v, n FROM t ORDER BY id";

    @Test
    void theLinkStandsUntilAPersonChooses() {
        try (TestGroup group = TestGroup.of(SCHEMA, 18, 15)) {
            policy(group, "error", null);
            conflict(group);
            NodeName a = TestGroup.name(0);
            NodeName b = TestGroup.name(1);
            group.releaseAll();
            for (int to : List.of(0, 1)) {
                NodeName from = TestGroup.name(1 - to);
                TestGroup.await(
                        "the link stands at the conflict",
                        () -> Halts.show(group.address(0), from, TestGroup.name(to)).isPresent());
            }
            Halts.Halt halt = Halts.show(group.address(0), a, b).orElseThrow();
            assertThat(halt.type()).isEqualTo("update_origin_differs");
            assertThat(halt.local().orElseThrow()).contains("of b");
            assertThat(halt.remote().orElseThrow()).contains("of a");
            assertThat(group.problems()).anyMatch(p -> p.contains("policy is error"));
            assertThat(group.rows(1, ROWS)).containsExactly("1|of b|2");
            assertThat(group.rows(1, "SELECT id FROM other")).isEmpty();

            choose(group, a, b, Halts.Side.REMOTE);
            assertThatThrownBy(() -> choose(group, a, a, Halts.Side.REMOTE))
                    .hasMessageContaining("stands at no conflict");
            choose(group, b, a, Halts.Side.LOCAL);
            assertThat(group.settledRows(ROWS)).containsExactly("1|of a|1");
            assertThat(group.settledRows("SELECT id FROM other")).containsExactly("7");
            assertThat(group.conflicts())
                    .allMatch(c -> c.type().equals("update_origin_differs"))
                    .extracting(c -> c.node() + " " + c.resolution() + " " + c.policy())
                    .containsExactlyInAnyOrder("a keep_local error", "b apply_remote error");
        }
    }

    private static void choose(TestGroup group, NodeName from, NodeName to, Halts.Side side) {
        OptionalLong any = OptionalLong.empty();
        Optional<Halts.Halt> chosen =
                Halts.choose(group.address(0), from, to, any, any, Optional.of(side), false);
        assertThat(chosen).isPresent();
    }

    @Test
    void theIncomingChangeWinsAndTheNodesDiffer() {
        try (TestGroup group = TestGroup.of(SCHEMA, 18, 18)) {
            policy(group, "apply_remote", null);
            conflict(group);
            group.releaseAll();
            group.settle();
            assertThat(group.rows(0, ROWS)).containsExactly("1|of b|2");
            assertThat(group.rows(1, ROWS)).containsExactly("1|of a|1");
        }
    }

    @Test
    void theLocalRowStaysAndTheNodesDiffer() {
        try (TestGroup group = TestGroup.of(SCHEMA, 18, 18)) {
            policy(group, "keep_local", null);
            conflict(group);
            group.releaseAll();
            group.settle();
            assertThat(group.rows(0, ROWS)).containsExactly("1|of a|1");
            assertThat(group.rows(1, ROWS)).containsExactly("1|of b|2");
            // What is no conflict goes by stamps, and makes them equal again.
            group.awaitHeard();
            group.run(0, "UPDATE t SET v = 'both'");
            assertThat(group.settledRows(ROWS)).containsExactly("1|both|1");
        }
    }

    @Test
    void aFunctionMakesOneRowOfBoth() {
        try (TestGroup group = TestGroup.of(SCHEMA, 18, 15)) {
            policy(group, "function", "public.greatest_of");
            conflict(group);
            group.run(0, "UPDATE t SET n = 9 WHERE id = 1");
            group.releaseAll();
            assertThat(group.settledRows(ROWS)).containsExactly("1|of b|9");
            assertThat(group.conflicts()).anyMatch(c -> c.resolution().equals("combined"));
        }
    }

    @Test
    void anErrorInTheFunctionHoldsTheTableAndNothingElse() {
        try (TestGroup group = TestGroup.of(SCHEMA, 18, 15)) {
            policy(group, "function", "public.greatest_of");
            String broken =
                    """
                    CREATE OR REPLACE FUNCTION greatest_of(here t, incoming t, meta jsonb)
                    RETURNS t LANGUAGE plpgsql AS $$ BEGIN RAISE 'not today'; END $$\
                    """;
            String mended =
                    """
                    CREATE OR REPLACE FUNCTION greatest_of(here t, incoming t, meta jsonb)
                    RETURNS t LANGUAGE plpgsql AS $$ BEGIN
                        IF here.v > incoming.v THEN RETURN here; END IF;
                        RETURN incoming;
                    END $$\
                    """;
            List.of(0, 1).forEach(node -> group.run(node, broken));
            conflict(group);
            group.releaseAll();
            TestGroup.await(
                    "the other table of the transaction is there",
                    () -> group.rows(1, "SELECT id FROM other").equals(List.of("7")));
            TestGroup.await(
                    "the function's error is shown",
                    () ->
                            group.rows(1, "SELECT message FROM pgchorus.held_change").stream()
                                    .anyMatch(m -> m.contains("not today")));
            List.of(0, 1).forEach(node -> group.run(node, mended));
            assertThat(group.settledRows(ROWS)).containsExactly("1|of b|2");
        }
    }

    /** One row, updated on both sides while held; with another table in the same transaction. */
    private static void conflict(TestGroup group) {
        group.run(0, "INSERT INTO t VALUES (1, 'first')");
        group.settle();
        group.holdAll();
        group.run(0, "BEGIN; UPDATE t SET v = 'of a', n = 1; INSERT INTO other VALUES (7); COMMIT");
        group.run(1, "UPDATE t SET v = 'of b', n = 2");
    }

    private static void policy(TestGroup group, String policy, String function) {
        for (int node = 0; node < group.size(); node++) {
            group.run(
                    node,
                    "INSERT INTO pgchorus.policy (schema_name, table_name, policy, function_name)"
                            + " VALUES ('public', 't', '%s', %s)"
                                    .formatted(
                                            policy,
                                            function == null ? "NULL" : "'" + function + "'"));
        }
    }
}
