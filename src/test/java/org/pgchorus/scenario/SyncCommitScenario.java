package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Links as synchronous standbys, both nodes naming each other: a commit that waits is on the peer
 * and survives a crash of it, and it waits as long as the link stands.
 */
class SyncCommitScenario {
    private static final String SCHEMA = "CREATE TABLE t (id int PRIMARY KEY, v text)";

    private static final String WAITING =
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";

    private static TestGroup group;

    @BeforeAll
    static void start() {
        group = TestGroup.of(SCHEMA, 18, 14);
        for (int node = 0; node < 2; node++) {
            String peer = "pgchorus_" + TestGroup.name(1 - node);
            for (String statement :
                    List.of(
                            "ALTER SYSTEM SET synchronous_standby_names = '%s'".formatted(peer),
                            "SELECT pg_reload_conf()")) {
                Premises.run(group.address(node), statement);
            }
            awaitSync(node);
        }
    }

    private static void awaitSync(int node) {
        String state =
                "SELECT sync_state FROM pg_stat_replication WHERE application_name = 'pgchorus_%s'"
                        .formatted(TestGroup.name(1 - node));
        TestGroup.await("the link is it", () -> group.rows(node, state).equals(List.of("sync")));
    }

    @AfterAll
    static void stop() {
        if (group != null) {
            group.close();
            group = null;
        }
    }

    @Test
    void aCommitThatReturnedIsOnThePeer() {
        for (int id = 100; id < 120; id++) {
            int from = id % 2;
            group.run(from, "INSERT INTO t VALUES (%d, 'sync')".formatted(id));
            assertThat(group.rows(1 - from, "SELECT v FROM t WHERE id = " + id))
                    .as("at once, row %d", id)
                    .containsExactly("sync");
        }
    }

    @Test
    void aCommitThatReturnedSurvivesACrashOfThePeer() {
        for (int id = 200; id < 203; id++) {
            group.run(0, "INSERT INTO t VALUES (%d, 'kept')".formatted(id));
            group.server(1).stopImmediate();
            group.server(1).restart();
            assertThat(group.rows(1, "SELECT v FROM t WHERE id = " + id)).containsExactly("kept");
            awaitSync(0);
        }
    }

    /** Meanwhile the other direction flows: what is applied waits for nobody. */
    @Test
    void aCommitWaitsWhileTheLinkIsPaused() {
        group.hold(0, 1);
        CompletableFuture<Void> commit =
                CompletableFuture.runAsync(() -> group.run(0, "INSERT INTO t VALUES (1, 'late')"));
        TestGroup.await("it waits", () -> group.rows(0, WAITING).equals(List.of("1")));
        group.run(1, "INSERT INTO t VALUES (2, 'other direction')");
        assertThat(group.rows(0, "SELECT v FROM t WHERE id = 2"))
                .containsExactly("other direction");
        assertThat(commit).isNotDone();
        assertThat(group.rows(1, "SELECT v FROM t WHERE id = 1")).isEmpty();
        group.release(0, 1);
        commit.join();
        assertThat(group.rows(1, "SELECT v FROM t WHERE id = 1")).containsExactly("late");
    }

    /** The daemons write into databases whose commits wait for the very daemons. */
    @Test
    void nodesThatNameEachOtherStartTogether() {
        group.stopDaemon();
        group.startDaemon();
        awaitSync(0);
        awaitSync(1);
        group.run(0, "INSERT INTO t VALUES (300, 'again')");
        assertThat(group.rows(1, "SELECT v FROM t WHERE id = 300")).containsExactly("again");
    }
}
