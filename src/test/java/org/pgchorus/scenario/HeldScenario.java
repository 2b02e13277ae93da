package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgchorus.daemon.HeldChanges;
import org.pgchorus.daemon.Orders;
import org.pgchorus.daemon.Status;
import org.pgchorus.daemon.Survey;
import org.pgchorus.daemon.Waiting;
import org.pgchorus.model.LinkName;
import org.pgchorus.pg.PgError;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A change that cannot be applied holds its table on that link; the others flow, nothing is lost,
 * and it resumes by itself when the cause is gone.
 */
class HeldScenario {
    private static final String SCHEMA =
            """
            CREATE TABLE t (id int PRIMARY KEY, v text);
            CREATE TABLE s (id int PRIMARY KEY, v text);
            CREATE TABLE n (id int PRIMARY KEY, v bigint);
            CREATE TABLE log (line text)\
            """;

    private static final String T = "SELECT * FROM t ORDER BY id";

    static Status.Link link(TestGroup group, int from, int to) {
        return Survey.of(group.address(0)).links().stream()
                .filter(link ->
                        link.from().equals(TestGroup.name(from).text())
                                && link.to().equals(TestGroup.name(to).text()))
                .findFirst()
                .orElseThrow();
    }

    static HeldChanges.HeldTable awaitHeld(TestGroup group, int from, int to, String table) {
        TestGroup.await(
                table + " is held",
                () ->
                        link(group, from, to).held().stream()
                                .anyMatch(held -> held.table().equals(table)));
        return link(group, from, to).held().stream()
                .filter(held -> held.table().equals(table))
                .findFirst()
                .orElseThrow();
    }

    private static void awaitRows(TestGroup group, int node, String question, String... rows) {
        TestGroup.await(
                question + " gives " + List.of(rows),
                () -> group.rows(node, question).equals(List.of(rows)));
    }

    static void awaitNothingHeld(TestGroup group) {
        TestGroup.await(
                "nothing is held",
                () ->
                        Survey.of(group.address(0)).links().stream()
                                .allMatch(l -> l.held().isEmpty()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"18,15", "15,18", "14,17"})
    void aMissingColumnHoldsItsTableAloneUntilItIsThere(String versions)
            throws InterruptedException {
        try (TestGroup group = TestGroup.of(SCHEMA, TestGroup.majors(versions))) {
            group.run(0, "INSERT INTO t VALUES (1, 'first')");
            group.settle();
            group.run(0, "ALTER TABLE t ADD COLUMN extra text");
            group.run(
                    0,
                    "INSERT INTO s VALUES (1, 'with it')",
                    "UPDATE t SET v = 'changed' WHERE id = 1",
                    "INSERT INTO t VALUES (2, 'second', 'x')",
                    "INSERT INTO s VALUES (2, 'behind it')");
            group.run(0, "INSERT INTO s VALUES (3, 'later')");
            awaitRows(group, 1, "SELECT count(*) FROM s", "3");
            for (int i = 0; i < 200; i++) {
                group.run(0, "UPDATE t SET extra = '" + i + "' WHERE id = 2");
            }
            HeldChanges.HeldTable held = awaitHeld(group, 0, 1, "public.t");
            assertThat(held.sqlState()).isEqualTo("42703");
            assertThat(held.message()).contains("lacks the column [extra]");
            assertThat(held.key()).isPresent().get().asString().contains("\"id\" : \"1\"");
            assertThat(held.cure()).contains("add the column at node b");
            awaitRows(group, 1, T, "1|first");
            assertThat(group.problems())
                    .singleElement()
                    .asString()
                    .contains("holds table public.t");
            assertThat(
                            Waiting.untilApplied(
                                    group.address(0),
                                    Duration.ofSeconds(1),
                                    Optional.empty(),
                                    Optional.empty()))
                    .containsExactly(new LinkName(TestGroup.name(0), TestGroup.name(1)));
            HeldChanges.Transaction first =
                    Orders.showHeld(group.address(0), TestGroup.name(0), TestGroup.name(1))
                            .orElseThrow();
            assertThat(first.changes())
                    .extracting(HeldChanges.Change::number, HeldChanges.Change::operation)
                    .containsExactly(
                            org.assertj.core.groups.Tuple.tuple(2L, "update"),
                            org.assertj.core.groups.Tuple.tuple(3L, "insert"));
            group.run(1, "ALTER TABLE t ADD COLUMN extra text");
            assertThat(group.settledRows(T)).containsExactly("1|changed|null", "2|second|199");
            awaitNothingHeld(group);
            group.run(0, "INSERT INTO t VALUES (3, 'flows', 'again')");
            assertThat(group.settledRows(T)).hasSize(3);
            assertThat(group.problems()).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "18,15; ALTER TABLE t ADD CHECK (v <> 'x'); INSERT INTO t VALUES (1, 'x'); 23514;"
                        + " ALTER TABLE t DROP CONSTRAINT t_v_check",
                "15,18; ALTER TABLE n ALTER v TYPE int; INSERT INTO n VALUES (1, 3000000000);"
                        + " 22003; ALTER TABLE n ALTER v TYPE bigint",
                "18,15; ALTER TABLE t ALTER v TYPE varchar(3); INSERT INTO t VALUES (1, 'long');"
                        + " 22001; ALTER TABLE t ALTER v TYPE text",
                "15,18; ALTER TABLE t ADD w int NOT NULL;"
                        + " INSERT INTO t VALUES (1, 'x'); 23502; ALTER TABLE t DROP w",
                "18,18; DROP TABLE t; INSERT INTO t VALUES (1, 'x'); 42P01;"
                        + " CREATE TABLE t (id int PRIMARY KEY, v text)",
            })
    void everyCauseHoldsAndItsCureResumes(
            String versions, String cause, String change, String sqlState, String cure) {
        try (TestGroup group = TestGroup.of(SCHEMA, TestGroup.majors(versions))) {
            for (int i = 10; i < 20; i++) {
                group.run(
                        0,
                        "INSERT INTO t VALUES (" + i + ", 'a')",
                        "INSERT INTO n VALUES (" + i + ", 7)");
            }
            group.settle();
            group.run(1, "DELETE FROM t; DELETE FROM n");
            group.settle();
            group.run(1, cause);
            group.run(0, change, "INSERT INTO s VALUES (1, 'flows')");
            String table = "public." + change.split(" ")[2];
            assertThat(awaitHeld(group, 0, 1, table).sqlState()).isEqualTo(sqlState);
            awaitRows(group, 1, "SELECT v FROM s", "flows");
            group.run(0, change.replace("(1,", "(2,").replaceAll("INTO s.*", ""));
            TestGroup.await(
                    "two are held",
                    () -> link(group, 0, 1).held().stream().anyMatch(h -> h.changes() == 2));
            group.run(1, cure);
            assertThat(group.settledRows("SELECT * FROM " + table + " ORDER BY id")).hasSize(2);
            awaitNothingHeld(group);
            assertThat(group.problems()).isEmpty();
        }
    }

    @Test
    void aTransactionLargerThanMemoryIsHeldAsAWhole() {
        try (TestGroup group = TestGroup.of(SCHEMA, 18, 15)) {
            group.run(1, "ALTER TABLE t ADD CHECK (id <> 7000)");
            group.run(
                    0,
                    "INSERT INTO s SELECT g, repeat('x', 200) FROM generate_series(1, 4000) g",
                    "INSERT INTO t SELECT g, repeat('x', 200) FROM generate_series(1, 8000) g",
                    "DELETE FROM t WHERE id = 5");
            awaitRows(group, 1, "SELECT count(*) FROM s", "4000");
            assertThat(awaitHeld(group, 0, 1, "public.t").changes()).isEqualTo(8001);
            TestGroup.await(
                    "the failing change is known",
                    () ->
                            link(group, 0, 1)
                                    .held()
                                    .getFirst()
                                    .key()
                                    .filter(key -> key.contains("7000"))
                                    .isPresent());
            assertThat(group.rows(1, "SELECT count(*) FROM t")).containsExactly("0");
            group.run(1, "ALTER TABLE t DROP CONSTRAINT t_id_check");
            assertThat(group.settledRows("SELECT count(*), sum(id) FROM t"))
                    .containsExactly("7999|" + (8000L * 8001 / 2 - 5));
            awaitNothingHeld(group);
        }
    }

    /** A refused write may only show with a later change, of another table, or with the commit. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT 1",
                "UPDATE s SET v = 'after' WHERE id = 1",
                "INSERT INTO s VALUES (2, 'after')",
                "INSERT INTO s VALUES (2, repeat('large', 500000))",
                "UPDATE s SET v = repeat('x', 2000) WHERE id <= 1000",
            })
    void theTableHeldIsThatOfTheRefusedChangeWhateverComesAfterIt(String after) {
        try (TestGroup group = TestGroup.of(SCHEMA, 18, 15)) {
            group.run(
                    0,
                    "INSERT INTO t SELECT g, 'old' FROM generate_series(1, 10) g",
                    "INSERT INTO s SELECT g, 'old' FROM generate_series(10, 1000) g",
                    "INSERT INTO s VALUES (1, 'old')");
            group.settle();
            group.run(1, "ALTER TABLE t ADD CHECK (v <> 'refused')");
            group.run(0, "UPDATE t SET v = 'refused' WHERE id = 1", after);
            assertThat(awaitHeld(group, 0, 1, "public.t").sqlState()).isEqualTo("23514");
            assertThat(link(group, 0, 1).held()).hasSize(1);
            TestGroup.await(
                    "the other table flows",
                    () ->
                            group.rows(0, "SELECT count(*), max(v) FROM s")
                                    .equals(group.rows(1, "SELECT count(*), max(v) FROM s")));
            group.run(1, "ALTER TABLE t DROP CONSTRAINT t_v_check");
            assertThat(group.settledRows("SELECT v FROM t WHERE id = 1"))
                    .containsExactly("refused");
            awaitNothingHeld(group);
        }
    }

    @Test
    void heldChangesAreDecidedByTheirOwnStampsWhenTheyAreApplied() {
        try (TestGroup group = TestGroup.of(SCHEMA, 18, 15, 18)) {
            group.run(0, "INSERT INTO t SELECT g, 'start' FROM generate_series(1, 6) g");
            group.settle();
            group.run(1, "ALTER TABLE t ADD CHECK (v NOT LIKE 'a%') NOT VALID");
            group.run(0, "UPDATE t SET v = 'a held' WHERE id IN (1, 2, 3)");
            group.run(0, "DELETE FROM t WHERE id = 4");
            awaitHeld(group, 0, 1, "public.t");
            group.run(1, "UPDATE t SET v = 'b later' WHERE id IN (2, 4)");
            group.settle(0, 2);
            group.run(2, "UPDATE t SET v = 'c later' WHERE id = 3");
            group.run(2, "DELETE FROM t WHERE id = 5");
            group.run(2, "INSERT INTO t VALUES (7, 'c new')");
            group.settle(2, 1);
            awaitRows(
                    group,
                    1,
                    T,
                    "1|start",
                    "2|b later",
                    "3|c later",
                    "4|b later",
                    "6|start",
                    "7|c new");
            assertThat(claims(group, 1, 0)).as("b claims what it holds").isFalse();
            group.run(1, "ALTER TABLE t DROP CONSTRAINT t_v_check");
            assertThat(group.settledRows(T))
                    .containsExactly(
                            "1|a held",
                            "2|b later",
                            "3|c later",
                            "4|b later",
                            "6|start",
                            "7|c new");
            assertThat(Recorded.of(group, 1, "t", "2"))
                    .anySatisfy(line -> assertThat(line).contains("keep_local"));
        }
    }

    @Test
    void heldKeyChangesAndATruncateEndEqual() {
        try (TestGroup group = TestGroup.of(SCHEMA, 18, 15)) {
            group.run(0, "INSERT INTO t SELECT g, 'start' FROM generate_series(1, 6) g");
            group.settle();
            group.run(0, "ALTER TABLE t ADD COLUMN extra text");
            group.run(0, "UPDATE t SET id = id + 100 WHERE id < 4");
            awaitHeld(group, 0, 1, "public.t");
            group.run(1, "UPDATE t SET v = 'b' WHERE id IN (1, 5)");
            group.settle(1, 0);
            group.run(0, "UPDATE t SET id = 7, extra = 'moved' WHERE id = 101");
            group.run(0, "TRUNCATE t, s");
            group.run(0, "INSERT INTO t VALUES (1, 'after'), (8, 'after')");
            group.run(0, "UPDATE t SET id = 9 WHERE id = 8");
            group.run(1, "INSERT INTO t VALUES (7, 'by b')");
            group.run(1, "UPDATE t SET v = 'b later' WHERE id = 2");
            group.settle(1, 0);
            group.run(1, "ALTER TABLE t ADD COLUMN extra text");
            assertThat(group.settledRows(T))
                    .containsExactly(
                            "1|after|null", "2|b later|null", "7|by b|null", "9|after|null");
            awaitNothingHeld(group);
            assertThat(group.problems()).isEmpty();
        }
    }

    /** What a node says it has applied of a peer stays below the first change it holds. */
    private static boolean claims(TestGroup group, int node, int peer) {
        return group.rows(
                        node,
                        "SELECT micros >= (SELECT min(micros) FROM pgchorus.held_change_entry)"
                                + " FROM pgchorus.progress WHERE node = %d AND peer = %d"
                                        .formatted(node + 1, peer + 1))
                .equals(List.of("t"));
    }

    @Test
    void skippedChangesAreKnownDifferences() {
        try (TestGroup group = TestGroup.of(SCHEMA, 18, 15)) {
            group.run(1, "ALTER TABLE t ADD CHECK (v <> 'bad')");
            assertThatThrownBy(() -> skip(group, OptionalLong.empty(), OptionalLong.empty(), true))
                    .isInstanceOf(PgError.Refused.class)
                    .hasMessageContaining("the link holds no change");
            group.run(0, "INSERT INTO t VALUES (1, 'good')", "INSERT INTO t VALUES (2, 'bad')");
            group.run(0, "INSERT INTO t VALUES (3, 'bad')");
            group.run(0, "INSERT INTO t VALUES (4, 'good')");
            awaitHeld(group, 0, 1, "public.t");
            TestGroup.await("all are held", () -> link(group, 0, 1).held().get(0).changes() == 4);
            HeldChanges.Transaction shown =
                    skip(group, OptionalLong.empty(), OptionalLong.of(2), true);
            assertThat(shown.changes())
                    .singleElement()
                    .satisfies(c -> assertThat(c.after().orElseThrow()).contains("bad"));
            assertThat(link(group, 0, 1).held().getFirst().changes()).isEqualTo(4);
            skip(group, OptionalLong.empty(), OptionalLong.of(2), false);
            awaitRows(group, 1, "SELECT id FROM t ORDER BY id", "1");
            TestGroup.await("the next fails", () -> link(group, 0, 1).held().get(0).changes() == 2);
            HeldChanges.Transaction next =
                    skip(group, OptionalLong.empty(), OptionalLong.empty(), true);
            skip(group, OptionalLong.of(next.xid()), OptionalLong.empty(), false);
            awaitRows(group, 1, "SELECT id FROM t ORDER BY id", "1", "4");
            awaitNothingHeld(group);
            group.settle();
            assertThat(link(group, 0, 1).differences())
                    .isEqualTo(new Status.Differences(2, "public.t"));
            assertThat(group.problems()).singleElement().asString().contains("2 changes");
            assertThat(
                            group.rows(
                                    1,
                                    "SELECT change, after ->> 'v' FROM pgchorus.known_difference"
                                            + " ORDER BY seq"))
                    .containsExactly("2|bad", "1|bad");
        }
    }

    private static HeldChanges.Transaction skip(
            TestGroup group, OptionalLong xid, OptionalLong change, boolean dryRun) {
        return Orders.skip(
                group.address(0), TestGroup.name(0), TestGroup.name(1), xid, change, dryRun);
    }
}
