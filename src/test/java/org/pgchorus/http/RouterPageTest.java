package org.pgchorus.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pgchorus.route.Mode;
import org.pgchorus.route.NodeState;
import org.pgchorus.route.Statistics;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

class RouterPageTest {
    private static final Statistics STATISTICS =
            new Statistics(
                    "127.0.0.1:5000",
                    Mode.ANY,
                    Instant.EPOCH,
                    List.of(
                            new Statistics.Node(
                                    "n1", "db1:5432", NodeState.OPEN, "", 3, 10, 1, 2, 100, 200),
                            new Statistics.Node(
                                    "n2", "db2:5432", NodeState.DOWN, "<gone>", 0, 5, 5, 0, 0, 0)),
                    List.of(new Statistics.Event("accepted", "Connections of clients.", 17)));

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    @Test
    void peopleSeeEveryNodeAndWhyItIsNotOpen() {
        assertThat(text(RouterText.html(STATISTICS)))
                .contains("Sessions: 3", "db1:5432", "&lt;gone&gt;", "class=\"down\"", ">17<")
                .doesNotContain("<gone>");
    }

    @Test
    void jsonHasTheSame() {
        assertThat(Json.text(RouterText.json(STATISTICS)))
                .contains("\"state\":\"down\"", "\"reason\":\"<gone>\"", "\"accepted\":17");
    }

    @Test
    void everyMetricHasItsHelp() throws IOException {
        List<String> lines = text(RouterText.metrics(STATISTICS)).lines().toList();
        assertThat(lines)
                .contains(
                        "pgchorus_route_node_open{node=\"n1\"} 1",
                        "pgchorus_route_node_down{node=\"n2\"} 1",
                        "pgchorus_route_sessions{node=\"n1\"} 3",
                        "pgchorus_route_clients_total{event=\"accepted\"} 17");
        List<String> documented =
                Files.readString(Path.of("docs/routing.md"))
                        .lines()
                        .flatMap(line -> List.of(line.split("`")).stream())
                        .filter(word -> word.matches("pgchorus_route_\\w+"))
                        .toList();
        for (String line : lines) {
            if (!line.startsWith("#")) {
                String name = line.replaceFirst("\\{.*", "");
                assertThat(lines).anyMatch(it -> it.startsWith("# HELP " + name + " "));
                assertThat(documented).as("docs/routing.md").contains(name);
            }
        }
    }

    @Test
    void thePageAnswersThisMachineAndNoPageFromElsewhere() throws Exception {
        Binding binding = Binding.parse("127.0.0.1:0", Optional.empty());
        try (RouterPage page = RouterPage.start(binding, () -> STATISTICS);
                HttpClient client = HttpClient.newHttpClient()) {
            for (String path : List.of("", "json", "metrics")) {
                assertThat(get(client, page.uri().resolve(path)).statusCode()).isEqualTo(200);
            }
            assertThat(get(client, page.uri().resolve("nothing")).statusCode()).isEqualTo(404);
        }
    }

    private static HttpResponse<String> get(HttpClient client, URI uri) throws Exception {
        return client.send(
                HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
    }
}
