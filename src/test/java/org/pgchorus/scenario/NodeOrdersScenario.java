package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.pgchorus.daemon.NodeOrders;
import org.pgchorus.daemon.NodeOrders.Drained;
import org.pgchorus.daemon.NodeOrders.Pause;
import org.pgchorus.daemon.Orders;
import org.pgchorus.daemon.Orphans;
import org.pgchorus.daemon.Status;
import org.pgchorus.daemon.Survey;
import org.pgchorus.model.LinkName;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;

/** Pausing, draining and keeping clients off a whole node; three nodes that all stories share. */
class NodeOrdersScenario {
    private static final String SCHEMA =
            """
            CREATE TABLE t (id int PRIMARY KEY, v text);
            CREATE TABLE late (id int PRIMARY KEY);
            CREATE TABLE whole (id int PRIMARY KEY) PARTITION BY RANGE (id);
            CREATE TABLE part PARTITION OF whole FOR VALUES FROM (0) TO (1000);
            CREATE TABLE elder (id int PRIMARY KEY);
            CREATE TABLE younger (PRIMARY KEY (id)) INHERITS (elder);
            CREATE TABLE parent (id int PRIMARY KEY);
            CREATE TABLE child (id int PRIMARY KEY, p int CONSTRAINT fk REFERENCES parent);
            """;

    private static final String READ_ONLY_TRIGGERS =
            "SELECT DISTINCT tgrelid::regclass FROM pg_trigger WHERE tgname ~ 'pgchorus_read_only'";

    private static TestGroup group;

    @BeforeAll
    static void start() {
        group = TestGroup.of(SCHEMA, 14, 18, 16);
    }

    @AfterAll
    static void stop() {
        if (group != null) {
            group.close();
            group = null;
        }
    }

    private static Pause pause(int node, boolean paused) {
        try {
            Pause pause = NodeOrders.pause(group.address(0), TestGroup.name(node), paused);
            assertThat(pause.unconfirmed()).isEmpty();
            assertThat(pause.untold()).isEmpty();
            return pause;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void readOnly(int node, boolean on) throws InterruptedException {
        assertThat(NodeOrders.readOnly(group.address(0), TestGroup.name(node), on)).isEmpty();
    }

    private static LinkName link(int from, int to) {
        return new LinkName(TestGroup.name(from), TestGroup.name(to));
    }

    private static String state(int from, int to) {
        return Survey.of(group.address(0)).links().stream()
                .filter(l -> l.from().equals(TestGroup.name(from).text()))
                .filter(l -> l.to().equals(TestGroup.name(to).text()))
                .map(Status.Link::state)
                .findFirst()
                .orElseThrow();
    }

    private static void awaitFlowing() {
        TestGroup.await("all is well: " + group.problems(), () -> group.problems().isEmpty());
    }

    @Test
    void aPausedNodeIsLeftAloneAndTheOthersGoOn() {
        group.hold(0, 1);
        assertThat(pause(1, true).links())
                .containsExactlyInAnyOrder(link(0, 1), link(1, 0), link(1, 2), link(2, 1));
        pause(2, true);
        assertThat(group.problems())
                .contains("node b is paused; to let its links go on: pgchorus node resume b")
                .contains("link b->c is paused: paused by order, as is node b, c");
        group.run(0, "INSERT INTO t VALUES (100, 'a')");
        group.run(1, "INSERT INTO t VALUES (101, 'b')");
        Pause resumed = pause(2, false);
        assertThat(resumed.links()).containsExactlyInAnyOrder(link(0, 2), link(2, 0));
        assertThat(resumed.still()).containsExactlyInAnyOrder(link(1, 2), link(2, 1));
        group.settle(0, 2);
        assertThat(group.rows(2, "SELECT id FROM t WHERE id IN (100, 101)")).containsExactly("100");
        assertThat(group.rows(1, "SELECT id FROM t WHERE id IN (100, 101)")).containsExactly("101");
        assertThat(pause(1, false).still()).containsExactly(link(0, 1));
        assertThat(state(0, 1)).isEqualTo("paused");
        group.release(0, 1);
        assertThat(group.settledRows("SELECT id FROM t WHERE id IN (100, 101) ORDER BY id"))
                .containsExactly("100", "101");
        awaitFlowing();
    }

    private static void refused(Statement client, String sql) {
        assertThatThrownBy(() -> client.execute(sql))
                .as(sql)
                .isInstanceOf(SQLException.class)
                .hasMessageContaining("node b is read-only")
                .hasMessageContaining("pgchorus node read-only b off")
                .extracting(e -> ((SQLException) e).getSQLState())
                .isEqualTo("25006");
    }

    @Test
    void clientsCannotWriteOnAReadOnlyNodeAndOthersWritesArrive() throws Exception {
        Orders.removeTable(group.address(0), "late");
        group.run(
                0,
                "INSERT INTO t VALUES (200, 'old'), (201, 'old')",
                "INSERT INTO part VALUES (1)",
                "INSERT INTO younger VALUES (1)");
        group.settle();
        try (Connection older = group.connect(1);
                Statement snapshot = older.createStatement();
                Connection client = group.connect(1);
                Statement statement = client.createStatement()) {
            older.setAutoCommit(false);
            older.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            snapshot.execute("SELECT 1 FROM pg_class");
            readOnly(1, true);
            refused(snapshot, "INSERT INTO t VALUES (202, 'too late')");
            older.rollback();
            refused(statement, "INSERT INTO t VALUES (202, 'x')");
            refused(statement, "INSERT INTO t VALUES (200, 'x') ON CONFLICT DO NOTHING");
            refused(statement, "UPDATE t SET v = 'x' WHERE id = 200");
            refused(statement, "DELETE FROM t WHERE id = 200");
            refused(statement, "TRUNCATE t");
            refused(statement, "INSERT INTO whole VALUES (2)");
            refused(statement, "DELETE FROM whole");
            refused(statement, "TRUNCATE whole");
            refused(statement, "DELETE FROM elder WHERE id = 1");
            statement.execute("CREATE TEMP TABLE mine AS SELECT * FROM t");
            statement.execute("INSERT INTO late VALUES (1)");
            statement.execute("DELETE FROM late");
            Orders.addTable(group.address(0), "late");
            refused(statement, "INSERT INTO late VALUES (1)");
            group.run(1, "DROP TRIGGER pgchorus_read_only ON t");
            TestGroup.await(
                    "the trigger is back",
                    () ->
                            !group.rows(
                                            1,
                                            "SELECT FROM pg_trigger WHERE tgrelid = 't'::regclass"
                                                    + " AND tgname = 'pgchorus_read_only'")
                                    .isEmpty());
            refused(statement, "DELETE FROM t WHERE id = 200");
        }
        Status status = Survey.of(group.address(0));
        assertThat(status.nodes())
                .extracting(Status.Node::readOnly)
                .containsExactly(false, true, false);
        assertThat(status.notes()).contains("node b is read-only: clients cannot write there");
        assertThat(status.problems()).isEmpty();
        group.run(
                2,
                "UPDATE t SET v = 'new' WHERE id = 200",
                "DELETE FROM t WHERE id = 201",
                "INSERT INTO late VALUES (5)",
                "INSERT INTO whole VALUES (3)");
        assertThat(group.settledRows("SELECT v FROM t WHERE id IN (200, 201)"))
                .containsExactly("new");
        assertThat(group.settledRows("SELECT id FROM late")).containsExactly("5");
        readOnly(1, false);
        group.run(1, "UPDATE t SET v = 'mine' WHERE id = 200", "TRUNCATE late");
        assertThat(group.settledRows("SELECT v FROM t WHERE id = 200")).containsExactly("mine");
        TestGroup.await("they are gone", () -> group.rows(1, READ_ONLY_TRIGGERS).isEmpty());
    }

    @Test
    void aReadOnlyNodeDoesNotHealOrphansForTheOthers() throws Exception {
        group.run(0, "INSERT INTO parent VALUES (1)");
        group.settle();
        readOnly(0, true);
        Orphans.choose(group.address(1), "fk", Optional.empty(), "remove-child");
        group.holdAll();
        group.run(1, "DELETE FROM parent");
        group.run(2, "INSERT INTO child VALUES (10, 1)");
        group.releaseAll();
        group.settle();
        TestGroup.await(
                "somebody else heals",
                () -> group.rows(0, "SELECT FROM child WHERE id = 10").isEmpty());
        assertThat(group.rows(1, "SELECT action FROM pgchorus.heal")).hasSize(1);
        assertThat(group.rows(0, "SELECT action FROM pgchorus.heal")).isEmpty();
        readOnly(0, false);
    }

    @Test
    void aDrainedNodeCanBeStoppedWithoutLoss() throws Exception {
        try (Connection open = group.connect(1);
                Statement statement = open.createStatement();
                var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            open.setAutoCommit(false);
            statement.execute("INSERT INTO t VALUES (300, 'open')");
            List<CompletableFuture<List<Integer>>> writers = new ArrayList<>();
            for (int writer = 1; writer <= 2; writer++) {
                int first = 300 + writer * 10_000;
                writers.add(CompletableFuture.supplyAsync(() -> write(first), executor));
            }
            CompletableFuture<Drained> draining =
                    CompletableFuture.supplyAsync(() -> drain(Duration.ofMinutes(2)), executor);
            TestGroup.await(
                    "it waits for the open transaction",
                    () ->
                            !group.rows(
                                            1,
                                            "SELECT FROM pg_locks WHERE NOT granted"
                                                    + " AND relation = 't'::regclass")
                                    .isEmpty());
            open.commit();
            Drained drained = draining.join();
            assertThat(drained.lacking()).isEmpty();
            assertThat(drained.untold()).isEmpty();
            List<Integer> acknowledged = new ArrayList<>(List.of(300));
            writers.forEach(writer -> acknowledged.addAll(writer.join()));
            group.server(1).stop();
            for (int other : new int[] {0, 2}) {
                assertThat(group.rows(other, "SELECT id FROM t WHERE id >= 300"))
                        .containsExactlyInAnyOrderElementsOf(
                                acknowledged.stream().map(String::valueOf).toList());
            }
        }
        group.server(1).restart();
        awaitFlowing();
        readOnly(1, false);
        aPeerThatLacksSomethingIsNamed();
    }

    /** Writes until it is refused; returns what was acknowledged. */
    private static List<Integer> write(int first) {
        List<Integer> acknowledged = new ArrayList<>();
        try (Connection client = group.connect(1);
                Statement statement = client.createStatement()) {
            for (int id = first; id < first + 10_000; id++) {
                statement.execute("INSERT INTO t VALUES (%d, 'w')".formatted(id));
                acknowledged.add(id);
            }
        } catch (SQLException e) {
            assertThat(e.getSQLState()).isEqualTo("25006");
        }
        return acknowledged;
    }

    private static Drained drain(Duration timeout) {
        try {
            return NodeOrders.drain(group.address(0), TestGroup.name(1), timeout);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void aPeerThatLacksSomethingIsNamed() throws InterruptedException {
        group.hold(1, 2);
        group.run(1, "INSERT INTO t VALUES (299, 'late')");
        Drained drained = drain(Duration.ofSeconds(1));
        assertThat(drained.lacking()).containsOnlyKeys(link(1, 2));
        assertThat(drained.lacking().get(link(1, 2)))
                .matches("node c lacks \\d+ bytes of its log; the link is paused: paused by order");
        assertThatThrownBy(() -> group.run(1, "DELETE FROM t"))
                .cause()
                .hasMessageContaining("read-only");
        group.release(1, 2);
        assertThat(drain(TestGroup.LIMIT).lacking()).isEmpty();
        readOnly(1, false);
    }
}
