package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.pgchorus.config.NodeAddress;
import org.pgchorus.daemon.Orders;
import org.pgchorus.demo.ServerOptions;
import org.pgchorus.member.JoinRequest;
import org.pgchorus.model.NodeName;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.stream.Stream;

/**
 * A join is killed at each of its steps, while clients write on all nodes; the same command ends it
 * well, and nothing is left behind.
 */
class JoinKillScenario {
    private static final String SCHEMA =
            """
            CREATE TABLE hot (id int PRIMARY KEY, v text, n bigint NOT NULL DEFAULT 0);
            CREATE INDEX hot_n ON hot (n);
            CREATE TABLE owner (id int PRIMARY KEY, email text UNIQUE);
            CREATE TABLE pet (id int PRIMARY KEY, owner int REFERENCES owner);
            CREATE TABLE log (line text);
            """;

    private static final List<String> BEFORE_THE_ROWS =
            List.of(
                    "examine",
                    "note the join",
                    "create schema pgchorus",
                    "copy the schema",
                    "refuse clients' writes",
                    "create a slot",
                    "wait until",
                    "copy the rows",
                    "snapshot",
                    "copied public.hot");

    private static final List<String> AFTER_THE_ROWS =
            List.of(
                    "build indexes",
                    "analyze",
                    "create slots at",
                    "enter",
                    "let clients write",
                    "node c has its rows");

    /** What a join must not leave on any node. */
    private static final String NOTES =
            """
            SELECT 'entry ' || name FROM pgchorus.join_entry
            UNION ALL SELECT 'step ' || step FROM pgchorus.join_step
            UNION ALL SELECT 'item ' || kind FROM pgchorus.join_item
            UNION ALL SELECT 'guard ' || tgrelid::regclass FROM pg_trigger
                      WHERE tgname = 'pgchorus_joining'
            UNION ALL SELECT 'slot ' || slot_name FROM pg_replication_slots
                      WHERE slot_name NOT IN (
                          SELECT 'pgchorus_' || l.group_id || '_' || l.node_id || '_' || m.id
                          FROM pgchorus.local l, pgchorus.member m)
            UNION ALL SELECT 'origin ' || roname FROM pg_replication_origin
                      WHERE roname NOT LIKE '%copy%' AND roname NOT LIKE '%self%'
                        AND roname NOT IN (
                          SELECT 'pgchorus_' || l.group_id || '_' || m.id || '_' || l.node_id
                          FROM pgchorus.local l, pgchorus.member m)\
            """;

    private static final String SESSIONS =
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'pgchorus join'";

    private static final String WAITING =
            """
            SELECT pid FROM pg_locks JOIN pg_stat_activity USING (pid)
            WHERE NOT granted AND relation = '%s'::regclass
              AND application_name = 'pgchorus join'\
            """;

    @Test
    void aJoinThatIsKilledAtEachStepEndsWell() throws InterruptedException {
        List<ServerOptions> servers = Stream.of(15, 18, 16).map(ServerOptions::of).toList();
        try (TestGroup group = TestGroup.of(SCHEMA, servers, 2)) {
            group.run(
                    0,
                    "INSERT INTO hot SELECT g, 'old', g FROM generate_series(1, 20000) g",
                    "INSERT INTO owner SELECT g, 'mail ' || g FROM generate_series(1, 100) g",
                    "INSERT INTO pet SELECT g, g FROM generate_series(1, 100) g",
                    "INSERT INTO log VALUES ('one')");
            boolean copies = BadInputScenario.pgDumpFor(15);
            List<String> empty = List.of();
            if (copies) {
                group.run(2, "DROP SCHEMA public CASCADE; CREATE SCHEMA public");
                empty = Premises.objects(List.of(group.address(2)));
            }
            List<String> before = group.rows(0, JoinScenario.LEFTOVERS);
            JoinRequest request =
                    new JoinRequest(
                            group.nodes().get(2),
                            group.address(0),
                            copies ? JoinRequest.Schema.COPY : JoinRequest.Schema.EXISTING,
                            true,
                            2);
            try (HotLoad load = new HotLoad(group, 2, 20_000)) {
                killInTheMiddleOf("note", "pgchorus.join_entry", group, request);
                killAtEach(BEFORE_THE_ROWS, request, copies);
                refusedMeanwhile(group);
                assertThat(Orders.undoJoin(request, new Said())).isTrue();
                assertThat(Orders.undoJoin(request, new Said())).isFalse();
                assertThat(group.rows(0, JoinScenario.LEFTOVERS)).isEqualTo(before);
                if (copies) {
                    assertThat(Premises.objects(List.of(group.address(2)))).isEqualTo(empty);
                }
                killAtEach(AFTER_THE_ROWS.subList(0, 4), request, copies);
                killInTheMiddleOf("enter", "pgchorus.member", group, request);
                killAtEach(AFTER_THE_ROWS.subList(4, 6), request, copies);
                Said said = new Said();
                Orders.join(request, said);
                assertThat(said.lines()).containsExactly("node c is in the group already");
                assertReady(group, 2);
                load.alsoOn(2);
                load.awaitMore(300);
            }
            assertEqual(group);
        }
    }

    private static void killAtEach(List<String> points, JoinRequest request, boolean copies) {
        for (String point : points) {
            boolean ofCopy = point.equals("copy the schema") || point.equals("build indexes");
            if (copies || !ofCopy) {
                assertThat(JoinProcess.killAt(point, request)).startsWith(point);
            }
        }
    }

    /** When the first node has it, and the second one waits for a lock on a table. */
    private static void killInTheMiddleOf(
            String step, String table, TestGroup group, JoinRequest request) {
        try (Connection holder = group.connect(1);
                Statement statement = holder.createStatement()) {
            holder.setAutoCommit(false);
            statement.execute("LOCK TABLE " + table + " IN EXCLUSIVE MODE");
            JoinProcess.killWhen(
                    "stands in " + step,
                    () -> !group.rows(1, WAITING.formatted(table)).isEmpty(),
                    request);
            holder.rollback();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        TestGroup.await("its sessions end", () -> group.rows(1, SESSIONS).isEmpty());
    }

    /** While it is broken off: it is seen, and no other join begins. */
    private static void refusedMeanwhile(TestGroup group) {
        assertThat(group.problems())
                .anySatisfy(problem ->
                        assertThat(problem)
                                .contains("node c is joining")
                                .contains("broken off")
                                .contains("--undo"));
        NodeAddress other = new NodeAddress(new NodeName("d"), group.address(2));
        assertThatThrownBy(() ->
                        Orders.join(
                                new JoinRequest(
                                        other,
                                        group.address(1),
                                        JoinRequest.Schema.EXISTING,
                                        true,
                                        2),
                                new Said()))
                .hasMessageContaining("the join of node c at " + group.address(2).text())
                .hasMessageContaining("was broken off")
                .hasMessageContaining("--undo");
    }

    private static void assertReady(TestGroup group, int node) throws InterruptedException {
        assertThat(
                        Orders.awaitReady(
                                group.address(0),
                                TestGroup.name(node),
                                TestGroup.LIMIT.toMillis(),
                                hint -> {}))
                .as("ready; status: %s", group.problems())
                .isTrue();
        assertThat(group.rows(node, "SELECT pgchorus.wait_for_node_ready('1s')"))
                .containsExactly("t");
    }

    private static void assertEqual(TestGroup group) {
        group.settledRows("SELECT id, v, n FROM hot ORDER BY id");
        group.settledRows("SELECT * FROM owner ORDER BY id");
        group.settledRows("SELECT * FROM pet ORDER BY id");
        assertThat(group.settledRows("SELECT * FROM log")).containsExactly("one");
        group.settledRows(
                """
                SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
                UNION ALL SELECT conname || contype::text || convalidated FROM pg_constraint
                          WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
                ORDER BY 1\
                """);
        for (int node = 0; node < group.size(); node++) {
            assertThat(group.rows(node, NOTES)).isEmpty();
        }
    }
}
