package org.pgchorus.demo;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pgchorus.daemon.Conflicts.Conflict;
import org.pgchorus.daemon.Conflicts.Version;
import org.pgchorus.model.NodeName;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the demonstration says fits the screen and says who won. */
class DemoTextTest {
    private static final String STAMP = "2026-11-20 14:45:00.346468+00";

    @ParameterizedTest
    @ValueSource(ints = {2, 5, 9})
    void columnsStandUnderTheirHeads(int nodes) {
        Map<NodeName, Long> written = new LinkedHashMap<>();
        for (int i = 1; i <= nodes; i++) {
            written.put(new NodeName("n" + i), 99_999L);
        }
        String head = DemoText.head(written.keySet()).getLast();
        String line = DemoText.second(100, written, 12_345, Optional.empty());
        assertThat(line).hasSizeLessThanOrEqualTo(80);
        assertThat(head).hasSizeLessThanOrEqualTo(80);
        assertThat(line.indexOf("no answer")).isEqualTo(head.indexOf("worst lag"));
        assertThat(line.indexOf(" 12345") + 6).isEqualTo(head.indexOf("tx/s") + 4);
    }

    @Test
    void aConflictIsToldByWhatDiffers() {
        Conflict conflict =
                conflict(
                        "apply_remote",
                        Optional.of("{\"id\": 5, \"balance\": \"1.50\", \"name\": \"a\"}"),
                        Optional.of("{\"id\": 5, \"balance\": \"2.50\", \"name\": \"a\"}"));
        assertThat(DemoText.conflict(conflict))
                .containsExactly(
                        "  for example   accounts, id 5; node n3 decided:",
                        "    gives way  n1 at 14:45:00.346468: balance 1.50",
                        "    stands     n2 at 14:45:00.346468: balance 2.50");
    }

    @Test
    void aDeleteThatCameTooLateGivesWay() {
        Conflict conflict =
                conflict(
                        "keep_local",
                        Optional.of("{\"note\": \"" + "x".repeat(999) + "\"}"),
                        Optional.empty());
        assertThat(DemoText.conflict(conflict))
                .allMatch(line -> line.length() <= 80)
                .anyMatch(line -> line.startsWith("    stands     n1 at 14:45:00.346468: note xx"))
                .endsWith("    gives way  n2 at 14:45:00.346468: deleted");
    }

    @Test
    void theNearestVersionsMakeTheExample() {
        Optional<String> row = Optional.of("{}");
        Conflict same = conflict("apply_remote", row, row);
        Conflict deleted = conflict("apply_remote", Optional.empty(), row);
        Conflict unknown =
                new Conflict(
                        "n3.2",
                        STAMP,
                        "n3",
                        "t",
                        "{}",
                        same.type(),
                        "apply_remote",
                        "p",
                        row,
                        row,
                        Optional.empty(),
                        same.remoteStamp(),
                        "",
                        "");
        assertThat(DemoText.sample(List.of(deleted, unknown, same))).containsSame(same);
        assertThat(DemoText.sample(List.of(deleted))).isEmpty();
    }

    private static Conflict conflict(
            String resolution, Optional<String> local, Optional<String> remote) {
        return new Conflict(
                "n3.1",
                STAMP,
                "n3",
                "public.accounts",
                "{\"id\" : \"5\"}",
                "update_origin_differs",
                resolution,
                "last_update_wins",
                local,
                remote,
                Optional.of(new Version(Optional.of(STAMP), "n1")),
                new Version(Optional.of(STAMP), "n2"),
                "1",
                "0/1");
    }
}
