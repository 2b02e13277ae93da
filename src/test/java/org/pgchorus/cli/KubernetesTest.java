package org.pgchorus.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;

import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1PodDisruptionBudget;
import io.kubernetes.client.openapi.models.V1Service;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The manifests and the chart are what Kubernetes and Helm take, say the same, and fit the program:
 * its options, ports, probes and metrics.
 */
class KubernetesTest {
    private static final Path PLAIN = Path.of("packaging/kubernetes");
    private static final Path CHART = Path.of("packaging/helm/pgchorus");
    private static final String ADDRESS =
            "postgresql://pgchorus@n1-postgres:5432/app?sslmode=verify-full";

    /** Reads JSON strictly: a field that the API does not have, or lacks, is an error. */
    private interface Kind {
        Object read(String json) throws IOException;
    }

    private static final Map<String, Kind> KINDS =
            Map.of(
                    "apps/v1 Deployment",
                    V1Deployment::fromJson,
                    "v1 Service",
                    V1Service::fromJson,
                    "policy/v1 PodDisruptionBudget",
                    V1PodDisruptionBudget::fromJson,
                    "networking.k8s.io/v1 NetworkPolicy",
                    V1NetworkPolicy::fromJson);

    /** Not the API's own but the Prometheus operator's: the fields used, and where. */
    private static final Set<String> POD_MONITOR =
            Set.of(
                    "/apiVersion",
                    "/kind",
                    "/metadata/name",
                    "/spec/selector/matchLabels/app.kubernetes.io/name",
                    "/spec/podMetricsEndpoints/0/port",
                    "/spec/podMetricsEndpoints/0/path",
                    "/spec/podMetricsEndpoints/0/interval",
                    "/spec/podMetricsEndpoints/0/authorization/credentials/name",
                    "/spec/podMetricsEndpoints/0/authorization/credentials/key");

    private static String chart(String... words) throws IOException, InterruptedException {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "--enable-native-access=ALL-UNNAMED",
                                "--sun-misc-unsafe-memory-access=allow",
                                "-cp",
                                System.getProperty("java.class.path"),
                                Chart.class.getName()));
        command.addAll(List.of(words));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        return said;
    }

    private static List<JsonNode> rendered(String... settings)
            throws IOException, InterruptedException {
        return documents(
                chart(
                        Stream.concat(Stream.of("template", CHART.toString()), Stream.of(settings))
                                .toArray(String[]::new)));
    }

    private static List<JsonNode> documents(String yaml) throws IOException {
        return new YAMLMapper()
                .readerFor(JsonNode.class).<JsonNode>readValues(yaml).readAll().stream()
                        .filter(JsonNode::isObject)
                        .toList();
    }

    private static List<JsonNode> plain() throws IOException {
        List<JsonNode> documents = new ArrayList<>();
        try (Stream<Path> files = Files.list(PLAIN)) {
            for (Path file : files.filter(it -> it.toString().endsWith(".yaml")).toList()) {
                documents.addAll(documents(Files.readString(file)));
            }
        }
        return documents;
    }

    private static String kind(JsonNode document) {
        return document.path("apiVersion").asText() + " " + document.path("kind").asText();
    }

    private static Map<String, JsonNode> byName(List<JsonNode> documents) {
        Map<String, JsonNode> byName = new TreeMap<>();
        for (JsonNode document : documents) {
            String name = kind(document) + " " + document.at("/metadata/name").asText();
            assertThat(byName.put(name, document)).as(name).isNull();
        }
        return byName;
    }

    private static void isTaken(JsonNode document) throws IOException {
        if (kind(document).equals("monitoring.coreos.com/v1 PodMonitor")) {
            Set<String> fields = new TreeSet<>();
            fields(document, "", fields);
            assertThat(fields).isEqualTo(new TreeSet<>(POD_MONITOR));
            return;
        }
        assertThat(KINDS).containsKey(kind(document));
        KINDS.get(kind(document)).read(new ObjectMapper().writeValueAsString(document));
    }

    private static void fields(JsonNode node, String path, Set<String> fields) {
        if (node.isArray()) {
            for (int i = 0; i < node.size(); i++) {
                fields(node.get(i), path + "/" + i, fields);
            }
        } else if (node.isObject()) {
            node.properties()
                    .forEach(it -> fields(it.getValue(), path + "/" + it.getKey(), fields));
        } else {
            fields.add(path);
        }
    }

    @Test
    void kubernetesTakesTheManifests() throws IOException {
        for (JsonNode document : plain()) {
            isTaken(document);
        }
    }

    /** The test itself can fail. */
    @Test
    void aMisspeltFieldIsFound() throws IOException {
        JsonNode agent =
                plain().stream()
                        .filter(it -> kind(it).endsWith("Deployment"))
                        .findFirst()
                        .orElseThrow();
        String json = agent.toString();
        for (String field : List.of("livenessProbe", "readOnlyRootFilesystem", "secretName")) {
            assertThat(json).contains(field);
            JsonNode wrong = new ObjectMapper().readTree(json.replace(field, field + "s"));
            assertThatThrownBy(() -> isTaken(wrong)).hasMessageContaining(field + "s");
        }
    }

    @Test
    void helmFindsNothingWrong() throws IOException, InterruptedException {
        chart("lint", CHART.toString());
        assertThat(Files.readString(CHART.resolve("Chart.yaml")))
                .contains("appVersion: \"" + pomVersion() + "\"");
    }

    private static String pomVersion() throws IOException {
        return Files.readString(Path.of("pom.xml"))
                .replaceFirst("(?s).*?<artifactId>pgchorus</artifactId>\\s*<version>", "")
                .replaceFirst("(?s)<.*", "");
    }

    @Test
    void theChartMakesThePlainManifests() throws IOException, InterruptedException {
        List<JsonNode> made =
                rendered(
                        "nodes[0].name=n1",
                        "nodes[0].address=" + ADDRESS,
                        "podMonitor.enabled=true");
        assertThat(byName(made)).isEqualTo(byName(plain()));
    }

    @Test
    void theChartMakesAnAgentForEachNode() throws IOException, InterruptedException {
        List<JsonNode> made =
                rendered(
                        "nodes[0].name=n1",
                        "nodes[0].address=" + ADDRESS,
                        "nodes[1].name=n2",
                        "nodes[1].address=postgresql://pgchorus@n2/app",
                        "http.port=9000",
                        "networkPolicy.enabled=false");
        for (JsonNode document : made) {
            isTaken(document);
        }
        assertThat(byName(made).keySet().stream().filter(it -> it.contains("Deployment")))
                .containsExactly(
                        "apps/v1 Deployment pgchorus-n1", "apps/v1 Deployment pgchorus-n2");
        assertThat(byName(made).get("apps/v1 Deployment pgchorus-n2").toString())
                .contains("n2=postgresql://pgchorus@n2/app", "0.0.0.0:9000")
                .doesNotContain("8008");
    }

    @Test
    void theManifestsFitTheProgram() throws IOException {
        Map<String, JsonNode> plain = byName(plain());
        JsonNode container =
                plain.get("apps/v1 Deployment pgchorus-n1").at("/spec/template/spec/containers/0");
        List<String> words = new ArrayList<>();
        container.get("args").forEach(word -> words.add(word.asText()));
        CommandLines.create(new Surroundings(Map.of(), false, InstantSource.fixed(Typed.NOW)))
                .parseArgs(words.toArray(String[]::new));
        int port = container.at("/ports/0/containerPort").asInt();
        String mounted = container.at("/volumeMounts/0/mountPath").asText();
        assertThat(words)
                .contains("--http=0.0.0.0:" + port, "--http-token-file=" + mounted + "/token");
        assertThat(container.get("env").toString()).contains(mounted + "/pgpass", "\"" + port);
        assertThat(plain.get("v1 Service pgchorus-n1").at("/spec/ports/0/port").asInt())
                .isEqualTo(port);
        JsonNode policy = plain.get("networking.k8s.io/v1 NetworkPolicy pgchorus");
        assertThat(policy.at("/spec/ingress/0/ports/0/port").asInt()).isEqualTo(port);
        JsonNode monitor = plain.get("monitoring.coreos.com/v1 PodMonitor pgchorus");
        assertThat(monitor.at("/spec/podMetricsEndpoints/0/port"))
                .isEqualTo(container.at("/ports/0/name"));
        JsonNode api = new ObjectMapper().readTree(Path.of("docs/openapi.json").toFile());
        for (JsonNode path :
                List.of(
                        container.at("/livenessProbe/exec/command/1"),
                        container.at("/readinessProbe/exec/command/1"),
                        monitor.at("/spec/podMetricsEndpoints/0/path"))) {
            assertThat(api.get("paths").has(path.asText())).as("%s", path).isTrue();
        }
    }
}
