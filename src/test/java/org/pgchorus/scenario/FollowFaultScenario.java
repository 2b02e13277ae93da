package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import org.junit.jupiter.api.Test;
import org.pgchorus.daemon.Daemon;
import org.pgchorus.daemon.Status;
import org.pgchorus.daemon.Survey;
import org.pgchorus.demo.ServerOptions;

import java.util.HashSet;
import java.util.List;
import java.util.stream.Stream;

/**
 * A follower's daemon, its provider and itself are killed under load; it ends equal all the same.
 */
class FollowFaultScenario {
    @Test
    void everythingIsKilledAndNothingIsLostOrDoubled() {
        List<ServerOptions> servers = Stream.of(15, 18, 16).map(ServerOptions::of).toList();
        try (TestGroup group = TestGroup.of(Storm.SCHEMA, servers, 2)) {
            group.stopDaemon();
            try (Daemon _ = Daemon.start(group.nodes().subList(0, 2));
                    DaemonProcess daemon = new DaemonProcess(group.nodes().subList(2, 3))) {
                Storm storm = new Storm(group, 2, 41, 2);
                try {
                    FollowScenario.follow(group, 2, 0);
                    for (int round = 0; round < 2; round++) {
                        awaitApplying(group);
                        daemon.kill();
                        daemon.start();
                        awaitApplying(group);
                        group.server(0).stopImmediate();
                        // At first it says that its connection broke, then that there is no other.
                        await().atMost(TestGroup.LIMIT)
                                .until(() -> isWaitingFor(link(group), "cannot connect to"));
                        group.server(0).restart();
                        awaitApplying(group);
                        group.server(2).stopImmediate();
                        group.server(2).restart();
                    }
                    awaitApplying(group);
                } finally {
                    storm.close();
                }
                assertThat(storm.failures()).isEmpty();
                // What was displaced comes back a moment after what stood in its way has gone.
                await().atMost(TestGroup.LIMIT)
                        .untilAsserted(() -> Storm.TABLES.forEach(group::settledRows));
                List<String> lines = group.rows(2, "SELECT line FROM log");
                assertThat(lines).doesNotHaveDuplicates();
                assertThat(new HashSet<>(lines)).containsAll(storm.acknowledged());
                assertThat(group.problems()).isEmpty();
            }
        }
    }

    /** As the follower itself tells, whoever else can be reached. */
    private static Status.Link link(TestGroup group) {
        return Survey.of(group.address(2)).links().stream()
                .filter(link -> link.to().equals("c"))
                .findFirst()
                .orElseThrow();
    }

    private static boolean isWaitingFor(Status.Link link, String reason) {
        return link.state().equals("waiting") && link.reason().contains(reason);
    }

    private static void awaitApplying(TestGroup group) {
        long before = changes(group);
        await().atMost(TestGroup.LIMIT).until(() -> changes(group) > before + 50);
    }

    private static long changes(TestGroup group) {
        return Long.parseLong(
                group.rows(2, "SELECT changes FROM pgchorus.follow_position").getFirst());
    }
}
