package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pgchorus.daemon.Detach;
import org.pgchorus.daemon.NodeOrders;
import org.pgchorus.daemon.Survey;
import org.pgchorus.demo.ServerOptions;

import java.util.HashSet;
import java.util.List;
import java.util.stream.Stream;

/**
 * A new version takes the place of an old one while clients write: joined, then the old one is
 * detached. The first recipe of docs/upgrade.md.
 */
class UpgradeScenario {
    @Test
    void aNewVersionJoinsAndTheOldOneLeaves() throws InterruptedException {
        List<ServerOptions> servers = Stream.of(14, 18).map(ServerOptions::of).toList();
        try (TestGroup group = TestGroup.of(Storm.SCHEMA, servers, 1)) {
            Storm before = new Storm(group, 1, 14, 2);
            try {
                awaitMore(before, 200);
                group.join(1);
                awaitMore(before, 200);
            } finally {
                before.close();
            }
            assertThat(before.failures()).isEmpty();
            group.settle();
            List<String> lines = group.rows(1, "SELECT line FROM log ORDER BY line");
            assertThat(lines).doesNotHaveDuplicates();
            assertThat(new HashSet<>(lines)).containsAll(before.acknowledged());
            group.settledRows("SELECT id, v, n, md5(big) FROM hot ORDER BY id");
            Detach.nodes(group.address(1), List.of(TestGroup.name(0)), step -> {});
            group.run(1, "INSERT INTO hot (id, v) VALUES (1000, 'after')");
            NodeOrders.remove(group.address(0), false);
            TestGroup.await(
                    "the new one is well alone",
                    () -> Survey.of(group.address(1)).problems().isEmpty());
            NodeOrders.remove(group.address(1), false);
            for (int node = 0; node < 2; node++) {
                assertThat(group.rows(node, JoinScenario.LEFTOVERS)).isEmpty();
            }
            assertThat(group.rows(1, "SELECT v FROM hot WHERE id = 1000")).containsExactly("after");
        }
    }

    private static void awaitMore(Storm storm, int transactions) throws InterruptedException {
        long before = storm.transactions();
        while (storm.transactions() < before + transactions) {
            Thread.sleep(20);
        }
    }
}
