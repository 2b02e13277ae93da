package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.pgchorus.scenario.PolicyScenario.ALL_MADE;
import static org.pgchorus.scenario.PolicyScenario.MADE;
import static org.pgchorus.scenario.PolicyScenario.SCHEMA;
import static org.pgchorus.scenario.PolicyScenario.WRITTEN;
import static org.pgchorus.scenario.PolicyScenario.delta;
import static org.pgchorus.scenario.PolicyScenario.everywhere;
import static org.pgchorus.scenario.PolicyScenario.function;
import static org.pgchorus.scenario.PolicyScenario.plain;
import static org.pgchorus.scenario.PolicyScenario.rule;
import static org.pgchorus.scenario.PolicyScenario.set;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgchorus.config.Address;
import org.pgchorus.config.AddressParameter;
import org.pgchorus.daemon.Orders;
import org.pgchorus.daemon.PolicyOrders;
import org.pgchorus.daemon.PolicyOrders.Change;
import org.pgchorus.daemon.PolicyOrders.Outcome;
import org.pgchorus.demo.ServerOptions;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/** What stands in the way of a policy is said at once, with its cure, and nothing is touched. */
class PolicyRefusalScenario {
    private static String refused(TestGroup group, String table, Change change) {
        List<String> before = group.rows(0, WRITTEN);
        Throwable refused = catchThrowable(() -> set(group, table, change));
        assertThat(refused).as("refused").isNotNull();
        for (int node = 0; node < group.size(); node++) {
            assertThat(group.rows(node, WRITTEN)).isEqualTo(before);
        }
        return refused.getMessage();
    }

    @ParameterizedTest
    @ValueSource(ints = {15, 18})
    void allThatStandsInTheWayIsSaidAtOnce(int major) {
        try (TestGroup group = TestGroup.of(SCHEMA, major, major)) {
            String odd =
                    refused(
                            group,
                            "odd",
                            delta(
                                    "a",
                                    "real_one",
                                    "cash",
                                    "nullable",
                                    "label",
                                    "twice",
                                    "counted",
                                    "single",
                                    "halved",
                                    "spread",
                                    "nothing"));
            for (String node : List.of("a", "b")) {
                assertThat(odd)
                        .contains(
                                "error: " + node + ": delta: column a of table public.odd is part")
                        .contains(
                                node + ": delta: column real_one of table public.odd is real: such")
                        .contains("added in another order have another sum")
                        .contains("ALTER TABLE \"public\".\"odd\" ALTER \"real_one\" TYPE numeric")
                        .contains(node + ": delta: column cash of table public.odd is money: what")
                        .contains(node + ": delta: column nullable of table public.odd may be NULL")
                        .contains("ALTER TABLE \"public\".\"odd\" ALTER \"nullable\" SET NOT NULL")
                        .contains(
                                "column label of table public.odd is text, not smallint, integer,")
                        .contains(node + ": delta: column twice of table public.odd is generated")
                        .contains("column counted of table public.odd is an identity column")
                        .contains("column single of table public.odd is part of odd_single_key")
                        .contains("column halved of table public.odd is part of odd_half")
                        .contains("column spread of table public.odd is part of odd_spread")
                        .contains(node + ": delta: table public.odd has no column nothing")
                        .contains("choose one of a, b, real_one");
            }
            assertThat(refused(group, "keyless", rule("keep_local")))
                    .contains("a: key: table public.keyless has no key, so its rows never conflict")
                    .contains("ALTER TABLE \"public\".\"keyless\" ADD PRIMARY KEY (...)");
            assertThat(refused(group, "account", plain("balance")))
                    .contains("column balance of table public.account is no delta column");
            group.run(1, "ALTER TABLE account ALTER balance DROP NOT NULL");
            assertThat(refused(group, "account", delta("balance")))
                    .contains("b: delta: column balance of table public.account may be NULL")
                    .doesNotContain("error: a:");
            everywhere(group, MADE, "d|null");
            group.run(0, "CREATE UNIQUE INDEX named ON account (points)");
            group.run(0, "ALTER TABLE account REPLICA IDENTITY USING INDEX named");
            assertThat(refused(group, "account", delta("balance")))
                    .contains(
                            "a: identity: delta needs REPLICA IDENTITY FULL, which would tell the")
                    .contains("apart by (id) instead of (points)");
            set(group, "odd", delta("included"));
        }
    }

    @Test
    void aFunctionHasToFitOnEveryNode() {
        try (TestGroup group = TestGroup.of(SCHEMA, 15, 18)) {
            assertThat(refused(group, "account", function("nowhere.f")))
                    .contains("a: function: ")
                    .contains("b: function: ")
                    .contains("nowhere.f(\"public\".\"account\", \"public\".\"account\", jsonb)")
                    .contains("CREATE FUNCTION nowhere.f(here \"public\".\"account\", incoming");
            assertThat(refused(group, "odd", function("other")))
                    .contains(
                            "b: function: public.other(\"public\".\"odd\", \"public\".\"odd\","
                                    + " jsonb)")
                    .contains("returns account, not a row of table public.odd");
            group.run(1, "DROP FUNCTION merge_account");
            assertThat(refused(group, "account", function("merge_account")))
                    .contains("b: function: there is no function public.merge_account(")
                    .doesNotContain("error: a:");
            group.run(
                    1,
                    """
                    CREATE FUNCTION merge_account(account, account, jsonb) RETURNS account
                    LANGUAGE sql AS 'SELECT $1'\
                    """);
            assertThat(set(group, "account", function("merge_account")).warnings())
                    .anyMatch(w -> w.contains("note: b: function: ") && w.contains("is VOLATILE"));
            assertThat(catchThrowable(() -> set(group, "account", rule("function"))))
                    .hasMessageContaining("--function NAME");
        }
    }

    @Test
    void everyNodeHasToBeThereAndHaveTheTable() throws SQLException {
        try (TestGroup group = TestGroup.of(SCHEMA, 18, 15)) {
            group.run(1, "ALTER PUBLICATION pgchorus DROP TABLE account");
            assertThat(refused(group, "account", rule("keep_local")))
                    .contains("b: table: table public.account does not take part")
                    .contains("pgchorus table add public.account");
            group.run(1, "ALTER PUBLICATION pgchorus ADD TABLE account");
            try (Connection client = group.connect(1);
                    Statement statement = client.createStatement()) {
                client.setAutoCommit(false);
                statement.execute("INSERT INTO account VALUES (1, 'x', 1, 1)");
                CompletableFuture<Outcome> setting =
                        CompletableFuture.supplyAsync(
                                () -> set(group, "account", delta("balance")));
                TestGroup.await(
                        "the lock is waited for",
                        () -> !group.rows(1, "SELECT 1 FROM pg_locks WHERE NOT granted").isEmpty());
                assertThat(group.rows(0, MADE)).containsExactly("d|null");
                client.commit();
                setting.join();
            }
            everywhere(group, MADE, ALL_MADE);
            group.stopDaemon();
            group.server(1).stop();
            assertThat(catchThrowable(() -> set(group, "account", rule("keep_local"))))
                    .hasMessageContaining("error: b: reach: the node cannot be reached, and all");
            assertThat(group.rows(0, WRITTEN)).containsExactly("account|balance|delta|null");
            group.server(1).restart();
        }
    }

    @Test
    void aRoleWithoutTheOwnersRightsIsToldWhatToSay() {
        try (TestGroup group =
                TestGroup.of(SCHEMA, Stream.of(18).map(ServerOptions::of).toList(), 0)) {
            group.run(
                    0,
                    "CREATE ROLE chorus LOGIN REPLICATION",
                    "CREATE ROLE keeper",
                    "GRANT keeper TO chorus",
                    "GRANT CREATE ON DATABASE app TO chorus",
                    "GRANT SET ON PARAMETER session_replication_role TO chorus",
                    "DROP TABLE odd, keyless CASCADE",
                    "ALTER TABLE account OWNER TO keeper",
                    "REVOKE EXECUTE ON FUNCTION merge_account FROM public");
            for (String name :
                    List.of(
                            "create(text)",
                            "drop(text)",
                            "session_setup(text)",
                            "session_progress(boolean)",
                            "xact_setup(pg_lsn,timestamptz)")) {
                group.run(
                        0,
                        "GRANT EXECUTE ON FUNCTION pg_replication_origin_" + name + " TO chorus");
            }
            Address chorus = group.address(0).with(AddressParameter.USER, "chorus");
            Orders.createGroup(Premises.node("a", chorus), List.of());
            group.run(0, "REVOKE keeper FROM chorus");
            assertThat(said(chorus, delta("balance")))
                    .contains(
                            "a: owner: table public.account belongs to keeper, and the role chorus")
                    .contains(
                            "so it may not say ALTER TABLE \"public\".\"account\" REPLICA IDENTITY")
                    .contains("cure: GRANT \"keeper\" TO \"chorus\"");
            assertThat(said(chorus, function("merge_account")))
                    .contains(
                            "GRANT EXECUTE ON FUNCTION"
                                    + " public.merge_account(\"public\".\"account\"");
            assertThat(group.rows(0, WRITTEN)).isEmpty();
            group.run(0, "GRANT keeper TO chorus");
            assertThat(said(chorus, delta("balance"))).isEmpty();
            assertThat(group.rows(0, MADE)).containsExactly(ALL_MADE);
        }
    }

    private static String said(Address address, Change change) {
        Throwable refused = catchThrowable(() -> PolicyOrders.set(address, "account", change));
        return refused == null ? "" : refused.getMessage();
    }
}
