package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.pgchorus.daemon.Halts;
import org.pgchorus.model.NodeName;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** What policies do where it is easily forgotten: against deletes, and with odd functions. */
class PolicyPromiseScenario {
    private static final String TABLE =
            """
            CREATE TABLE %1$s (id int PRIMARY KEY, v text);
            CREATE FUNCTION one_of_%1$s(here %1$s, incoming %1$s, meta jsonb) RETURNS %1$s
                LANGUAGE sql IMMUTABLE AS $$ SELECT here $$;
            """;

    private static TestGroup group;

    @BeforeAll
    static void start() {
        List<String> tables = List.of("applied", "chosen", "moved", "silent", "dropped");
        StringBuilder schema = new StringBuilder();
        tables.forEach(table -> schema.append(TABLE.formatted(table)));
        group = TestGroup.of(schema.toString(), 18, 15);
        tables.forEach(
                table -> group.run(0, "INSERT INTO %s VALUES (1, 'first')".formatted(table)));
        group.settle();
    }

    @AfterAll
    static void stop() {
        group.close();
    }

    private static String rows(String table) {
        return "SELECT id, v FROM %s ORDER BY id".formatted(table);
    }

    private static void run(String statement) {
        List.of(0, 1).forEach(node -> group.run(node, statement));
    }

    /** A row that b updates, and a deletes after that, neither having heard of the other. */
    private static void deletedLater(String table) {
        group.holdAll();
        group.run(1, "UPDATE %s SET v = 'of b'".formatted(table));
        group.run(0, "DELETE FROM %s".formatted(table));
    }

    private static void updatedTwice(String table) {
        group.holdAll();
        group.run(0, "UPDATE %s SET v = 'of a'".formatted(table));
        group.run(1, "UPDATE %s SET v = 'of b'".formatted(table));
        group.releaseAll();
    }

    @Test
    void theIncomingChangeWinsOverALaterDeleteToo() {
        PolicyScenario.set(group, "applied", PolicyScenario.rule("apply_remote"));
        deletedLater("applied");
        group.releaseAll();
        group.settle();
        assertThat(group.rows(0, rows("applied"))).containsExactly("1|of b");
        assertThat(group.rows(1, rows("applied"))).isEmpty();
        assertThat(group.conflicts().stream().filter(c -> c.table().endsWith("applied")))
                .extracting(c -> c.node() + " " + c.type() + " " + c.resolution())
                .containsExactlyInAnyOrder(
                        "a update_deleted apply_remote", "b delete_origin_differs apply_remote");
    }

    @Test
    void theIncomingSideCanBeChosenAgainstALaterDelete() {
        PolicyScenario.set(group, "chosen", PolicyScenario.rule("error"));
        NodeName a = TestGroup.name(0);
        NodeName b = TestGroup.name(1);
        deletedLater("chosen");
        group.releaseAll();
        choose(b, a, Halts.Side.REMOTE);
        choose(a, b, Halts.Side.LOCAL);
        assertThat(group.settledRows(rows("chosen"))).containsExactly("1|of b");
    }

    private static void choose(NodeName from, NodeName to, Halts.Side side) {
        TestGroup.await(
                "the link stands at the conflict",
                () -> Halts.show(group.address(0), from, to).isPresent());
        OptionalLong any = OptionalLong.empty();
        Halts.choose(group.address(0), from, to, any, any, Optional.of(side), false);
    }

    private static void answer(String table, String result) {
        run(
                """
                CREATE OR REPLACE FUNCTION one_of_%1$s(here %1$s, incoming %1$s, meta jsonb)
                RETURNS %1$s LANGUAGE sql IMMUTABLE AS $$ SELECT %2$s $$\
                """
                        .formatted(table, result));
    }

    /** It would stand under a key that no change was about. */
    @Test
    void aFunctionThatChangesTheKeyHoldsTheTable() {
        answer("moved", "ROW(9, 'both')::moved");
        PolicyScenario.set(group, "moved", PolicyScenario.function("one_of_moved"));
        updatedTwice("moved");
        for (int node : List.of(0, 1)) {
            assertThat(HeldScenario.awaitHeld(group, 1 - node, node, "public.moved").message())
                    .contains("another key");
        }
        answer("moved", "ROW(here.id, 'both')::moved");
        assertThat(group.settledRows(rows("moved"))).containsExactly("1|both");
    }

    @Test
    void aFunctionThatAnswersNothingLeavesItToTheStamps() {
        answer("silent", "NULL::silent");
        PolicyScenario.set(group, "silent", PolicyScenario.function("one_of_silent"));
        updatedTwice("silent");
        assertThat(group.settledRows(rows("silent"))).containsExactly("1|of b");
    }

    @Test
    void aTableThatAFunctionHoldsGoesOnUnderAnotherPolicy() {
        PolicyScenario.set(group, "dropped", PolicyScenario.function("one_of_dropped"));
        run("DROP FUNCTION one_of_dropped");
        updatedTwice("dropped");
        for (int node : List.of(0, 1)) {
            assertThat(HeldScenario.awaitHeld(group, 1 - node, node, "public.dropped").sqlState())
                    .isEqualTo("42883");
        }
        PolicyScenario.set(group, "dropped", PolicyScenario.rule("last_update_wins"));
        assertThat(group.settledRows(rows("dropped"))).containsExactly("1|of b");
    }
}
