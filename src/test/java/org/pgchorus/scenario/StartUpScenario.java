package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pgchorus.daemon.Status;
import org.pgchorus.daemon.Survey;

import java.util.List;

/** A daemon that is started again has all its links streaming, each time. */
class StartUpScenario {
    private static final String READ = "SELECT count(*) FROM pg_replication_slots WHERE active";

    @Test
    void allLinksStreamAgain() {
        try (TestGroup group =
                TestGroup.of("CREATE TABLE t (id int PRIMARY KEY, v text)", 18, 18, 18)) {
            for (int start = 0; start < 3; start++) {
                group.stopDaemon();
                TestGroup.await("no slot is read", () -> slotsRead(group, "0"));
                group.startDaemon();
                TestGroup.await("every slot is read", () -> slotsRead(group, "2"));
                TestGroup.await("every link says so", () -> links(group).allMatch("streaming"));
                group.run(start, "INSERT INTO t VALUES (%d, 'start')".formatted(start));
                group.settle();
            }
            assertThat(group.settledRows("SELECT id FROM t ORDER BY id")).hasSize(3);
        }
    }

    private record Links(List<Status.Link> all) {
        boolean allMatch(String state) {
            return all.size() == 6 && all.stream().allMatch(l -> l.state().equals(state));
        }
    }

    private static Links links(TestGroup group) {
        return new Links(Survey.of(group.address(0)).links());
    }

    private static boolean slotsRead(TestGroup group, String eachNode) {
        for (int node = 0; node < group.size(); node++) {
            if (!group.rows(node, READ).equals(List.of(eachNode))) {
                return false;
            }
        }
        return true;
    }
}
