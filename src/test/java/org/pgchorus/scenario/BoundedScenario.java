package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import org.junit.jupiter.api.Test;
import org.pgchorus.demo.ServerOptions;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.stream.Stream;

/**
 * What is large or slow is large or slow, and nothing else: memory is bounded, sources are
 * answered.
 */
class BoundedScenario {
    private static final String SCHEMA = "CREATE TABLE t (id int PRIMARY KEY, v text)";

    /** A fifth of the transaction. */
    private static final int HEAP_MEGABYTES = 40;

    @Test
    void aTransactionFiveTimesTheHeapPassesThrough() {
        try (TestGroup group = TestGroup.of(SCHEMA, 18, 18)) {
            group.stopDaemon();
            group.run(
                    0,
                    "INSERT INTO t SELECT g, (SELECT string_agg(md5(g::text || i), '')"
                            + " FROM generate_series(1, 6400) i) FROM generate_series(1, 1000) g");
            try (DaemonProcess daemon = new DaemonProcess(group.nodes(), HEAP_MEGABYTES)) {
                assertThat(group.settledRows("SELECT count(*), sum(length(v)) FROM t"))
                        .containsExactly("1000|204800000");
                assertThat(daemon.log()).doesNotContain("OutOfMemoryError");
            }
        }
    }

    @Test
    void aSourceIsAnsweredWhileTheTargetIsLocked() throws SQLException {
        List<ServerOptions> servers =
                Stream.of(18, 16)
                        .map(v -> ServerOptions.of(v).setting("wal_sender_timeout", "2s"))
                        .toList();
        String senders = "SELECT pid FROM pg_stat_replication ORDER BY pid";
        try (TestGroup group = TestGroup.of(SCHEMA, servers)) {
            group.settle();
            List<String> before = group.rows(0, senders);
            try (Connection blocker = group.connect(1);
                    Statement statement = blocker.createStatement()) {
                blocker.setAutoCommit(false);
                statement.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE");
                // More than the link holds in memory, so that its reader has to stand still too.
                group.run(
                        0,
                        "INSERT INTO t SELECT g, repeat(md5(g::text), 30)"
                                + " FROM generate_series(1, 20000) g");
                statement.execute("SELECT pg_sleep(7)");
                blocker.commit();
            }
            await().atMost(TestGroup.LIMIT)
                    .until(() -> group.rows(1, "SELECT count(*) FROM t").equals(List.of("20000")));
            assertThat(group.rows(0, senders)).isEqualTo(before);
        }
    }
}
