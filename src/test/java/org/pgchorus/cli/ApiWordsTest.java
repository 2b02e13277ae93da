package org.pgchorus.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import org.junit.jupiter.api.Test;
import org.pgchorus.daemon.HeldChanges;
import org.pgchorus.daemon.Status;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** What commands print with {@code --json} and what the API answers has the same keys. */
class ApiWordsTest {
    private static final HeldChanges.HeldTable HELD =
            new HeldChanges.HeldTable(
                    "public.h", 5, "23514", "no", Optional.empty(), "now", "mend");

    private static final Status.Link LINK =
            new Status.Link(
                    "n1",
                    "n2",
                    "down",
                    "",
                    OptionalLong.empty(),
                    OptionalDouble.empty(),
                    OptionalLong.empty(),
                    OptionalDouble.empty(),
                    "",
                    "",
                    "",
                    "",
                    0,
                    0,
                    0,
                    "",
                    Optional.empty(),
                    List.of(HELD),
                    Status.Differences.NONE);

    private static final Status.Node NODE =
            new Status.Node(1, "n1", "postgresql://h1/app", "ready", "", "18.6");

    private static List<String> described(String schema) throws IOException {
        JsonNode api = new ObjectMapper().readTree(Files.readString(Path.of("docs/openapi.json")));
        return api
                .get("components")
                .get("schemas")
                .get(schema)
                .get("properties")
                .properties()
                .stream()
                .map(Map.Entry::getKey)
                .toList();
    }

    @Test
    void linksHaveTheSameKeysInTheSameOrder() throws IOException {
        assertThat(StatusView.json(LINK).keySet()).containsExactlyElementsOf(described("Link"));
    }

    @Test
    void heldTablesToo() throws IOException {
        assertThat(keys(HeldView.json(List.of(HELD)).getFirst())).isEqualTo(described("HeldTable"));
    }

    @Test
    void nodesHaveThemFirst() throws IOException {
        List<String> printed = keys(StatusView.nodesJson(List.of(NODE)).getFirst());
        assertThat(described("Node").subList(0, printed.size())).isEqualTo(printed);
    }

    private static List<String> keys(Object object) {
        return ((Map<?, ?>) object).keySet().stream().map(String::valueOf).toList();
    }
}
