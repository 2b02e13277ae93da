package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;
import org.pgchorus.daemon.Orphans;
import org.pgchorus.daemon.Orphans.Orphan;
import org.pgchorus.pg.PgError;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A parent is deleted on one node while a child is inserted on another: every node finds the same
 * orphan, and each way to heal leaves none, and equal nodes. Each story has tables of its own.
 */
@ParameterizedClass(name = "PostgreSQL {0}")
@MethodSource("org.pgchorus.scenario.Versions#ofTwo")
class OrphanScenario {
    private static final int STORIES = 12;
    private static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(7);

    private static final String SCHEMA =
            IntStream.rangeClosed(1, STORIES)
                            .mapToObj(i ->
                                    """
                                    CREATE TABLE p%1$d (id int PRIMARY KEY, v text,
                                        up int CONSTRAINT up%1$d REFERENCES p%1$d);
                                    CREATE TABLE c%1$d (id int PRIMARY KEY, v text,
                                        p int CONSTRAINT fk%1$d REFERENCES p%1$d);
                                    """
                                            .formatted(i))
                            .collect(Collectors.joining())
                    + """
                    ALTER TABLE c6 DROP CONSTRAINT fk6, ADD CONSTRAINT fk6 FOREIGN KEY (p)
                        REFERENCES p6 ON DELETE CASCADE;
                    CREATE TABLE wide_p (a int, b text COLLATE "C", PRIMARY KEY (b, a));
                    CREATE TABLE wide_c (id int PRIMARY KEY, a bigint, b varchar(9) NOT NULL,
                        CONSTRAINT wide FOREIGN KEY (a, b) REFERENCES wide_p (a, b));
                    CREATE TABLE parts_p (id int PRIMARY KEY, v text) PARTITION BY HASH (id);
                    CREATE TABLE parts_p0 PARTITION OF parts_p
                        FOR VALUES WITH (modulus 2, remainder 0);
                    CREATE TABLE parts_p1 PARTITION OF parts_p
                        FOR VALUES WITH (modulus 2, remainder 1);
                    CREATE TABLE parts_c (id int PRIMARY KEY,
                        p int CONSTRAINT parts REFERENCES parts_p) PARTITION BY RANGE (id);
                    CREATE TABLE parts_c0 PARTITION OF parts_c FOR VALUES FROM (0) TO (100);
                    CREATE TABLE grand (id int PRIMARY KEY,
                        c int CONSTRAINT grand REFERENCES c7);
                    """;

    private static TestGroup group;

    OrphanScenario(@SuppressWarnings("unused") String versions) {}

    @BeforeParameterizedClassInvocation
    static void start(String versions) {
        group = TestGroup.of(SCHEMA, TestGroup.majors(versions));
        for (int i = 1; i <= STORIES; i++) {
            group.run(0, "INSERT INTO p%d VALUES (1, 'old', NULL), (2, 'old', 1)".formatted(i));
        }
        group.run(
                0,
                "INSERT INTO wide_p VALUES (1, 'x'), (2, 'x')",
                "INSERT INTO parts_p VALUES (1, 'old'), (2, 'old'), (3, 'old')");
        group.settle();
        group.awaitHeard();
    }

    @AfterParameterizedClassInvocation
    static void stop() {
        if (group != null) {
            group.close();
            group = null;
        }
    }

    /** A deletes parent 2, B inserts child 10 under it; then both hear of it. */
    private static void makeOrphan(int story) {
        group.holdAll();
        group.run(0, "DELETE FROM p%d WHERE id = 2".formatted(story));
        group.run(1, "INSERT INTO c%d VALUES (10, 'child', 2)".formatted(story));
        group.releaseAll();
        group.settle();
    }

    private static List<Orphan> orphans(String constraint) {
        Orphans.Found found = Orphans.list(group.address(0), Optional.empty());
        assertThat(found.unreachable()).isEmpty();
        assertThat(found.asked()).hasSize(group.size());
        return found.orphans().stream()
                .filter(orphan -> orphan.constraint().equals(constraint))
                .toList();
    }

    private static void choose(String constraint, String policy) {
        Orphans.choose(group.address(0), constraint, Optional.empty(), policy);
    }

    private static void awaitNoOrphans(String constraint) {
        TestGroup.await("no orphans of " + constraint, () -> orphans(constraint).isEmpty());
        group.settle();
        assertThat(orphans(constraint)).isEmpty();
    }

    private static List<String> healed(String constraint) {
        return Orphans.healed(group.address(0), Optional.empty(), 1000).found().stream()
                .filter(healed -> healed.constraint().equals(constraint))
                .map(healed -> healed.node() + " " + healed.action() + " " + healed.key())
                .toList();
    }

    @Test
    void theSameOrphansAreFoundOnEveryNode() {
        makeOrphan(1);
        group.run(1, "INSERT INTO c1 VALUES (11, 'refers to nothing', NULL)");
        group.holdAll();
        group.run(0, "DELETE FROM wide_p WHERE a = 1");
        group.run(1, "INSERT INTO wide_c VALUES (10, 1, 'x'), (11, NULL, 'x'), (12, 2, 'x')");
        group.releaseAll();
        group.settle();
        List<String> all =
                IntStream.range(0, group.size()).mapToObj(i -> TestGroup.name(i).text()).toList();
        assertThat(orphans("fk1"))
                .singleElement()
                .isEqualTo(
                        new Orphan(
                                "fk1",
                                "public.c1",
                                "public.p1",
                                "{\"id\" : 10}",
                                "{\"p\" : 2}",
                                "report",
                                all,
                                false,
                                ""));
        assertThat(orphans("wide"))
                .extracting(Orphan::key, Orphan::reference, Orphan::nodes)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple(
                                "{\"id\" : 10}", "{\"a\" : 1, \"b\" : \"x\"}", all));
        assertThat(
                        Orphans.list(group.address(0), Optional.of(TestGroup.name(1)))
                                .orphans()
                                .stream()
                                .filter(orphan -> orphan.constraint().equals("fk1")))
                .singleElement()
                .extracting(Orphan::nodes)
                .isEqualTo(List.of("b"));
    }

    @Test
    void childIsRemoved() {
        choose("fk2", "remove-child");
        makeOrphan(2);
        awaitNoOrphans("fk2");
        assertThat(group.settledRows("SELECT * FROM c2")).isEmpty();
        assertThat(healed("fk2")).containsExactly("a remove-child {\"id\" : 10}");
    }

    @Test
    void childRefersToNothing() {
        choose("fk3", "set-null");
        makeOrphan(3);
        awaitNoOrphans("fk3");
        assertThat(group.settledRows("SELECT * FROM c3")).containsExactly("10|child|null");
        assertThat(healed("fk3")).containsExactly("a set-null {\"id\" : 10}");
    }

    @Test
    void parentIsRestoredAsItWasLast() {
        choose("fk4", "restore-parent");
        group.holdAll();
        group.run(0, "UPDATE p4 SET v = 'later' WHERE id = 2", "INSERT INTO p4 VALUES (5, 'e')");
        group.run(0, "DELETE FROM p4 WHERE id = 2");
        group.run(1, "DELETE FROM p4 WHERE id = 2");
        int last = group.size() - 1;
        if (last > 1) {
            group.run(last, "INSERT INTO c4 VALUES (10, 'child', 2)");
        } else {
            group.run(1, "INSERT INTO p4 VALUES (2, 'soon gone', 1)");
            group.run(1, "INSERT INTO c4 VALUES (10, 'child', 2)");
            group.run(0, "INSERT INTO p4 VALUES (2, 'later', 1)");
            group.run(0, "DELETE FROM p4 WHERE id = 2");
        }
        group.releaseAll();
        group.settle();
        awaitNoOrphans("fk4");
        assertThat(group.settledRows("SELECT * FROM p4 WHERE id = 2")).containsExactly("2|later|1");
        assertThat(group.settledRows("SELECT * FROM c4")).containsExactly("10|child|2");
    }

    @Test
    void parentsOfARestoredParentAreRestoredToo() {
        choose("fk5", "restore-parent");
        choose("up5", "restore-parent");
        group.holdAll();
        group.run(0, "DELETE FROM p5");
        group.run(1, "INSERT INTO c5 VALUES (10, 'child', 2)");
        group.releaseAll();
        group.settle();
        awaitNoOrphans("fk5");
        assertThat(group.settledRows("SELECT * FROM p5 ORDER BY id"))
                .containsExactly("1|old|null", "2|old|1");
    }

    @Test
    void cascadeMissesTheChildThatItDidNotSee() {
        group.run(0, "INSERT INTO c6 VALUES (9, 'seen', 2)");
        group.settle();
        makeOrphan(6);
        assertThat(orphans("fk6")).extracting(Orphan::key).containsExactly("{\"id\" : 10}");
        choose("fk6", "remove-child");
        awaitNoOrphans("fk6");
        assertThat(group.settledRows("SELECT * FROM c6")).isEmpty();
    }

    @Test
    void whatRefersToARemovedChildStopsItUnlessItMayGoToo() {
        choose("fk7", "remove-child");
        group.holdAll();
        group.run(0, "DELETE FROM p7 WHERE id = 2");
        group.run(1, "INSERT INTO c7 VALUES (10, 'child', 2)", "INSERT INTO grand VALUES (1, 10)");
        group.releaseAll();
        group.settle();
        TestGroup.await(
                "the reason is told",
                () -> orphans("fk7").stream().allMatch(orphan -> orphan.state().contains("grand")));
        assertThat(orphans("fk7")).hasSize(1);
        choose("grand", "set-null");
        awaitNoOrphans("fk7");
        assertThat(group.settledRows("SELECT * FROM grand")).containsExactly("1|null");
        assertThat(group.settledRows("SELECT * FROM c7")).isEmpty();
    }

    @Test
    void laterParentOfAClientStandsOverTheRestoredOne() {
        choose("fk8", "restore-parent");
        makeOrphan(8);
        group.hold(0, 1);
        TestGroup.await("restored at a", () -> !healed("fk8").isEmpty());
        group.run(1, "INSERT INTO p8 VALUES (2, 'by a client')");
        group.release(0, 1);
        assertThat(group.settledRows("SELECT * FROM p8 WHERE id = 2"))
                .containsExactly("2|by a client|null");
        assertThat(group.settledRows("SELECT * FROM c8")).containsExactly("10|child|2");
        assertThat(orphans("fk8")).isEmpty();
    }

    @Test
    void childThatIsUpdatedWhileItIsRemovedIsRemovedAgain() {
        choose("fk9", "remove-child");
        makeOrphan(9);
        group.hold(0, 1);
        TestGroup.await("removed at a", () -> !healed("fk9").isEmpty());
        group.run(1, "UPDATE c9 SET v = 'later' WHERE id = 10");
        group.release(0, 1);
        group.settle();
        awaitNoOrphans("fk9");
        assertThat(group.settledRows("SELECT * FROM c9")).isEmpty();
        assertThat(healed("fk9")).hasSize(2);
    }

    @Test
    void nothingIsHealedWhileTheParentMayBeOnItsWay() {
        choose("fk10", "remove-child");
        group.holdAll();
        group.run(0, "DELETE FROM p10 WHERE id = 2");
        group.run(1, "INSERT INTO c10 VALUES (10, 'child', 2)");
        group.release(1, 0);
        group.settle(1, 0);
        group.hold(1, 0);
        group.run(1, "UPDATE p10 SET v = 'later than the delete' WHERE id = 2");
        for (int node = 2; node < group.size(); node++) {
            group.release(node, 0);
        }
        TestGroup.await(
                "the healer says what it waits for",
                () ->
                        orphans("fk10").stream()
                                .anyMatch(orphan -> orphan.state().endsWith("from node b")));
        long began = System.nanoTime();
        TestGroup.await(
                "some looks later",
                () -> {
                    assertThat(healed("fk10")).isEmpty();
                    return System.nanoTime() - began > QUIET_NANOS;
                });
        group.releaseAll();
        assertThat(group.settledRows("SELECT * FROM p10 WHERE id = 2"))
                .containsExactly("2|later than the delete|1");
        assertThat(group.settledRows("SELECT * FROM c10")).containsExactly("10|child|2");
        assertThat(orphans("fk10")).isEmpty();
        assertThat(healed("fk10")).isEmpty();
    }

    @Test
    void healingGoesOnAfterARestart() {
        choose("fk11", "restore-parent");
        group.holdAll();
        group.run(0, "DELETE FROM p11 WHERE id = 2");
        group.run(1, "INSERT INTO c11 VALUES (10, 'child', 2)");
        group.releaseAll();
        group.settle();
        group.stopDaemon();
        assertThat(orphans("fk11")).hasSize(1);
        group.startDaemon();
        awaitNoOrphans("fk11");
        assertThat(group.settledRows("SELECT * FROM p11 WHERE id = 2")).containsExactly("2|old|1");
    }

    @Test
    void partitionedTablesAreHealedAsOne() {
        choose("parts", "restore-parent");
        group.holdAll();
        group.run(0, "DELETE FROM parts_p WHERE id IN (1, 2)");
        group.run(1, "INSERT INTO parts_c VALUES (1, 1), (2, 2), (3, 3)");
        group.releaseAll();
        group.settle();
        awaitNoOrphans("parts");
        assertThat(group.settledRows("SELECT * FROM parts_p ORDER BY id"))
                .containsExactly("1|old", "2|old", "3|old");
    }

    @Test
    void parentThatNobodyKeptIsReportedWithTheReason() {
        makeOrphan(12);
        choose("fk12", "restore-parent");
        TestGroup.await(
                "the reason is told",
                () ->
                        orphans("fk12").stream()
                                .anyMatch(orphan -> orphan.state().contains("no node has kept")));
        group.run(1, "INSERT INTO p12 VALUES (2, 'by hand')");
        group.settle();
        assertThat(orphans("fk12")).isEmpty();
    }

    @Test
    void policiesThatCannotWorkAreRefused() {
        assertThatThrownBy(() -> choose("no_such", "report"))
                .isInstanceOf(PgError.Refused.class)
                .hasMessageContaining("there are: ")
                .hasMessageContaining("fk1 of public.c1");
        assertThatThrownBy(() -> choose("fk1", "forget"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("remove-child");
        choose("wide", "set-null");
        choose("wide", "report");
        assertThat(Orphans.foreignKeys(group.address(1)))
                .contains(new Orphans.Chosen("wide", "public.wide_c", "public.wide_p", "report"));
    }
}
