package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgchorus.conflict.Policy;
import org.pgchorus.member.TablePolicy;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Session;

import java.util.Optional;
import java.util.Set;

/** Policies are set on all nodes or on none, and everything that they need comes with them. */
class PolicyScenario {
    static final String SCHEMA =
            """
            CREATE TABLE account (id int PRIMARY KEY, owner text, balance int NOT NULL DEFAULT 0,
                points numeric NOT NULL DEFAULT 0)\
            """;

    private static final String ENTRIES =
            """
            SELECT key, column_name, amount FROM pgchorus.delta_entry
            WHERE relation = 'account'::regclass ORDER BY key, column_name, written, amount\
            """;

    @ParameterizedTest
    @ValueSource(ints = {15, 18})
    void whatClientsAddIsKept(int major) {
        try (TestGroup group = TestGroup.of(SCHEMA, major)) {
            try (Session session = Session.open(group.address(0), "test")) {
                session.inTransaction(() ->
                        TablePolicy.set(
                                session,
                                new TableName("public", "account"),
                                new Policy(
                                        Policy.Rule.LAST_UPDATE_WINS,
                                        Optional.empty(),
                                        Set.of("balance", "points"))));
            }
            group.run(0, "INSERT INTO account VALUES (1, 'x', 10, 0.5), (2, 'y', 0, 0)");
            group.run(0, "UPDATE account SET balance = balance - 3, owner = 'z' WHERE id = 1");
            group.run(0, "UPDATE account SET owner = 'w', points = 0.50");
            group.run(0, "UPDATE account SET id = 3, balance = balance + 1 WHERE id = 1");
            assertThat(group.rows(0, ENTRIES))
                    .containsExactly(
                            "{1}|balance|10",
                            "{1}|balance|-3",
                            "{1}|points|0.5",
                            "{2}|points|0.50",
                            "{3}|balance|8",
                            "{3}|points|0.50");
        }
    }
}
