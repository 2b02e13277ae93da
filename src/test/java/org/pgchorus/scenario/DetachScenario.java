package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.pgchorus.daemon.Detach;
import org.pgchorus.daemon.Survey;
import org.pgchorus.daemon.Waiting;
import org.pgchorus.member.Departure;
import org.pgchorus.member.Member;
import org.pgchorus.model.NodeName;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;

import java.util.List;
import java.util.Optional;

/** A node is lost for good: those that stay give each other what only some of them had of it. */
class DetachScenario {
    private static final String SCHEMA =
            """
            CREATE TABLE t (id int PRIMARY KEY, v text);
            CREATE TABLE u (id int PRIMARY KEY, mail text UNIQUE);
            CREATE TABLE e (id int PRIMARY KEY, v text);
            CREATE TABLE big (id int PRIMARY KEY, large text, small int);
            CREATE TABLE d (id int PRIMARY KEY, n int NOT NULL DEFAULT 0, note text);
            ALTER TABLE d REPLICA IDENTITY FULL;
            CREATE TABLE log (line text)\
            """;

    private static final List<String> QUESTIONS =
            List.of(
                    "SELECT * FROM t ORDER BY id",
                    "SELECT * FROM u ORDER BY id",
                    "SELECT * FROM e ORDER BY id",
                    "SELECT id, md5(large), small FROM big ORDER BY id",
                    "SELECT * FROM d ORDER BY id",
                    "SELECT * FROM log ORDER BY line");

    private static final String LARGE =
            "(SELECT string_agg(md5((i * %d)::text), '') FROM generate_series(1, 300) i)";

    @Test
    void whatOnlyOneHadOfALostNodeIsOnAllThatStay() throws InterruptedException {
        try (TestGroup group = TestGroup.of(SCHEMA, 14, 16, 18)) {
            begin(group);
            group.hold(2, 1);
            writeOnTheLost(group);
            group.settle(2, 0);
            // What a does in sight of it waits, too.
            group.hold(0, 1);
            group.run(
                    0,
                    "UPDATE big SET small = 7 WHERE id = 1",
                    "UPDATE t SET v = 'a after c' WHERE id = 20",
                    "UPDATE d SET n = n + 100 WHERE id IN (1, 9)",
                    "DELETE FROM t WHERE id = 21");
            group.run(1, "UPDATE t SET v = 'b later' WHERE id = 4", "UPDATE d SET n = n + 10");
            group.server(2).stopImmediate();
            detach(group);
            group.release(0, 1);
            equal(group);
            assertThat(group.rows(1, "SELECT v FROM t WHERE id IN (1, 4) ORDER BY id"))
                    .containsExactly("c", "b later");
            assertThat(group.rows(1, "SELECT n FROM d ORDER BY id"))
                    .containsExactly("115", "10", "103");
            assertThat(group.rows(1, "SELECT line FROM log ORDER BY line"))
                    .containsExactly("c", "c", "early");
            assertThat(group.conflicts())
                    .as("what was not received is no conflict")
                    .noneMatch(c -> c.table().equals("u"));
            staysWell(group);
        }
    }

    @Test
    void aDetachKilledHalfWayIsEndedByTheSameCommand() throws InterruptedException {
        try (TestGroup group = TestGroup.of(SCHEMA, 16, 14, 15)) {
            begin(group);
            group.hold(2, 0);
            group.run(2, "INSERT INTO t VALUES (30, 'c')", "INSERT INTO log VALUES ('c'), ('c')");
            group.settle(2, 1);
            group.stopDaemon();
            group.server(2).stop();
            group.startDaemon();
            diesAt(group, "node a got");
            diesAt(group, "forgetting");
            try (Session first = Session.open(group.address(0), "test")) {
                Member lost = Member.all(first).getLast();
                String id = first.value("SELECT group_id FROM pgchorus.local");
                long now = Long.parseLong(first.value("SELECT pgchorus.micros(now())"));
                Departure.end(first, id, 1, lost, now);
            }
            detach(group);
            equal(group);
            assertThat(group.rows(0, "SELECT count(*) FROM log")).containsExactly("3");
            assertThatThrownBy(() -> detach(group))
                    .hasMessageContaining("taken out of the group already");
            knowsThatItIsOut(group);
        }
    }

    private static void diesAt(TestGroup group, String step) {
        assertThatThrownBy(() ->
                        Detach.nodes(
                                group.address(0),
                                List.of(TestGroup.name(2)),
                                said -> {
                                    if (said.startsWith(step)) {
                                        throw new IllegalStateException("killed");
                                    }
                                }))
                .hasMessage("killed");
    }

    /** It comes back: it hears that it is out, from both, and nothing of it goes to anybody. */
    private static void knowsThatItIsOut(TestGroup group) throws InterruptedException {
        group.server(2).restart();
        group.run(2, "INSERT INTO t VALUES (31, 'c alone')");
        TestGroup.await(
                "both links say it",
                () ->
                        Survey.of(group.address(2)).links().stream()
                                        .filter(l -> l.to().equals("c"))
                                        .filter(l -> l.reason().contains("was taken out"))
                                        .filter(l -> l.reason().contains("node remove"))
                                        .count()
                                == 2);
        assertThat(group.rows(0, "SELECT name FROM pgchorus.node ORDER BY id"))
                .containsExactly("a", "b");
        equal(group);
        assertThat(group.rows(0, "SELECT count(*) FROM t WHERE id = 31")).containsExactly("0");
    }

    @Test
    void aNodeThatLivesHandsOverWhatItWroteLast() throws InterruptedException {
        try (TestGroup group = TestGroup.of(SCHEMA, 18, 18, 18)) {
            begin(group);
            assertThatThrownBy(() ->
                            Detach.nodes(group.address(2), List.of(TestGroup.name(2)), step -> {}))
                    .isInstanceOf(PgError.Refused.class)
                    .hasMessageContaining("name one that stays");
            group.run(2, "INSERT INTO t SELECT i, 'last' FROM generate_series(100, 5000) i");
            Detach.Detached done = detach(group);
            assertThat(done.alive()).hasSize(1);
            assertThat(group.rows(1, "SELECT count(*) FROM t")).containsExactly("4911");
            equal(group);
            assertThat(group.rows(2, "SELECT count(*) FROM pg_replication_slots"))
                    .as("its log is kept for nobody")
                    .containsExactly("0");
            group.server(1).stop();
            assertThatThrownBy(() ->
                            Detach.nodes(
                                    group.address(0), List.of(new NodeName("nobody")), step -> {}))
                    .hasMessageContaining("no node nobody");
            Detach.nodes(group.address(0), List.of(TestGroup.name(1)), step -> {});
            TestGroup.await("alone", () -> group.problems().isEmpty());
        }
    }

    private static void begin(TestGroup group) {
        group.addDeltas("d", "n");
        group.run(
                0,
                "INSERT INTO t SELECT i, 'early' FROM generate_series(1, 10) i",
                "INSERT INTO u VALUES (1, 'one'), (2, 'two'), (3, 'three')",
                "INSERT INTO e SELECT i, 'early' FROM generate_series(1, 10) i",
                "INSERT INTO big VALUES (1, " + LARGE.formatted(1) + ", 1)",
                "INSERT INTO d VALUES (1, 0), (2, 0)",
                "INSERT INTO log VALUES ('early')");
        group.settle();
        group.awaitHeard();
    }

    private static void writeOnTheLost(TestGroup group) {
        group.run(
                2,
                "UPDATE t SET v = 'c' WHERE id IN (1, 4)",
                "DELETE FROM t WHERE id = 2",
                "INSERT INTO t VALUES (20, 'c'), (21, 'c')");
        group.run(2, "UPDATE u SET mail = 'uno' WHERE id = 1", "DELETE FROM u WHERE id = 2");
        group.run(2, "INSERT INTO u VALUES (0, 'one'), (4, 'two')");
        group.run(2, "TRUNCATE e");
        group.run(2, "INSERT INTO e VALUES (3, 'c')");
        group.run(2, "UPDATE big SET large = " + LARGE.formatted(2));
        group.run(2, "UPDATE d SET n = n + 5 WHERE id = 1", "INSERT INTO d VALUES (9, 3)");
        group.run(2, "INSERT INTO log VALUES ('c'), ('c')");
    }

    private static Detach.Detached detach(TestGroup group) throws InterruptedException {
        return Detach.nodes(group.address(0), List.of(TestGroup.name(2)), step -> {});
    }

    private static void equal(TestGroup group) throws InterruptedException {
        assertThat(
                        Waiting.untilApplied(
                                group.address(0),
                                TestGroup.LIMIT,
                                Optional.empty(),
                                Optional.empty()))
                .isEmpty();
        for (String question : QUESTIONS) {
            assertThat(group.rows(1, question)).as(question).isEqualTo(group.rows(0, question));
        }
    }

    /** Both go on, nothing is left that the lost one would be missed for. */
    private static void staysWell(TestGroup group) throws InterruptedException {
        group.run(0, "UPDATE t SET v = 'on', id = id + 1000 WHERE id > 5");
        group.run(1, "UPDATE d SET n = n + 1", "UPDATE big SET small = 8");
        equal(group);
        TestGroup.await("all is well", () -> group.problems().isEmpty());
        String slots = "SELECT count(*) FROM pg_replication_slots WHERE slot_name LIKE '%\\_3'";
        assertThat(group.rows(0, slots)).containsExactly("0");
        assertThat(group.rows(1, "SELECT pgchorus.writer(roident) FROM pgchorus.detached"))
                .containsExactly("3");
        try (Session session = Session.open(group.address(1), "test")) {
            TestGroup.await(
                    "the origin of the lost node goes once nobody needs it",
                    () -> {
                        Departure.dropOrigins(session);
                        return session.value("SELECT bool_and(dropped) FROM pgchorus.detached")
                                .equals("t");
                    });
        }
        assertThat(group.rows(1, "SELECT pgchorus.writer(roident) FROM pgchorus.detached"))
                .as("rows keep their writer")
                .containsExactly("3");
        equal(group);
    }
}
