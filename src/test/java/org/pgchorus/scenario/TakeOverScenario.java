package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pgchorus.daemon.Daemon;
import org.pgchorus.daemon.FollowOrders;
import org.pgchorus.daemon.Orders;
import org.pgchorus.daemon.Survey;
import org.pgchorus.demo.ServerOptions;
import org.pgchorus.member.JoinProgress;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Stream;

/**
 * A server too old for a group is followed while it works, taken over in a moment, and makes a
 * group: the recipe of docs/upgrade.md.
 */
class TakeOverScenario {
    private static final String SCHEMA =
            Storm.SCHEMA + "CREATE TABLE invoice (id serial PRIMARY KEY, v text);";

    private static final List<String> QUESTIONS =
            Stream.concat(Storm.TABLES.stream(), Stream.of("SELECT * FROM invoice ORDER BY id"))
                    .toList();

    @ParameterizedTest
    @CsvSource({"12, 14", "13, 18"})
    void anOldServerIsTakenOverWhileItWorks(int old, int young)
            throws InterruptedException, SQLException {
        List<ServerOptions> servers = Stream.of(old, young).map(ServerOptions::of).toList();
        try (TestGroup group = TestGroup.of(SCHEMA, servers, 0);
                Daemon _ = Daemon.start(group.nodes().subList(1, 2))) {
            Storm storm = new Storm(group, 1, old, 3);
            try {
                awaitMore(storm, 300);
                FollowScenario.follow(group, 1, 0);
                awaitMore(storm, 300);
                group.run(0, "INSERT INTO invoice (v) SELECT 'late' FROM generate_series(1, 70)");
                assertThat(Survey.of(group.address(1)).problems()).isEmpty();
                assertThatThrownBy(() -> takeOverWhileWriting(group))
                        .hasMessageContaining("still written to")
                        .hasMessageContaining("default_transaction_read_only");
            } finally {
                storm.close();
            }
            assertThat(storm.failures()).isEmpty();
            group.run(0, "ALTER DATABASE app SET default_transaction_read_only = on");
            assertThat(takeOver(group)).isEmpty();
            equal(group);
            assertThat(new HashSet<>(group.rows(1, "SELECT line FROM log")))
                    .containsAll(storm.acknowledged());
            assertThat(group.rows(0, JoinScenario.LEFTOVERS)).isEmpty();
            assertThat(group.rows(1, JoinScenario.LEFTOVERS)).isEmpty();
            // 70 rows, and a number drawn by the transaction that rolled back.
            group.run(1, "INSERT INTO invoice (v) VALUES ('first here')");
            assertThat(group.rows(1, "SELECT id FROM invoice WHERE v = 'first here'"))
                    .containsExactly("72");
            Orders.createGroup(group.nodes().get(1), List.of());
            TestGroup.await(
                    "the same daemon serves it as a node",
                    () -> Survey.of(group.address(1)).problems().isEmpty());
        }
    }

    private static void awaitMore(Storm storm, int transactions) throws InterruptedException {
        long before = storm.transactions();
        while (storm.transactions() < before + transactions) {
            Thread.sleep(20);
        }
    }

    /** One transaction is open for sure. */
    private static void takeOverWhileWriting(TestGroup group)
            throws SQLException, InterruptedException {
        try (Connection client = group.connect(0);
                Statement statement = client.createStatement()) {
            client.setAutoCommit(false);
            statement.execute("INSERT INTO invoice (v) VALUES ('open')");
            try {
                takeOver(group);
            } finally {
                client.rollback();
            }
        }
    }

    private static List<String> takeOver(TestGroup group) throws InterruptedException {
        return FollowOrders.takeOver(group.address(1), TestGroup.LIMIT, JoinProgress.SILENT);
    }

    private static void equal(TestGroup group) {
        for (String question : QUESTIONS) {
            assertThat(group.rows(1, question)).as(question).isEqualTo(group.rows(0, question));
        }
    }
}
