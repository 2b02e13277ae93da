package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.pgchorus.config.TablePattern;
import org.pgchorus.daemon.Repair;
import org.pgchorus.daemon.RepairUndone;
import org.pgchorus.model.NodeName;
import org.pgchorus.verify.Keep;
import org.pgchorus.verify.VerifyProgress;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

/**
 * What was planted on one node by hand is made equal again, by stamps or as one node has it, under
 * the true stamps; a repair can be undone; and no newer write is lost while clients write.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class RepairScenario {
    private static final String SCHEMA =
            """
            CREATE TABLE changed (id int PRIMARY KEY, a text, b text,
                c int GENERATED ALWAYS AS (id * 2) STORED);
            CREATE TABLE gone (a int, b numeric, v text, PRIMARY KEY (b, a));
            CREATE TABLE person (id int PRIMARY KEY, mail text UNIQUE);
            CREATE TABLE line (v text, n int);
            CREATE TABLE late (id int PRIMARY KEY, v text);
            CREATE TABLE busy (id int PRIMARY KEY, v int NOT NULL);
            """;

    private static final int BUSY = 30;

    private static TestGroup group;

    @BeforeAll
    static void start() {
        group = TestGroup.of(SCHEMA, 14, 18, 18);
        group.run(
                0,
                "INSERT INTO changed SELECT i, 'a' || i, 'b' FROM generate_series(1, 3000) i",
                "INSERT INTO gone SELECT i, i / 10.0, 'v' FROM generate_series(1, 100) i",
                "INSERT INTO person SELECT i, i || '@x' FROM generate_series(1, 10) i",
                "INSERT INTO line SELECT 'line ' || i % 5, 1 FROM generate_series(1, 20) i",
                "INSERT INTO late VALUES (1, 'one'), (2, 'two'), (3, 'three')",
                "INSERT INTO busy SELECT i, 0 FROM generate_series(0, %d) i".formatted(BUSY - 1));
        group.settle();
    }

    @AfterAll
    static void stop() {
        group.close();
    }

    private static Repair.Done repair(Keep keep, String... tables) {
        try {
            return Repair.of(
                    group.address(0),
                    new Repair.Request(
                            Stream.of(tables).map(TablePattern::parse).toList(),
                            keep,
                            TestGroup.LIMIT),
                    _ -> {},
                    VerifyProgress.SILENT);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static Keep rowsOf(int node) {
        return new Keep.RowsOf(TestGroup.name(node));
    }

    private static void equalEverywhere(Repair.Done done, long repaired) {
        assertThat(done.isEqual()).as(done.toString()).isTrue();
        assertThat(done.repaired()).as(done.toString()).isEqualTo(repaired);
    }

    /** The stamp of a row as every node has it, the node by its number. */
    private static String stamp(int node, int id) {
        return group.rows(
                        node,
                        """
                        SELECT coalesce(s.micros, pgchorus.micros(x.timestamp)),
                               coalesce(s.node, pgchorus.writer(x.roident))
                        FROM changed t
                        CROSS JOIN LATERAL pg_xact_commit_timestamp_origin(t.xmin) x
                        LEFT JOIN pgchorus.stamp s ON s.row_xmin = t.xmin
                            AND s.relation = 'changed'::regclass
                            AND s.hash = hash_record_extended(ROW(t.id), 0)
                        WHERE id = %d\
                        """
                                .formatted(id))
                .getFirst();
    }

    @Test
    @Order(1)
    void theHighestStampWinsAndIsKept() {
        Planted.on(group, 1, "UPDATE changed SET b = 'planted' WHERE id = 7");
        Planted.on(group, 2, "DELETE FROM changed WHERE id = 2000");
        Planted.on(group, 0, "INSERT INTO changed VALUES (5000, NULL, '')");
        String planted = stamp(1, 7);
        int conflicts = group.conflicts().size();
        equalEverywhere(repair(new Keep.LastWritten(), "changed"), 3);
        assertThat(
                        group.settledRows(
                                "SELECT a, b FROM changed WHERE id IN (7, 2000, 5000) ORDER BY id"))
                .containsExactly("a7|planted", "a2000|b", "null|");
        for (int node = 0; node < 3; node++) {
            assertThat(stamp(node, 7)).isEqualTo(planted);
        }
        assertThat(stamp(2, 2000)).isEqualTo(stamp(0, 2000));
        // A later write still wins everywhere.
        group.run(2, "UPDATE changed SET b = 'later' WHERE id = 7");
        assertThat(group.settledRows("SELECT b FROM changed WHERE id = 7"))
                .containsExactly("later");
        assertThat(group.conflicts()).hasSize(conflicts);
    }

    @Test
    @Order(2)
    void aLaterDeleteWinsAndALostRowComesBack() {
        group.run(0, "DELETE FROM gone WHERE a = 50");
        group.settle();
        // As if the delete had never come, and as if nobody had deleted.
        Planted.on(
                group,
                1,
                "SELECT pg_replication_origin_xact_setup('0/1', now() - interval '1 hour')",
                "INSERT INTO gone VALUES (50, 5.0, 'v')");
        Planted.on(group, 2, "DELETE FROM gone WHERE a = 51");
        equalEverywhere(repair(new Keep.LastWritten(), "gone"), 2);
        assertThat(group.settledRows("SELECT a FROM gone WHERE a IN (50, 51)"))
                .containsExactly("51");
    }

    @Test
    @Order(3)
    void oneNodeMayBeRight() {
        group.run(0, "DELETE FROM late WHERE id = 1");
        group.settle();
        Planted.on(
                group,
                1,
                "SELECT pg_replication_origin_xact_setup('0/1', now() - interval '1 hour')",
                "INSERT INTO late VALUES (1, 'one')",
                "UPDATE late SET v = 'older' WHERE id = 2",
                "DELETE FROM late WHERE id = 3");
        equalEverywhere(repair(rowsOf(1), "late"), 3);
        assertThat(group.settledRows("SELECT id, v FROM late ORDER BY id"))
                .containsExactly("1|one", "2|older");
        // Writes that follow behave as ever.
        group.run(2, "UPDATE late SET v = 'new' WHERE id = 1");
        group.run(0, "INSERT INTO late VALUES (3, 'again')");
        assertThat(group.settledRows("SELECT id, v FROM late ORDER BY id"))
                .containsExactly("1|new", "2|older", "3|again");
    }

    @Test
    @Order(4)
    void uniqueValuesChangePlaces() {
        Planted.on(
                group,
                1,
                "UPDATE person SET mail = 'none' WHERE id = 1",
                "UPDATE person SET mail = '1@x' WHERE id = 2",
                "UPDATE person SET mail = '2@x' WHERE id = 1",
                "DELETE FROM person WHERE id = 5",
                "UPDATE person SET mail = '5@x' WHERE id = 6");
        Repair.Done done = repair(rowsOf(0), "person");
        assertThat(done.isEqual()).as(done.toString()).isTrue();
        assertThat(
                        group.settledRows(
                                "SELECT id, mail FROM person WHERE id IN (1, 2, 5, 6) ORDER BY id"))
                .containsExactly("1|1@x", "2|2@x", "5|5@x", "6|6@x");
        assertThat(group.settledRows("SELECT count(*) FROM pgchorus.displaced_row"))
                .containsExactly("0");
    }

    @Test
    @Order(5)
    void rowsWithoutAKeyAreCounted() {
        Planted.on(
                group,
                2,
                "ALTER TABLE line REPLICA IDENTITY FULL",
                "DELETE FROM line WHERE ctid = (SELECT min(ctid) FROM line WHERE v = 'line 3')",
                "INSERT INTO line VALUES ('extra', NULL), ('extra', NULL)",
                "ALTER TABLE line REPLICA IDENTITY DEFAULT");
        Repair.Done refused = repair(new Keep.LastWritten(), "line");
        assertThat(refused.isEqual()).isFalse();
        assertThat(refused.tables().getFirst().left())
                .hasSize(2)
                .allSatisfy(left -> assertThat(left.reason()).contains("--keep NODE"));
        Repair.Done done = repair(rowsOf(0), "line");
        equalEverywhere(done, 2);
        assertThat(group.rows(2, "SELECT count(*) FROM line")).containsExactly("20");
        assertThat(RepairUndone.undo(group.address(0), done.id()).isWhole()).isTrue();
        assertThat(group.rows(2, "SELECT count(*) FROM line")).containsExactly("21");
        equalEverywhere(repair(rowsOf(1), "line"), 2);
    }

    @Test
    @Order(6)
    void aRepairIsUndoneWhereNobodyWroteSince() {
        Planted.on(
                group,
                2,
                "UPDATE changed SET a = 'u' WHERE id IN (11, 12)",
                "DELETE FROM changed WHERE id = 13",
                "INSERT INTO changed VALUES (6000, 'x', 'y')");
        String old = stamp(2, 11);
        Repair.Done done = repair(rowsOf(0), "changed");
        equalEverywhere(done, 4);
        group.run(1, "UPDATE changed SET b = 'since' WHERE id = 12");
        group.settle();
        RepairUndone undone = RepairUndone.undo(group.address(1), done.id());
        assertThat(undone.isWhole()).isFalse();
        assertThat(undone.nodes()).containsOnlyKeys(TestGroup.name(2));
        assertThat(undone.nodes().get(TestGroup.name(2)).rows()).isEqualTo(3);
        assertThat(undone.nodes().get(TestGroup.name(2)).left())
                .singleElement()
                .satisfies(left -> assertThat(left.key()).containsExactly("12"));
        assertThat(group.rows(2, "SELECT id, a, b FROM changed WHERE id IN (11, 12, 13, 6000)"))
                .containsExactlyInAnyOrder("11|u|b", "12|a12|since", "6000|x|y");
        assertThat(stamp(2, 11)).isEqualTo(old);
        assertThat(RepairUndone.undo(group.address(0), done.id()).nodes())
                .allSatisfy((_, back) -> assertThat(back.rows()).isZero());
        equalEverywhere(repair(new Keep.LastWritten(), "changed"), 3);
    }

    /** Each key is written on one node only, so the last write of it is known. */
    @Test
    @Order(7)
    void noNewerWriteIsLost() throws InterruptedException {
        long seed = Long.getLong("repair.seed", System.nanoTime());
        System.out.println("repair seed " + seed);
        Map<Integer, Integer> last = new ConcurrentHashMap<>();
        AtomicBoolean stop = new AtomicBoolean();
        ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
        List<Thread> clients = new ArrayList<>();
        for (int node = 0; node < 3; node++) {
            int at = node;
            Random dice = new Random(seed + node);
            clients.add(
                    Thread.ofVirtual()
                            .uncaughtExceptionHandler((_, e) -> failures.add(e))
                            .start(() -> write(at, dice, stop, last)));
        }
        Random dice = new Random(seed);
        long end = System.nanoTime() + Long.getLong("repair.seconds", 4) * 1_000_000_000L;
        long repaired = 0;
        while (System.nanoTime() < end) {
            plant(dice);
            Keep keep = dice.nextBoolean() ? new Keep.LastWritten() : rowsOf(dice.nextInt(3));
            repaired += repair(keep, "busy").repaired();
        }
        // What is planted is itself a write: the last ones come later than all of it.
        last.clear();
        while (last.size() < BUSY) {
            repaired += repair(rowsOf(dice.nextInt(3)), "busy").repaired();
        }
        stop.set(true);
        for (Thread client : clients) {
            client.join();
        }
        group.settle();
        assertThat(failures).isEmpty();
        Repair.Done done = repair(new Keep.LastWritten(), "busy");
        System.out.printf("repaired %d rows under load%n", repaired);
        assertThat(done.isEqual()).as("seed %d: %s", seed, done).isTrue();
        assertThat(group.settledRows("SELECT id, v FROM busy ORDER BY id"))
                .as("seed %d", seed)
                .containsExactlyElementsOf(
                        last.entrySet().stream()
                                .sorted(Map.Entry.comparingByKey())
                                .map(e -> e.getKey() + "|" + e.getValue())
                                .toList());
        assertThat(repaired).isPositive();
    }

    private static void write(
            int node, Random dice, AtomicBoolean stop, Map<Integer, Integer> last) {
        int value = 0;
        while (!stop.get()) {
            int id = dice.nextInt(BUSY / 3) * 3 + node;
            value++;
            group.run(
                    node,
                    """
                    INSERT INTO busy VALUES (%d, %d) ON CONFLICT (id) DO UPDATE SET v = excluded.v\
                    """
                            .formatted(id, value));
            last.put(id, value);
            try {
                Thread.sleep(dice.nextInt(60));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private static void plant(Random dice) {
        for (int i = 0; i < 4; i++) {
            int id = dice.nextInt(BUSY);
            String change =
                    dice.nextBoolean()
                            ? "UPDATE busy SET v = -%d WHERE id = %d".formatted(i + 1, id)
                            : "DELETE FROM busy WHERE id = %d".formatted(id);
            Planted.on(group, dice.nextInt(3), change);
        }
    }

    /** Who is refused has done nothing yet. */
    @Test
    @Order(8)
    void ofTwoRepairsAtOnceOneIsRefused() throws SQLException {
        Planted.on(group, 2, "UPDATE late SET v = 'planted' WHERE id = 2");
        equalEverywhere(repair(rowsOf(0), "late"), 1);
        Planted.on(group, 2, "UPDATE late SET v = 'planted' WHERE id = 2");
        try (Connection other = group.connect(1);
                Statement statement = other.createStatement()) {
            statement.execute(
                    """
                    SELECT pg_replication_origin_session_setup(roname)
                    FROM pg_replication_origin WHERE roname LIKE '%repair%'\
                    """);
            assertThatThrownBy(() -> repair(rowsOf(0), "late"))
                    .hasMessageStartingWith("somebody else is mending rows at")
                    .hasMessageContaining("only one repair")
                    .hasMessageContaining("wait until it has ended");
            assertThat(group.rows(2, "SELECT v FROM late WHERE id = 2")).containsExactly("planted");
        }
        TestGroup.await(
                "the other one has ended",
                () ->
                        group.rows(
                                        1,
                                        """
                                        SELECT 1 FROM pg_stat_activity
                                        WHERE query LIKE '%session_setup(roname)%'
                                          AND pid <> pg_backend_pid()\
                                        """)
                                .isEmpty());
        equalEverywhere(repair(rowsOf(0), "late"), 1);
    }

    @Test
    @Order(9)
    void aNodeThatIsNotThereCannotBeRight() {
        assertThat(
                        org.assertj.core.api.Assertions.catchThrowable(
                                () -> repair(new Keep.RowsOf(new NodeName("z")), "late")))
                .hasMessageContaining("no node z");
    }
}
