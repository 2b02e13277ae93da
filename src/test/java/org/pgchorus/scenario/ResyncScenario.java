package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgchorus.daemon.Resync;
import org.pgchorus.daemon.ResyncPlan;
import org.pgchorus.daemon.Survey;
import org.pgchorus.demo.ServerOptions;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A node that cannot go on from where it stands comes back without a copy of everything. */
class ResyncScenario {
    private static final String SCHEMA =
            """
            CREATE TABLE t (id int PRIMARY KEY, v text);
            CREATE TABLE u (id int PRIMARY KEY, mail text UNIQUE);
            CREATE TABLE e (id int PRIMARY KEY, v text);
            CREATE TABLE d (id int PRIMARY KEY, n int NOT NULL DEFAULT 0, note text);
            ALTER TABLE d REPLICA IDENTITY FULL;
            CREATE TABLE log (line text);
            CREATE SEQUENCE s\
            """;

    private static final List<String> QUESTIONS =
            List.of(
                    "SELECT * FROM t ORDER BY id",
                    "SELECT * FROM u ORDER BY id",
                    "SELECT * FROM e ORDER BY id",
                    "SELECT * FROM d ORDER BY id",
                    "SELECT * FROM log ORDER BY line");

    private static void begin(TestGroup group) {
        group.addDeltas("d", "n");
        group.run(
                0,
                "INSERT INTO t SELECT i, 'early' FROM generate_series(1, 40) i",
                "INSERT INTO u VALUES (1, 'one'), (2, 'two'), (3, 'three')",
                "INSERT INTO e SELECT i, 'early' FROM generate_series(1, 10) i",
                "INSERT INTO d VALUES (1, 0), (2, 0), (3, 0)",
                "INSERT INTO log VALUES ('early')");
        group.settle();
        group.awaitHeard();
    }

    @Test
    void aNodeWhoseSlotOrOriginWasLostComesBackUnderLoad() throws InterruptedException {
        ServerOptions small = ServerOptions.of(16).setting("max_slot_wal_keep_size", "32MB");
        try (TestGroup group =
                        TestGroup.of(
                                SCHEMA,
                                List.of(small, ServerOptions.of(14), ServerOptions.of(18)));
                BackgroundLoad load = begun(group)) {
            quiet(group);
            group.run(
                    0,
                    "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
                            + " WHERE slot_name LIKE '%\\_1\\_2'");
            load.awaitMore(200);
            group.startDaemon();
            comesBack(group, 0, 1, "is gone from node a");
            quiet(group);
            group.run(
                    1,
                    "SELECT pg_replication_origin_drop(roname) FROM pg_replication_origin"
                            + " WHERE roname LIKE '%\\_3\\_2'");
            load.awaitMore(200);
            group.startDaemon();
            comesBack(group, 2, 1, "origin");
            group.hold(0, 1);
            load.awaitMore(200);
            TestGroup.await("the slot is lost", () -> isLost(group));
            group.release(0, 1);
            comesBack(group, 0, 1, "slot");
            // With so little room, c may have been too slow as well.
            Resync.node(group.address(1), TestGroup.name(2), step -> {});
            flows(group, 2);
            load.end();
            equal(group);
        }
    }

    private static BackgroundLoad begun(TestGroup group) {
        begin(group);
        return new BackgroundLoad(group);
    }

    /** No daemon, and none of its sessions is left. */
    private static void quiet(TestGroup group) {
        group.stopDaemon();
        for (int node = 0; node < group.size(); node++) {
            int asked = node;
            TestGroup.await(
                    "its sessions end",
                    () ->
                            group.rows(
                                            asked,
                                            "SELECT pid FROM pg_stat_activity"
                                                    + " WHERE application_name LIKE 'pgchorus%'")
                                    .isEmpty());
        }
    }

    private static boolean isLost(TestGroup group) {
        group.run(0, "SELECT pg_logical_emit_message(false, 'x', 'x')", "SELECT pg_switch_wal()");
        group.run(0, "CHECKPOINT");
        String status =
                "SELECT wal_status = 'lost' FROM pg_replication_slots"
                        + " WHERE slot_name LIKE '%\\_1\\_2'";
        return group.rows(0, status).contains("t");
    }

    private static void comesBack(TestGroup group, int from, int to, String reason)
            throws InterruptedException {
        String link = TestGroup.name(from) + "->" + TestGroup.name(to);
        TestGroup.await(
                "link " + link + " says why",
                () ->
                        Survey.of(group.address(2)).links().stream()
                                .filter(l -> (l.from() + "->" + l.to()).equals(link))
                                .anyMatch(l ->
                                        l.reason().contains(reason)
                                                && l.reason()
                                                        .contains(
                                                                "node resync "
                                                                        + TestGroup.name(to))));
        Resync.Resynced done = Resync.node(group.address(2), TestGroup.name(to), step -> {});
        assertThat(done.plan().restored()).as("%s", done).isFalse();
        assertThat(done.plan().renewals()).hasSize(1);
        flows(group, to);
    }

    private static void flows(TestGroup group, int node) throws InterruptedException {
        assertThat(
                        Resync.awaitFlowing(
                                group.address(0), TestGroup.name(node), TestGroup.LIMIT.toMillis()))
                .isEmpty();
    }

    private static void equal(TestGroup group) {
        QUESTIONS.forEach(group::settledRows);
        TestGroup.await("all is well", () -> group.problems().isEmpty());
    }

    @Test
    void aResyncKilledHalfWayIsEndedByTheSameCommand() throws InterruptedException {
        try (TestGroup group = TestGroup.of(SCHEMA, 18, 14, 16)) {
            begin(group);
            quiet(group);
            group.run(
                    0,
                    "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
                            + " WHERE slot_name LIKE '%\\_1\\_2'");
            write(group, "late");
            group.startDaemon();
            diesAt(group, "renewing link");
            write(group, "later");
            diesAt(group, "node b got");
            write(group, "last");
            Resync.node(group.address(2), TestGroup.name(1), step -> {});
            flows(group, 1);
            equal(group);
            assertThat(group.rows(1, "SELECT n FROM d WHERE id = 1")).containsExactly("3");
            assertThat(group.rows(1, "SELECT v FROM t WHERE id = 1")).containsExactly("last");
            assertThat(group.rows(1, "SELECT count(*) FROM log WHERE line <> 'early'"))
                    .containsExactly("3");
        }
    }

    private static void write(TestGroup group, String when) {
        group.run(
                0,
                "UPDATE t SET v = '%s' WHERE id <= 20".formatted(when),
                "UPDATE d SET n = n + 1 WHERE id = 1",
                "INSERT INTO log VALUES ('%s')".formatted(when));
    }

    private static void diesAt(TestGroup group, String step) {
        assertThatThrownBy(() ->
                        Resync.node(
                                group.address(2),
                                TestGroup.name(1),
                                said -> {
                                    if (said.startsWith(step)) {
                                        throw new IllegalStateException("killed");
                                    }
                                }))
                .hasMessage("killed");
    }

    @Test
    void aNodePutBackToAnEarlierStateGetsAndGives(@TempDir Path backup)
            throws IOException, InterruptedException {
        try (TestGroup group = TestGroup.of(SCHEMA, 18, 14, 16)) {
            begin(group);
            Path data = group.server(2).dataDirectory();
            quiet(group);
            group.server(2).stop();
            copyTree(data, backup.resolve("data"));
            group.server(2).restart();
            group.startDaemon();
            group.settle();
            writeAfterTheBackup(group);
            forgetWhatAllHad(group);
            quiet(group);
            group.server(2).stop();
            deleteTree(data);
            copyTree(backup.resolve("data"), data);
            group.server(2).restart();
            group.run(
                    2,
                    "INSERT INTO t VALUES (300, 'back')",
                    "UPDATE t SET v = 'back' WHERE id = 4",
                    "DELETE FROM t WHERE id = 5",
                    "UPDATE u SET mail = 'zwei' WHERE id = 2",
                    "INSERT INTO u VALUES (9, 'two')",
                    "UPDATE d SET n = n + 1000 WHERE id IN (1, 2)",
                    "INSERT INTO log VALUES ('back')",
                    "SELECT nextval('s')");
            group.startDaemon();
            TestGroup.await(
                    "both ends say so",
                    () ->
                            Survey.of(group.address(0)).links().stream()
                                            .filter(l -> l.reason().contains("node resync c"))
                                            .count()
                                    == 4);
            TestGroup.await(
                    "what is deleted is older than the margin",
                    () ->
                            group.rows(
                                            0,
                                            "SELECT pg_xact_commit_timestamp(xmin)"
                                                    + " < now() - interval '11 s'"
                                                    + " FROM t WHERE id = 10")
                                    .equals(List.of("t")));
            ResyncPlan plan = Resync.plan(group.address(0), TestGroup.name(2));
            assertThat(plan.restored()).isTrue();
            assertThat(plan.renewals()).hasSize(4);
            group.run(0, "UPDATE t SET v = 'a meanwhile' WHERE id = 7");
            Resync.Resynced done = Resync.node(group.address(0), TestGroup.name(2), step -> {});
            assertThat(done.forgotten()).isEqualTo(2);
            flows(group, 2);
            equal(group);
            assertThat(group.rows(2, "SELECT id, v FROM t WHERE id IN (1, 4, 5, 7, 100, 300)"))
                    .containsExactlyInAnyOrder(
                            "1|c late", "4|back", "7|a meanwhile", "100|c late", "300|back");
            assertThat(group.rows(1, "SELECT * FROM u WHERE id IN (2, 9) ORDER BY id"))
                    .as("a later write beats an earlier delete")
                    .containsExactly("2|zwei", "9|two");
            assertThat(group.rows(0, "SELECT n FROM d ORDER BY id"))
                    .containsExactly("1111", "1010", "0");
            assertThat(group.rows(2, "SELECT line FROM log ORDER BY line"))
                    .containsExactly("a late", "back", "c late", "early");
            assertThat(group.rows(2, "SELECT nextval('s') > 50")).containsExactly("t");
            assertThat(Resync.plan(group.address(0), TestGroup.name(2)).renewals()).isEmpty();
        }
    }

    private static void writeAfterTheBackup(TestGroup group) {
        group.run(
                2,
                "UPDATE t SET v = 'c late' WHERE id = 1",
                "INSERT INTO t VALUES (100, 'c late')",
                "INSERT INTO log VALUES ('c late')",
                "UPDATE d SET n = n + 1 WHERE id = 1");
        group.run(
                0,
                "DELETE FROM t WHERE id IN (2, 3)",
                "UPDATE t SET v = 'a late' WHERE id IN (4, 5, 6)",
                "UPDATE d SET n = n + 10",
                "UPDATE d SET n = n - 10 WHERE id = 3",
                "SELECT setval('s', 50)",
                "INSERT INTO log VALUES ('a late')");
        group.run(1, "UPDATE d SET n = n + 100 WHERE id = 1");
        group.run(1, "TRUNCATE e", "INSERT INTO e VALUES (77, 'b late')");
        group.run(1, "DELETE FROM t WHERE id = 8", "INSERT INTO t VALUES (8, 'b anew')");
        group.run(1, "DELETE FROM u WHERE id = 2");
        group.settle();
        group.awaitHeard();
    }

    /** As if so much time had passed that all of it was purged. */
    private static void forgetWhatAllHad(TestGroup group) {
        for (int node = 0; node < 2; node++) {
            group.run(
                    node,
                    "DELETE FROM pgchorus.tombstone_entry WHERE key IS NOT NULL",
                    "DELETE FROM pgchorus.delta_entry");
        }
    }

    private static void copyTree(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            files.forEach(file -> copy(file, to.resolve(from.relativize(file).toString())));
        }
    }

    private static void copy(Path file, Path copy) {
        try {
            Files.copy(file, copy, StandardCopyOption.COPY_ATTRIBUTES);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void deleteTree(Path root) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
