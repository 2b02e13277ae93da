package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.pgchorus.scenario.Premises.as;
import static org.pgchorus.scenario.Premises.column;
import static org.pgchorus.scenario.Premises.run;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.pgchorus.config.Address;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What can be asked in SQL, by whom, and that it is true; on every version. */
class SurfaceScenario {
    private static final String SCHEMA =
            """
            CREATE TABLE t (id int PRIMARY KEY, v text);
            CREATE SEQUENCE numbers;
            GRANT SELECT, INSERT ON t TO PUBLIC;
            """;

    private static final List<String> VIEWS =
            List.of("node", "link", "conflict_history", "tombstone", "displaced", "held_change");

    private static final int NODES = 5;

    /** Schema changes of one node only. */
    private static final String ALONE = "SET LOCAL pgchorus.replicate_ddl = off";

    private static TestGroup group;

    @BeforeAll
    static void start() {
        group = TestGroup.of(SCHEMA, 18, 14, 15, 16, 17);
        for (int node = 0; node < NODES; node++) {
            group.run(
                    node,
                    "CREATE ROLE watcher LOGIN",
                    "GRANT pg_monitor TO watcher",
                    "CREATE ROLE client LOGIN");
        }
    }

    @AfterAll
    static void stop() {
        if (group != null) {
            group.close();
            group = null;
        }
    }

    @Test
    void aMonitoringRoleMayAskAllOfIt() {
        group.run(0, "INSERT INTO t VALUES (1, 'x'), (2, 'y')", "DELETE FROM t WHERE id = 2");
        group.settle();
        for (int node = 0; node < NODES; node++) {
            Address watcher = as(group.address(node), "watcher");
            for (String view : VIEWS) {
                column(watcher, "SELECT * FROM pgchorus." + view);
            }
            assertThat(column(watcher, "SELECT key FROM pgchorus.tombstone")).contains("{2}");
            assertThat(column(watcher, "SELECT pgchorus.local_node()"))
                    .containsExactly(TestGroup.name(node).text());
            assertThat(column(watcher, "SELECT pgchorus.wait_for_node_ready('1s')"))
                    .containsExactly("t");
            assertThat(
                            column(
                                    watcher,
                                    """
                                    SELECT concat_ws(' ', node_name = receiver, sender,
                                        application_name = 'pgchorus_' || node_name, active,
                                        pending_wal_decoding >= 0, pending_wal_to_apply >= 0,
                                        restart_lsn <= confirmed_flush_lsn, sent_lsn >= flush_lsn,
                                        write_lsn = replay_lsn OR write_lsn > replay_lsn,
                                        lag_bytes >= 0, lag_seconds >= 0)
                                    FROM pgchorus.replication_lag()\
                                    """))
                    .hasSize(NODES - 1)
                    .containsOnly("t %s t t t t t t t t t".formatted(TestGroup.name(node).text()));
            assertThatThrownBy(() -> run(watcher, "SELECT * FROM t, pgchorus.conflict"))
                    .hasRootCauseMessage("ERROR: permission denied for table conflict");
        }
    }

    @Test
    void theHistoryHasTheColumnsThatPeopleKnow() {
        for (int node = 0; node < NODES; node++) {
            column(
                    as(group.address(node), "watcher"),
                    """
                    SELECT conflict_id, time, schema, "table", conflict_type, resolution,
                           local_tuple, remote_tuple, local_node, local_commit_time, remote_node,
                           remote_commit_time, remote_xid, remote_lsn, local_conflict_time,
                           object_schema, object_name, conflict_resolution, remote_txid,
                           remote_commit_lsn FROM pgchorus.conflict_history\
                    """);
        }
    }

    @Test
    void waitingReturnsWhenThePeersHaveItAndNotBefore() {
        Address watcher = as(group.address(0), "watcher");
        group.run(0, "INSERT INTO t VALUES (10, 'waited for')");
        assertThat(column(watcher, "SELECT pgchorus.wait_until_applied(timeout => '1min')"))
                .containsExactly("t");
        for (int node = 1; node < NODES; node++) {
            assertThat(group.rows(node, "SELECT v FROM t WHERE id = 10"))
                    .containsExactly("waited for");
        }
        group.hold(0, 1);
        group.run(0, "INSERT INTO t VALUES (11, 'held up')");
        assertThat(column(watcher, "SELECT pgchorus.wait_until_applied(timeout => '300ms')"))
                .containsExactly("f");
        assertThat(
                        column(
                                watcher,
                                "SELECT pgchorus.wait_until_applied(nodes => '{b}', timeout =>"
                                        + " '0s')"))
                .containsExactly("f");
        assertThat(column(watcher, "SELECT pgchorus.wait_until_applied(nodes => '{c,d}')"))
                .containsExactly("t");
        group.release(0, 1);
        assertThat(column(watcher, "SELECT pgchorus.wait_until_applied()")).containsExactly("t");
        assertThat(group.rows(1, "SELECT v FROM t WHERE id = 11")).containsExactly("held up");
        for (String stranger : List.of("zz", "a")) {
            assertThatThrownBy(() ->
                            group.rows(
                                    0,
                                    "SELECT pgchorus.wait_until_applied(nodes => '{%s}')"
                                            .formatted(stranger)))
                    .hasRootCauseMessage(
                            """
                            ERROR: "%s" is no other node of the group
                              Hint: SELECT name FROM pgchorus.node WHERE NOT local
                              Where: PL/pgSQL function \
                            pgchorus.wait_until_applied(pg_lsn,text[],interval) line 13 at RAISE\
                            """
                                    .formatted(stranger));
        }
    }

    /** What a peer has received and cannot apply is not applied there. */
    @Test
    void whatAPeerHoldsIsNotApplied() {
        group.run(2, ALONE, "ALTER TABLE t ADD CONSTRAINT small CHECK (id < 500) NOT VALID");
        group.run(0, "INSERT INTO t VALUES (500, 'too large for c')");
        assertThat(group.rows(0, "SELECT pgchorus.wait_until_applied(nodes => '{b}')"))
                .containsExactly("t");
        assertThat(group.rows(0, "SELECT pgchorus.wait_until_applied(NULL, '{c}', '3s')"))
                .containsExactly("f");
        group.run(2, ALONE, "ALTER TABLE t DROP CONSTRAINT small");
        assertThat(group.rows(0, "SELECT pgchorus.wait_until_applied(nodes => '{c}')"))
                .containsExactly("t");
    }

    /** As a default, clients need no right on our schema; many at once, on all nodes. */
    @Test
    void snowflakesNeverCollideWhateverTheClockDoes() {
        Set<Long> all = new HashSet<>();
        for (int node = 0; node < NODES; node++) {
            group.run(
                    node,
                    ALONE,
                    "CREATE TABLE flake (id bigint DEFAULT pgchorus.snowflake_nextval('numbers'),"
                            + " n int)",
                    "GRANT INSERT, SELECT ON flake TO client");
            Address client = as(group.address(node), "client");
            List<Runnable> clients = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                clients.add(() ->
                        run(
                                client,
                                "INSERT INTO flake (n) SELECT generate_series(1, 2500)",
                                "INSERT INTO flake (n) VALUES (0)"));
            }
            TestGroup.together(clients);
            // An hour ahead, as a clock would have stood that is put back now.
            group.run(
                    node,
                    "SELECT setval('pgchorus.snowflake_state', (SELECT last_value FROM"
                            + " pgchorus.snowflake_state) + 3600000::bigint * 4096)");
            TestGroup.together(clients);
            List<Long> ids =
                    group.rows(node, "SELECT id FROM flake ORDER BY ctid").stream()
                            .map(Long::valueOf)
                            .toList();
            assertThat(ids).hasSize(2 * 4 * 2501).allMatch(id -> id > 0).allMatch(all::add);
            assertThat(
                            group.rows(
                                    node,
                                    """
                                    SELECT DISTINCT p.node, p.made > now() - interval '1 min',
                                           p.made < now() + interval '2 hours'
                                    FROM flake, pgchorus.snowflake_parts(id) p\
                                    """))
                    .containsExactly((node + 1) + "|t|t");
            assertThat(
                            group.rows(
                                    node,
                                    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
                                            + " AND objid = 5"))
                    .containsExactly("0");
        }
        assertThatThrownBy(() -> group.rows(0, "SELECT pgchorus.snowflake_nextval('t')"))
                .hasStackTraceContaining("t is not a sequence");
    }

    @Test
    void snowflakesOfOneSessionRise() {
        List<String> ids =
                group.rows(
                        1,
                        "SELECT pgchorus.snowflake_nextval('numbers') FROM generate_series(1,"
                                + " 9999)");
        assertThat(ids.stream().map(Long::valueOf).toList()).isSorted().doesNotHaveDuplicates();
    }

    /** A group that an older version made gets the present views and functions from its daemon. */
    @Test
    void anOlderGroupGetsThem() {
        try (TestGroup old = TestGroup.of("CREATE TABLE o (id int PRIMARY KEY)", 14, 18)) {
            old.stopDaemon();
            for (int node = 0; node < 2; node++) {
                old.run(
                        node,
                        "DROP FUNCTION pgchorus.wait_until_applied, pgchorus.snowflake_nextval,"
                                + " pgchorus.replication_lag",
                        "DROP VIEW pgchorus.conflict_history",
                        "ALTER TABLE pgchorus.link_status DROP COLUMN transaction_bytes",
                        "ALTER TABLE pgchorus.local DROP COLUMN surface");
            }
            old.startDaemon();
            for (int node = 0; node < 2; node++) {
                int asked = node;
                TestGroup.await(
                        "replaced",
                        () ->
                                old.rows(
                                                asked,
                                                "SELECT"
                                                        + " to_regprocedure("
                                                        + "'pgchorus.replication_lag()')"
                                                        + " IS NOT NULL")
                                        .equals(List.of("t")));
                old.rows(node, "SELECT transaction_bytes FROM pgchorus.link_status");
                assertThat(old.rows(node, "SELECT node_name FROM pgchorus.replication_lag()"))
                        .containsExactly(TestGroup.name(1 - node).text());
            }
        }
    }

    @Test
    void theDocumentationNamesThemAll() throws Exception {
        String text = Files.readString(Path.of("docs/sql.md"));
        List<String> names = new ArrayList<>(VIEWS);
        names.addAll(
                group.rows(
                        0,
                        """
                        SELECT p.proname FROM pg_proc p
                        WHERE p.pronamespace = 'pgchorus'::regnamespace AND p.proname IN
                            ('local_node', 'wait_for_node_ready', 'replication_lag',
                             'wait_until_applied', 'snowflake_nextval', 'snowflake_parts')\
                        """));
        assertThat(names).hasSize(VIEWS.size() + 6);
        for (String name : names) {
            assertThat(text).contains("`pgchorus." + name);
        }
    }
}
