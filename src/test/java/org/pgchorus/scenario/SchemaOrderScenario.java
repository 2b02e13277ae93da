package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.pgchorus.scenario.Premises.as;
import static org.pgchorus.scenario.Premises.column;
import static org.pgchorus.scenario.Premises.join;
import static org.pgchorus.scenario.Premises.node;
import static org.pgchorus.scenario.Premises.run;

import org.junit.jupiter.api.Test;
import org.pgchorus.config.Address;
import org.pgchorus.daemon.Daemon;
import org.pgchorus.daemon.Orders;
import org.pgchorus.daemon.SchemaOrders;
import org.pgchorus.daemon.Survey;
import org.pgchorus.daemon.Waiting;
import org.pgchorus.member.Finding;
import org.pgchorus.model.NodeName;
import org.pgchorus.pg.PgError;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * {@code ddl exec} and {@code ddl list}, with event triggers and without the right to make them.
 */
class SchemaOrderScenario {
    private static final String SCHEMA = "CREATE TABLE t (id int PRIMARY KEY, v text)";

    private static CommandLine say(TestGroup group, int status, String... words) {
        CommandLine said = CommandLine.of(group, words);
        assertThat(said.status()).as(said.out()).isEqualTo(status);
        return said;
    }

    @Test
    void whatIsSaidByCommandIsMadeEverywhereAndListed() {
        try (TestGroup group = TestGroup.of(SCHEMA, 18, 14)) {
            assertThat(
                            say(
                                            group,
                                            0,
                                            "ddl",
                                            "exec",
                                            "ALTER TABLE t ADD n int; CREATE INDEX ON t (n)")
                                    .out())
                    .startsWith("2 statements made here");
            SchemaOrders.execute(group.address(0), "CREATE INDEX CONCURRENTLY t_v ON t (v)");
            group.settledRows(SchemaScenario.SHAPE);
            assertThat(say(group, 0, "ddl", "list").out().lines().skip(1))
                    .hasSize(3)
                    .allMatch(line -> line.matches(".* a applied .*, b applied .*"))
                    .anyMatch(line -> line.contains("CREATE INDEX CONCURRENTLY t_v ON t (v)"));
            assertThatThrownBy(
                            () -> SchemaOrders.execute(group.address(0), "ALTER TABLE u ADD n int"))
                    .hasMessageContaining("relation \"u\" does not exist");
            heldFunction(group);
        }
    }

    /** It concerns no table, so no table shows that it is held. */
    private static void heldFunction(TestGroup group) {
        group.run(1, "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT ''b'''");
        SchemaOrders.execute(
                group.address(0), "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'");
        TestGroup.await("it is held", () -> !group.problems().isEmpty());
        assertThat(group.problems())
                .singleElement()
                .asString()
                .startsWith("node b is ready: it holds a schema change of a: CREATE FUNCTION f()")
                .contains("already exists")
                .contains("pgchorus link skip a b");
        assertThat(say(group, 1, "ddl", "list", "--limit", "1").out())
                .contains("a applied")
                .contains("b held (")
                .contains("already exists");
        group.run(0, "INSERT INTO t VALUES (1, 'flows')");
        assertThat(group.settledRows("SELECT v FROM t")).containsExactly("flows");
        assertThat(say(group, 0, "link", "skip", "a", "b", "--dry-run").out())
                .startsWith("would skip")
                .contains("CREATE FUNCTION f()");
        assertThat(group.problems()).hasSize(1);
        assertThat(say(group, 0, "link", "skip", "a", "b").out())
                .startsWith("skipped")
                .contains("CREATE FUNCTION f()");
        assertThat(group.problems()).isEmpty();
        assertThat(SchemaOrders.list(group.address(0), 1).getFirst().nodes())
                .extracting(SchemaOrders.Standing::state)
                .containsExactly("applied", "skipped");
    }

    /**
     * A role as managed services give it: with the grants of docs/privileges.md and no other.
     * (Below 15 these make it a superuser, which may create event triggers.)
     */
    private static List<Address> databases(Premises premises) {
        List<Address> chorus = new ArrayList<>();
        for (int major : new int[] {18, 15}) {
            Address superuser =
                    premises.database(
                            major,
                            "shop",
                            "CREATE ROLE chorus LOGIN",
                            "CREATE ROLE owner LOGIN",
                            "GRANT CREATE ON SCHEMA public TO owner, chorus",
                            "SET ROLE owner",
                            SCHEMA);
            Address one = as(superuser, "chorus");
            for (Finding finding : BadInputScenario.errors(one, 1)) {
                run(superuser, BadInputScenario.statement(finding));
            }
            chorus.add(one);
        }
        return chorus;
    }

    private static void settle(Address any) throws InterruptedException {
        assertThat(Waiting.untilApplied(any, TestGroup.LIMIT, Optional.empty(), Optional.empty()))
                .as("late links; %s", Survey.of(any).problems())
                .isEmpty();
    }

    @Test
    void withoutEventTriggersTheCommandDoesItAndOthersAreNoticed() throws InterruptedException {
        try (Premises premises = new Premises()) {
            List<Address> databases = databases(premises);
            Address a = databases.get(0);
            Address b = databases.get(1);
            Orders.createGroup(node("a", a), List.of());
            try (Daemon _ = Daemon.start(List.of(node("a", a), node("b", b)))) {
                join(node("b", b), a);
                assertThat(Orders.awaitReady(a, new NodeName("b"), 60_000, hint -> {})).isTrue();
                assertThat(column(a, "SELECT count(*) FROM pg_event_trigger")).containsExactly("0");
                assertThat(
                                SchemaOrders.execute(
                                        a,
                                        "ALTER TABLE t ADD n int DEFAULT 7;"
                                                + " CREATE TABLE made (id int PRIMARY KEY)"))
                        .isEqualTo(2);
                SchemaOrders.execute(a, "CREATE INDEX CONCURRENTLY t_n ON t (n)");
                run(as(a, "owner"), "INSERT INTO t VALUES (1, 'a', 1)");
                run(a, "INSERT INTO made VALUES (1)", "INSERT INTO made VALUES (2)");
                settle(a);
                run(b, "DELETE FROM made WHERE id = 2");
                settle(a);
                for (Address one : databases) {
                    assertThat(column(one, "SELECT n FROM t")).containsExactly("1");
                    assertThat(column(one, "SELECT id FROM made")).containsExactly("1");
                    assertThat(column(one, "SELECT to_regclass('t_n')")).containsExactly("t_n");
                }
                assertThat(Survey.of(a).notes()).isEmpty();
                plainStatement(a, b);
            } catch (PgError e) {
                throw new AssertionError(Survey.of(a).toString(), e);
            }
        }
    }

    private static void plainStatement(Address a, Address b) throws InterruptedException {
        String plain = "ALTER TABLE t ADD plain text";
        run(as(b, "owner"), plain);
        TestGroup.await("it is noticed", () -> !Survey.of(a).notes().isEmpty());
        assertThat(Survey.of(a).notes())
                .containsExactly(
                        "node b: 1 schema change of the last days stayed there; see pgchorus ddl"
                                + " list");
        SchemaOrders.Statement noticed = SchemaOrders.list(a, 1).getFirst();
        assertThat(noticed.text()).isEqualTo("something changed public.t");
        assertThat(noticed.nodes())
                .singleElement()
                .satisfies(at -> {
                    assertThat(at.state()).isEqualTo("local");
                    assertThat(at.reason()).contains("pgchorus ddl exec");
                });
        run(as(b, "owner"), "INSERT INTO t VALUES (2, 'b', 2, 'plain')");
        TestGroup.await("a holds it", () -> !Survey.of(a).problems().isEmpty());
        SchemaOrders.execute(a, plain);
        settle(a);
        assertThat(column(a, "SELECT plain FROM t WHERE id = 2")).containsExactly("plain");
        TestGroup.await("all is well", () -> Survey.of(a).problems().isEmpty());
    }
}
