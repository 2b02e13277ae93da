package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.ObjectNames;

import java.util.ArrayList;
import java.util.List;

/**
 * Past one machine, as {@code docs/scaling.md} has it: each node has a daemon of its own, in a
 * process of its own, and one has a second daemon that waits. They share nothing but the databases.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class AgentsScenario {
    /** The session that has the node's lock. */
    private static final String SERVING =
            """
            SELECT pid FROM pg_locks
            WHERE locktype = 'advisory' AND granted AND classid = %d AND objid = %d\
            """
                    .formatted(ObjectNames.LOCK_CLASS, ObjectNames.LOCK_DAEMON);

    /** Sessions of daemons that have just asked for it. */
    private static final String WAITING =
            """
            SELECT pid FROM pg_stat_activity
            WHERE application_name = 'pgchorus daemon' AND query LIKE '%pg_try_advisory_lock%'\
            """;

    private static TestGroup group;
    private static final List<DaemonProcess> AGENTS = new ArrayList<>();
    private static DaemonProcess standby;

    @BeforeAll
    static void start() {
        group = TestGroup.of("CREATE TABLE t (id int PRIMARY KEY, v text)", 18, 14, 18);
        group.stopDaemon();
        for (int node = 0; node < group.size(); node++) {
            AGENTS.add(new DaemonProcess(List.of(group.nodes().get(node)), 128));
        }
        // Nobody may have missed the group's own daemon yet; a standby that is there first serves.
        for (int node = 0; node < group.size(); node++) {
            int served = node;
            TestGroup.await(
                    "an agent serves node " + TestGroup.name(node),
                    () -> !group.rows(served, SERVING).isEmpty());
        }
        TestGroup.await("every node is served", AgentsScenario::areAllServed);
        standby = new DaemonProcess(List.of(group.nodes().getFirst()), 128);
        TestGroup.await("the standby waits", AgentsScenario::doesOneWait);
    }

    @AfterAll
    static void stop() {
        AGENTS.forEach(DaemonProcess::close);
        if (standby != null) {
            standby.close();
        }
        group.close();
    }

    private static boolean areAllServed() {
        return group.problems().isEmpty();
    }

    private static boolean doesOneWait() {
        List<String> waiting = group.rows(0, WAITING);
        waiting.removeAll(group.rows(0, SERVING));
        return !waiting.isEmpty();
    }

    @Test
    @Order(1)
    void eachServesItsOwnNodeAndAllEndEqual() {
        for (int node = 0; node < group.size(); node++) {
            group.run(
                    node,
                    "INSERT INTO t SELECT i * 3 + %d, 'x' FROM generate_series(1, 500) i"
                            .formatted(node));
        }
        assertThat(group.settledRows("SELECT count(*) FROM t")).containsExactly("1500");
    }

    @Test
    @Order(2)
    void theStandbyTakesOverFromAKilledAgent() {
        List<String> before = group.rows(0, SERVING);
        AGENTS.getFirst().kill();
        long killedNanos = System.nanoTime();
        group.run(1, "INSERT INTO t VALUES (100001, 'written after the kill')");
        TestGroup.await(
                "what was written after the kill is there",
                () -> !group.rows(0, "SELECT FROM t WHERE id = 100001").isEmpty());
        long millis = (System.nanoTime() - killedNanos) / 1_000_000;
        System.out.println(
                "the standby applied what was written after the kill, " + millis + " ms");
        assertThat(group.rows(0, SERVING)).doesNotContainAnyElementsOf(before);
        group.run(0, "UPDATE t SET v = 'and sent' WHERE id = 100001");
        assertThat(group.settledRows("SELECT v FROM t WHERE id = 100001"))
                .containsExactly("and sent");
    }

    @Test
    @Order(3)
    void theKilledOneComesBackAsTheStandby() {
        AGENTS.getFirst().start();
        TestGroup.await("it waits", AgentsScenario::doesOneWait);
        standby.kill();
        group.run(2, "INSERT INTO t VALUES (100002, 'and back')");
        assertThat(group.settledRows("SELECT v FROM t WHERE id = 100002"))
                .containsExactly("and back");
        TestGroup.await("all is well again", AgentsScenario::areAllServed);
    }

    /** A machine that is gone says nothing; the server has to find out by itself. */
    @Test
    @Order(4)
    void aServerSoonLetsGoOfAMachineThatIsGone() {
        try (Session session = Session.open(group.address(0), "test")) {
            assertThat(session.value("SHOW tcp_keepalives_idle")).isEqualTo("10");
            assertThat(session.value("SHOW tcp_keepalives_interval")).isEqualTo("5");
            assertThat(session.value("SHOW tcp_keepalives_count")).isEqualTo("4");
        }
    }
}
