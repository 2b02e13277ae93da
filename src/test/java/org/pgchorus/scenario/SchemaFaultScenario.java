package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/** An index is being made, or dropped, outside of a transaction when whoever does it is killed. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class SchemaFaultScenario {
    private static final String INDEXES =
            """
            SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
            WHERE i.indrelid = 't'::regclass ORDER BY 1\
            """;

    private static TestGroup group;
    private static DaemonProcess daemon;

    @BeforeAll
    static void start() {
        group = SchemaScenario.group(18, 14);
        group.run(0, "INSERT INTO t SELECT g, 'v' || g FROM generate_series(1, 100) g");
        group.settle();
        group.stopDaemon();
        daemon = new DaemonProcess(group.nodes());
    }

    @AfterAll
    static void stop() {
        if (daemon != null) {
            daemon.close();
        }
        if (group != null) {
            group.close();
        }
    }

    private static void say(String statement) throws SQLException {
        try (Connection connection = group.connect(0);
                Statement one = connection.createStatement()) {
            one.execute(statement);
        }
    }

    private interface Deed {
        void run(Connection open) throws SQLException;
    }

    /** Has it begun at b, where it waits for a client, and does something then. */
    private static void inTheMiddleOf(String statement, Deed deed) throws SQLException {
        try (Connection open = group.connect(1)) {
            open.setAutoCommit(false);
            try (Statement one = open.createStatement()) {
                one.execute("UPDATE t SET v = 'open' WHERE id = 1");
            }
            say(statement);
            TestGroup.await(
                    "b is at it",
                    () -> group.rows(1, INDEXES).stream().anyMatch(i -> i.endsWith("|f")));
            deed.run(open);
        }
    }

    private static void indexes(String... names) {
        group.run(0, "INSERT INTO t VALUES ((SELECT max(id) + 1 FROM t), 'behind it')");
        assertThat(group.settledRows(INDEXES)).containsExactly(names);
        group.settledRows("SELECT * FROM t ORDER BY id");
        assertThat(group.rows(1, "SELECT state FROM pgchorus.ddl_entry")).containsOnly("applied");
    }

    @Test
    @Order(1)
    void indexThatAKilledServerLeftIsMadeAgain() throws SQLException {
        inTheMiddleOf(
                "CREATE INDEX CONCURRENTLY t_v ON t (v)",
                _ -> {
                    group.server(1).kill();
                    group.server(1).restart();
                });
        indexes("t_pkey|t", "t_v|t");
    }

    @Test
    @Order(2)
    void indexThatAKilledServerLeftIsDroppedAfterAll() throws SQLException {
        inTheMiddleOf(
                "DROP INDEX CONCURRENTLY t_v",
                _ -> {
                    group.server(1).kill();
                    group.server(1).restart();
                });
        indexes("t_pkey|t");
    }

    @Test
    @Order(3)
    void indexIsMadeOnceThoughItsDaemonIsKilled() throws SQLException {
        inTheMiddleOf(
                "CREATE UNIQUE INDEX CONCURRENTLY ON t (v, id)",
                open -> {
                    daemon.kill();
                    daemon.start();
                    open.commit();
                });
        indexes("t_pkey|t", "t_v_id_idx|t");
        assertThat(group.problems()).isEqualTo(List.of());
    }
}
