package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import org.junit.jupiter.api.Test;
import org.pgchorus.daemon.Survey;
import org.pgchorus.demo.ServerOptions;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Processes die, stand still, forget or come back older; nothing acknowledged is lost or doubled.
 */
class FaultScenario {
    private static final String SCHEMA =
            "CREATE TABLE log (line text); CREATE TABLE t (id int PRIMARY KEY, v text)";

    private static final String LOG = "SELECT line FROM log ORDER BY line";

    /** Writes lines one transaction each until told to stop; gives those that were confirmed. */
    private static final class Writer implements AutoCloseable {
        private final List<String> confirmed = new ArrayList<>();
        private final AtomicBoolean stop = new AtomicBoolean();
        private final Thread thread;
        private volatile SQLException failure;

        Writer(TestGroup group, int node) {
            thread = Thread.ofVirtual().start(() -> write(group, node));
        }

        private void write(TestGroup group, int node) {
            try (Connection connection = group.connect(node);
                    PreparedStatement insert =
                            connection.prepareStatement("INSERT INTO log VALUES (?)")) {
                for (int i = 0; !stop.get(); i++) {
                    String line = "%d:%06d".formatted(node, i);
                    insert.setString(1, line);
                    insert.executeUpdate();
                    confirmed.add(line);
                    Thread.sleep(1);
                }
            } catch (SQLException e) {
                failure = e;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        List<String> confirmed() {
            close();
            assertThat((Throwable) failure).isNull();
            return confirmed;
        }

        @Override
        public void close() {
            stop.set(true);
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }
        }
    }

    @Test
    void logHasExactlyTheConfirmedLinesAfterTwentyKillsOfTheDaemon() throws InterruptedException {
        try (TestGroup group = TestGroup.of(SCHEMA, 18, 15)) {
            group.stopDaemon();
            try (DaemonProcess daemon = new DaemonProcess(group.nodes());
                    Writer a = new Writer(group, 0);
                    Writer b = new Writer(group, 1)) {
                for (int kill = 0; kill < 20; kill++) {
                    awaitApplying(group);
                    daemon.kill();
                    daemon.start();
                }
                List<String> expected = new ArrayList<>(a.confirmed());
                expected.addAll(b.confirmed());
                expected.sort(null);
                assertThat(group.settledRows(LOG)).isEqualTo(expected);
            }
        }
    }

    /** Waits until both links apply again, so that each kill hits them at work. */
    private static void awaitApplying(TestGroup group) {
        long here = count(group, 0, "1:%");
        long there = count(group, 1, "0:%");
        await().atMost(TestGroup.LIMIT)
                .pollInterval(Duration.ofMillis(20))
                .until(() -> count(group, 0, "1:%") > here && count(group, 1, "0:%") > there);
    }

    private static long count(TestGroup group, int node, String like) {
        return Long.parseLong(
                group.rows(node, "SELECT count(*) FROM log WHERE line LIKE '" + like + "'")
                        .getFirst());
    }

    @Test
    void targetThatStopsAtOnceLosesNothing() throws InterruptedException {
        ServerOptions forgetful = ServerOptions.of(18).setting("synchronous_commit", "off");
        try (TestGroup group =
                        TestGroup.of(
                                SCHEMA,
                                List.of(
                                        ServerOptions.of(15),
                                        forgetful.setting("wal_writer_delay", "10s")));
                Writer writer = new Writer(group, 0)) {
            for (int stop = 0; stop < 6; stop++) {
                long before = count(group, 1, "0:%");
                await().atMost(TestGroup.LIMIT)
                        .pollInterval(Duration.ofMillis(10))
                        .until(() -> count(group, 1, "0:%") > before + 50);
                group.server(1).stopImmediate();
                group.server(1).restart();
            }
            List<String> confirmed = writer.confirmed();
            assertThat(group.settledRows(LOG)).isEqualTo(confirmed);
        }
    }

    @Test
    void serverThatStandsStillGoesOnWhereItWas() throws InterruptedException {
        try (TestGroup group = TestGroup.of(SCHEMA, 18, 18, 16);
                Writer writer = new Writer(group, 0)) {
            group.server(1).suspend();
            long before = count(group, 2, "0:%");
            await().atMost(TestGroup.LIMIT).until(() -> count(group, 2, "0:%") > before + 500);
            group.server(1).resume();
            List<String> confirmed = writer.confirmed();
            assertThat(group.settledRows(LOG)).isEqualTo(confirmed);
        }
    }

    @Test
    void aSlotThatVanishedIsNotReplacedQuietly() {
        try (TestGroup group = TestGroup.of(SCHEMA, 18, 18)) {
            group.stopDaemon();
            group.run(
                    0,
                    "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
                            + " WHERE NOT temporary");
            group.run(0, "INSERT INTO log VALUES ('lost on the way')");
            group.startDaemon();
            awaitStopped(group, 0, 1, "is gone from node a");
        }
    }

    @Test
    void aDatabaseRestoredFromAnOlderCopyIsRefusedBothWays(
            @org.junit.jupiter.api.io.TempDir Path backup) throws IOException {
        try (TestGroup group = TestGroup.of(SCHEMA, 18, 18)) {
            group.run(0, "INSERT INTO log VALUES ('early a')");
            group.run(1, "INSERT INTO log VALUES ('early b')");
            group.settle();
            Path data = group.server(1).dataDirectory();
            group.server(1).stop();
            copyTree(data, backup.resolve("data"));
            group.server(1).restart();
            group.run(0, "INSERT INTO log VALUES ('late a')");
            group.run(1, "INSERT INTO log VALUES ('late b')");
            group.settle();
            awaitAcknowledged(group, 0);
            group.stopDaemon();
            group.server(1).stop();
            deleteTree(data);
            copyTree(backup.resolve("data"), data);
            group.server(1).restart();
            group.startDaemon();
            awaitStopped(group, 0, 1, "restored to an earlier state");
            awaitStopped(group, 1, 0, "restored to an earlier state");
            assertThat(group.rows(0, "SELECT count(*) FROM log")).containsExactly("4");
        }
    }

    /** Waits until a node knows that what it has written so far is durable at its peer. */
    private static void awaitAcknowledged(TestGroup group, int node) {
        String end = group.rows(node, "SELECT pg_current_wal_insert_lsn()").getFirst();
        await().atMost(TestGroup.LIMIT)
                .until(() ->
                        group.rows(
                                        node,
                                        "SELECT confirmed_flush_lsn > '"
                                                + end
                                                + "' FROM pg_replication_slots")
                                .equals(List.of("t")));
    }

    private static void awaitStopped(TestGroup group, int from, int to, String reason) {
        await().atMost(TestGroup.LIMIT)
                .untilAsserted(() ->
                        assertThat(Survey.of(group.address(0)).links())
                                .anySatisfy(link -> {
                                    assertThat(link.from()).isEqualTo(TestGroup.name(from).text());
                                    assertThat(link.to()).isEqualTo(TestGroup.name(to).text());
                                    assertThat(link.state()).isEqualTo("stopped");
                                    assertThat(link.reason())
                                            .contains(reason)
                                            .endsWith("; cure: pgchorus node resync b");
                                }));
    }

    private static void copyTree(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            forEach(
                    files,
                    file -> {
                        try {
                            Path copy = to.resolve(from.relativize(file).toString());
                            Files.copy(
                                    file, copy, java.nio.file.StandardCopyOption.COPY_ATTRIBUTES);
                        } catch (IOException e) {
                            throw new java.io.UncheckedIOException(e);
                        }
                    });
        }
    }

    private static void deleteTree(Path root) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            forEach(
                    files.sorted(java.util.Comparator.reverseOrder()),
                    file -> {
                        try {
                            Files.delete(file);
                        } catch (IOException e) {
                            throw new java.io.UncheckedIOException(e);
                        }
                    });
        }
    }

    private static void forEach(Stream<Path> files, Consumer<Path> action) {
        files.forEach(action);
    }
}
