package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pgchorus.config.TablePattern;
import org.pgchorus.daemon.Repair;
import org.pgchorus.daemon.Verification;
import org.pgchorus.verify.Difference;
import org.pgchorus.verify.Keep;
import org.pgchorus.verify.Orphaned;
import org.pgchorus.verify.Outcome;
import org.pgchorus.verify.TableReport;
import org.pgchorus.verify.VerifyProgress;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

/**
 * Every kind of difference at once, planted by hand on one node, while clients write to the same
 * tables on both: each is found, nothing else is, a repair makes all equal, and no write is lost.
 */
class PlantedScenario {
    private static final String SCHEMA =
            """
            CREATE TABLE kind (id int PRIMARY KEY, v text);
            CREATE TABLE parent (id int PRIMARY KEY);
            CREATE TABLE child (id int PRIMARY KEY, parent int CONSTRAINT fk REFERENCES parent);
            CREATE TABLE alike (id int PRIMARY KEY, v text)\
            """;

    /** Clients write these; what is planted is below. */
    private static final int FIRST_BUSY = 1000;

    private static final String ROWS = "SELECT id, v FROM kind WHERE id < 1000 ORDER BY id";

    private static final Keep KEEP = new Keep.RowsOf(TestGroup.name(0));

    private final Map<Integer, String> last = new ConcurrentHashMap<>();
    private final AtomicBoolean over = new AtomicBoolean();
    private final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();

    @Test
    void eachIsFoundAndMadeEqualWhileClientsWrite() throws InterruptedException {
        try (TestGroup group = TestGroup.of(SCHEMA, 14, 18)) {
            group.run(
                    0,
                    "INSERT INTO kind SELECT i, 'v' || i FROM generate_series(1, 900) i",
                    "UPDATE kind SET v = '' WHERE id = 20",
                    "INSERT INTO parent SELECT generate_series(1, 9)",
                    "INSERT INTO child SELECT i, i FROM generate_series(1, 9) i");
            group.settle();
            List<String> before = group.rows(0, ROWS);
            List<Thread> clients = new ArrayList<>();
            for (int node = 0; node < 2; node++) {
                int at = node;
                clients.add(
                        Thread.ofVirtual()
                                .uncaughtExceptionHandler((_, e) -> failures.add(e))
                                .start(() -> write(group, at)));
            }
            try {
                Planted.on(
                        group,
                        1,
                        "UPDATE kind SET v = 'changed' WHERE id = 10",
                        "UPDATE kind SET v = NULL WHERE id = 20",
                        "DELETE FROM kind WHERE id = 30",
                        "INSERT INTO kind VALUES (940, 'extra')",
                        "UPDATE kind SET v = CASE id WHEN 50 THEN 'v51' ELSE 'v50' END"
                                + " WHERE id IN (50, 51)",
                        "DELETE FROM parent WHERE id = 7",
                        "ALTER TABLE alike ALTER v SET DEFAULT 'not there'");
                foundOnly(group);
                made(group);
                assertThat(group.rows(1, ROWS)).isEqualTo(before);
            } finally {
                over.set(true);
                for (Thread client : clients) {
                    client.join();
                }
            }
            group.settle();
            assertThat(failures).isEmpty();
            verify(group)
                    .forEach(report ->
                            assertThat(report.outcome())
                                    .as(report.toString())
                                    .isEqualTo(new Outcome.Equal()));
            assertThat(group.settledRows("SELECT id, v FROM kind WHERE id >= 1000 ORDER BY id"))
                    .containsExactlyElementsOf(
                            last.entrySet().stream()
                                    .sorted(Map.Entry.comparingByKey())
                                    .map(e -> e.getKey() + "|" + e.getValue())
                                    .toList());
        }
    }

    /** Each key is written on one node only, so its last write is known. */
    private void write(TestGroup group, int node) {
        Random dice = new Random(node);
        for (int i = 0; !over.get(); i++) {
            int id = FIRST_BUSY + 2 * (i % 50) + node;
            String value = node + " " + i;
            group.run(
                    node,
                    "INSERT INTO kind VALUES (%d, '%s') ON CONFLICT (id) DO UPDATE SET v = '%s'"
                            .formatted(id, value, value),
                    "INSERT INTO child VALUES (%d, 1) ON CONFLICT DO NOTHING".formatted(id));
            last.put(id, value);
            try {
                Thread.sleep(dice.nextInt(60));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private static void foundOnly(TestGroup group) throws InterruptedException {
        Map<String, TableReport> found = new ConcurrentHashMap<>();
        verify(group).forEach(report -> found.put(report.table().name(), report));
        TableReport kind = found.get("kind");
        assertThat(kind.outcome()).as(kind.toString()).isEqualTo(new Outcome.Differs(6, false));
        assertThat(kind.differences().stream().map(Difference::key).map(key -> key.get("id")))
                .containsExactlyInAnyOrder("10", "20", "30", "940", "50", "51");
        assertThat(found.get("parent").outcome()).isEqualTo(new Outcome.Differs(1, false));
        assertThat(found.get("child").orphans())
                .singleElement()
                .satisfies(orphan -> {
                    assertThat(orphan.constraint()).isEqualTo("fk");
                    assertThat(orphan.nodes()).containsExactly(TestGroup.name(1));
                });
        assertThat(found.get("alike").outcome()).isInstanceOf(Outcome.Differs.class);
        assertThat(found.get("alike").notes()).anyMatch(note -> note.contains("not there"));
    }

    private static void made(TestGroup group) throws InterruptedException {
        Repair.Done done = repair(group, "kind", "parent");
        assertThat(done.isEqual()).as(done.toString()).isTrue();
        assertThat(done.repaired()).isEqualTo(7);
        assertThat(verify(group))
                .filteredOn(report -> report.table().name().equals("child"))
                .flatExtracting(TableReport::orphans)
                .extracting(Orphaned::key)
                .isEmpty();
        // How a table is made is the operator's to mend.
        assertThat(repair(group, "alike").isEqual()).isFalse();
        Planted.on(group, 1, "ALTER TABLE alike ALTER v DROP DEFAULT");
    }

    private static Repair.Done repair(TestGroup group, String... tables)
            throws InterruptedException {
        return Repair.of(
                group.address(0),
                new Repair.Request(
                        Stream.of(tables).map(TablePattern::parse).toList(), KEEP, TestGroup.LIMIT),
                _ -> {},
                VerifyProgress.SILENT);
    }

    private static List<TableReport> verify(TestGroup group) throws InterruptedException {
        return Verification.of(
                        group.address(0),
                        new Verification.Request(List.of(), List.of(), TestGroup.LIMIT, 20),
                        VerifyProgress.SILENT)
                .tables();
    }
}
