package org.pgchorus.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.pgchorus.daemon.Orders;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The API's description says what the server does. */
class OpenApiTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final View VIEW =
            new Sights().view().with(new History().look(new Sights().down("n2").view()));

    private static final Tasks TASKS = new Tasks(() -> VIEW.taken());

    private static JsonNode description;

    @BeforeAll
    static void read() throws IOException {
        description = JSON.readTree(Files.readString(Path.of("docs/openapi.json")));
    }

    /** Nothing here is asked what needs a database. */
    private static Routes routes() {
        Timeline timeline = new Timeline();
        timeline.look(VIEW);
        return Paths.of(
                () -> VIEW,
                timeline,
                new Api(null, () -> VIEW.taken()),
                TASKS,
                new Changes(() -> VIEW, null, TASKS));
    }

    private static JsonNode answer(String path) throws IOException {
        Reply reply = routes().answer(Request.of("GET", path, null, ""));
        return JSON.readTree(((Reply.Document) reply).body());
    }

    @Test
    void pathsAndMethodsAreThoseOfTheServer() {
        Map<String, Set<String>> served = new TreeMap<>();
        routes().all()
                .forEach(route ->
                        served.put(
                                route.template(),
                                route.methods().stream()
                                        .map(it -> it.toLowerCase(Locale.ROOT))
                                        .collect(Collectors.toCollection(TreeSet::new))));
        Map<String, Set<String>> described = new TreeMap<>();
        description
                .get("paths")
                .properties()
                .forEach(path -> described.put(path.getKey(), names(path.getValue())));
        assertThat(described).isEqualTo(served);
    }

    /** Of the words for health each is named once, not for every node again. */
    @Test
    void pathsInTheDocumentationAreThoseOfTheServer() throws IOException {
        String document = Files.readString(Path.of("docs/http.md"));
        Set<String> written = new TreeSet<>();
        String before = "";
        Matcher paths = Pattern.compile("`(?:\\.\\.\\.)?(/[^`?]*)").matcher(document);
        while (paths.find()) {
            String path = paths.group(1);
            if (paths.group().startsWith("`...")) {
                path = before.substring(0, before.lastIndexOf('/')) + path;
            }
            before = path;
            written.add(
                    path.replace("FROM", "{from}")
                            .replace("TO", "{to}")
                            .replace("NAME", "{name}")
                            .replace("ID", "{id}"));
        }
        Set<String> served =
                routes().all().stream()
                        .map(Routes.Route::template)
                        .collect(Collectors.toCollection(TreeSet::new));
        assertThat(served).containsAll(written);
        served.removeIf(path -> path.matches("/ui/.*|/nodes/\\{name}/.*"));
        assertThat(written).containsAll(served);
    }

    @Test
    void everyReferenceLeadsSomewhere() {
        List<JsonNode> references = description.findValues("$ref");
        assertThat(references)
                .isNotEmpty()
                .allSatisfy(reference ->
                        assertThat(description.at(reference.asText().substring(1)).isObject())
                                .as(reference.asText())
                                .isTrue());
    }

    @Test
    void objectsHaveTheKeysThatAreDescribed() throws IOException {
        JsonNode status = answer("/api/v1/status");
        has("Status", status);
        has("Node", status.get("nodes").get(0));
        has("Link", status.get("links").get(0));
        has("HeldTable", status.get("links").get(0).get("held").get(0));
        has("Node", answer("/api/v1/nodes").get(2));
        has("Link", answer("/api/v1/links").get(5));
        has("Lag", answer("/api/v1/lag").get(5));
        has("Timeline", answer("/api/v1/timeline"));
        has("LinkSeries", answer("/api/v1/timeline").get("links").get(0));
        has("Happening", answer("/api/v1/history").get(0));
        TASKS.begin("verify", hearing -> Map.of());
        has("Task", answer("/api/v1/tasks").get(0));
        has("Task", answer("/api/v1/tasks/1"));
        has("NodeHealth", answer("/nodes/n1/primary"));
        has("NodeHealth", answer("/primary").get("nodes").get("n2"));
        has("Cluster", answer("/cluster"));
        has("Member", answer("/cluster").get("members").get(0));
        has("Error", answer("/nothing"));
        has(
                "Table",
                JSON.valueToTree(
                        Api.table(
                                new Orders.ReplicatedTable(
                                        "public",
                                        "t",
                                        Optional.of("id"),
                                        1,
                                        2,
                                        "keep_local",
                                        List.of()))));
        JsonNode conflict = JSON.readTree(Json.bytes(Api.conflict(Sights.CONFLICT)));
        has("Conflict", conflict);
        has("Stamp", conflict.get("remote_stamp"));
        assertThat(conflict.get("local").get("n").asText()).isEqualTo("1.1");
    }

    private static void has(String schema, JsonNode object) {
        JsonNode described = description.get("components").get("schemas").get(schema);
        assertThat(names(object)).as(schema).isEqualTo(names(described.get("properties")));
        described
                .get("properties")
                .properties()
                .forEach(property -> {
                    JsonNode type = property.getValue().get("type");
                    JsonNode value = object.get(property.getKey());
                    if (type != null && value.isNull()) {
                        assertThat(type.toString()).as(property.getKey()).contains("null");
                    }
                });
    }

    private static Set<String> names(JsonNode object) {
        return object.properties().stream()
                .map(Map.Entry::getKey)
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
