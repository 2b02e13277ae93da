package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pgchorus.house.Links;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** What people install works on a machine without Java, and its service files are in order. */
class PackagesScenario {
    private static final String VERSION = "1.2.3";

    /** No Java on it. */
    private static final Map<String, String> BARE = Map.of("PATH", "/usr/bin:/bin");

    @TempDir static Path home;

    private static Path packages;

    private static Path unpacked;

    private record Said(int exit, String text) {}

    private static Said run(Map<String, String> environment, List<String> command)
            throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> name.startsWith("JAVA"));
        builder.environment().putAll(environment);
        Process process = builder.start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Said(process.waitFor(), text);
    }

    private static String well(List<String> command) throws IOException, InterruptedException {
        Said said = run(BARE, command);
        assertThat(said.exit).as("%s: %s", command, said.text).isZero();
        return said.text;
    }

    private static boolean has(String program) {
        return Stream.of("/usr/bin", "/bin")
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    @BeforeAll
    static void make() throws IOException, InterruptedException {
        packages = home.resolve("packages");
        well(
                List.of(
                        System.getProperty("java.home") + "/bin/java",
                        "-cp",
                        "target/lib/*",
                        "packaging/Packages.java",
                        VERSION,
                        "2026-11-20T00:00:00Z",
                        packages.toString()));
        well(List.of("tar", "-xzf", only(".tar.gz").toString(), "-C", home.toString()));
        unpacked = home.resolve("pgchorus-" + VERSION);
    }

    private static Path only(String ending) throws IOException {
        try (Stream<Path> files = Files.list(packages)) {
            return files.filter(file -> file.toString().endsWith(ending)).findFirst().orElseThrow();
        }
    }

    @Test
    void theTarballRunsWithoutAnyJava() throws IOException, InterruptedException {
        String program = unpacked.resolve("bin/pgchorus").toString();
        assertThat(well(List.of(program, "--version"))).startsWith("pgchorus ");
        Said unreachable =
                run(BARE, List.of(program, "status", "--group", "postgresql://127.0.0.1:1/app"));
        assertThat(unreachable.text).contains("127.0.0.1");
        assertThat(unreachable.exit).isNotZero();
        Said demo = run(BARE, List.of(program, "demo", "--nodes", "2", "--seconds", "1"));
        assertThat(demo.text).contains("converged");
        assertThat(demo.exit).isZero();
    }

    @Test
    void itsDocumentsHoldThere() throws IOException, InterruptedException {
        assertThat(Links.broken(List.of(unpacked))).isEmpty();
        assertThat(well(List.of(unpacked.resolve("pgchorus").toString(), "--version")))
                .startsWith("pgchorus ");
        assertThat(well(List.of(unpacked.resolve("examples/mesh/down").toString())))
                .contains("nothing of the example mesh is left");
    }

    @Test
    void theBillOfMaterialsNamesAllThatIsInside() throws IOException {
        assumeTrue(Files.exists(Path.of("target/pgchorus-bom.json")), "no bill was made");
        Set<String> named = new TreeSet<>();
        JsonNode bill = new ObjectMapper().readTree(only(".cyclonedx.json").toFile());
        for (JsonNode component : bill.get("components")) {
            named.add(component.get("name").asText() + "-" + component.get("version").asText());
        }
        Set<String> inside = new TreeSet<>(Set.of("openjdk-" + Runtime.version()));
        for (String folder : List.of("app/lib", "postgres")) {
            try (Stream<Path> files = Files.list(unpacked.resolve(folder))) {
                files.map(file -> file.getFileName().toString())
                        .filter(file -> file.endsWith(".jar"))
                        .forEach(file -> inside.add(file.replaceFirst("\\.jar$", "")));
            }
        }
        assertThat(named).isEqualTo(inside);
    }

    /** There is no container engine here; but what it would copy is there. */
    @Test
    void theContainerFileCopiesWhatTheTarballHas() throws IOException {
        List<String> lines =
                Files.readAllLines(unpacked.resolve("packaging/container/Containerfile"));
        assertThat(lines).contains("USER 10001", "ENTRYPOINT [\"pgchorus\"]");
        assertThat(lines.stream().filter(line -> line.startsWith("COPY ")))
                .hasSizeGreaterThan(3)
                .allSatisfy(line -> assertThat(unpacked.resolve(line.split(" ")[1])).exists());
        assertThat(unpacked.resolve("packaging/container/probe")).isExecutable();
    }

    @Test
    void theSumsAreRight() throws IOException, InterruptedException {
        well(List.of("bash", "-c", "cd '%s' && sha256sum -c SHA256SUMS".formatted(packages)));
    }

    @Test
    void theDebianPackageHasProgramUnitAndSettings() throws IOException, InterruptedException {
        assumeTrue(has("dpkg-deb"));
        String deb = only(".deb").toString();
        assertThat(well(List.of("dpkg-deb", "--contents", deb)))
                .contains("root/root")
                .contains("./usr/bin/pgchorus ->")
                .contains("./usr/lib/systemd/system/pgchorus.service")
                .contains("./etc/pgchorus/pgchorus.env");
        assertThat(well(List.of("dpkg-deb", "--field", deb, "Version"))).startsWith(VERSION);
        Path control = home.resolve("control");
        well(List.of("dpkg-deb", "--control", deb, control.toString()));
        for (String script : List.of("postinst", "prerm", "postrm")) {
            well(List.of("sh", "-n", control.resolve(script).toString()));
        }
    }

    @Test
    void theDebianPackageIsInstalledUsedAndPurged() throws IOException, InterruptedException {
        assumeTrue(has("dpkg-deb") && has("unshare"));
        assumeTrue(run(BARE, List.of("unshare", "--mount", "true")).exit == 0, "not root here");
        Path scratch = Files.createDirectory(home.resolve("system"));
        Said said =
                run(
                        BARE,
                        List.of(
                                "unshare",
                                "--mount",
                                "src/test/resources/packaging/install",
                                only(".deb").toString(),
                                scratch.toString()));
        assumeTrue(said.exit != 77, said.text);
        assertThat(said.exit).as(said.text).isZero();
    }

    /** What lacks here is named by systemd too: the program and the manual's folder. */
    @Test
    void systemdUnderstandsTheUnit() throws IOException, InterruptedException {
        assumeTrue(has("systemd-analyze"));
        String unit = Files.readString(Path.of("packaging/systemd/pgchorus.service"));
        Path here = home.resolve("pgchorus.service");
        Files.writeString(here, unit.replace("/usr/bin/pgchorus", "/bin/true"));
        Said said = run(Map.of(), List.of("systemd-analyze", "verify", here.toString()));
        assertThat(said.text.lines().filter(line -> line.contains("pgchorus.service"))).isEmpty();
    }

    @Test
    void theProbeTellsWellFromIll() throws IOException, InterruptedException {
        InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        HttpServer server = HttpServer.create(any, 0);
        server.createContext(
                "/",
                exchange -> {
                    boolean known =
                            "Bearer sesame"
                                    .equals(exchange.getRequestHeaders().getFirst("Authorization"));
                    boolean well = exchange.getRequestURI().getPath().equals("/liveness");
                    exchange.sendResponseHeaders(!known ? 401 : well ? 200 : 503, -1);
                    exchange.close();
                });
        server.start();
        try {
            Path token = Files.writeString(home.resolve("token"), "sesame\n");
            Map<String, String> environment =
                    Map.of(
                            "PGCHORUS_PROBE_PORT",
                            Integer.toString(server.getAddress().getPort()),
                            "PGCHORUS_PROBE_TOKEN_FILE",
                            token.toString());
            List<String> probe = probeOf("/liveness");
            assertThat(run(environment, probe).exit).isZero();
            assertThat(run(environment, probeOf("/primary")).exit).isNotZero();
            Files.writeString(token, "wrong");
            assertThat(run(environment, probe).exit).isNotZero();
        } finally {
            server.stop(0);
        }
        assertThat(run(Map.of("PGCHORUS_PROBE_PORT", "1"), probeOf("/liveness")).exit).isNotZero();
    }

    private static List<String> probeOf(String path) {
        return List.of("packaging/container/probe", path);
    }
}
