package org.pgchorus.cli;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The launcher finds a Java that is new enough, builds what is missing or older than its sources,
 * and starts it. In a checkout of its own, with a Java and a Maven that only say what they were
 * asked.
 */
class LauncherTest {
    /** All that the launcher may need of a machine, beside Java and Maven. */
    private static final List<String> TOOLS =
            List.of(
                    "bash",
                    "sh",
                    "dirname",
                    "readlink",
                    "find",
                    "mkdir",
                    "rmdir",
                    "flock",
                    "cat",
                    "touch",
                    "rm",
                    "mv",
                    "sed",
                    "head",
                    "sleep");

    private static final String JAVA =
            """
            #!/bin/sh
            echo "$0 $*"
            """;

    private static final String MAVEN =
            """
            #!/bin/sh
            echo "$JAVA_HOME $*" >>"$MAVEN_CALLS"
            sleep 0.2
            mkdir -p target
            echo jar >target/pgchorus.jar
            """;

    @TempDir private Path folder;

    private Path checkout;
    private Path tools;
    private Path calls;
    private Path newer;
    private Path older;

    /** What a start printed, and how it ended. */
    private record Started(int status, String out, String err) {}

    @BeforeEach
    void makeCheckout() throws IOException {
        checkout = Files.createDirectories(folder.resolve("check out"));
        Files.copy(Path.of("pgchorus"), checkout.resolve("pgchorus"));
        Files.writeString(checkout.resolve("pom.xml"), "pom");
        Files.createDirectories(checkout.resolve("src/main"));
        Files.writeString(checkout.resolve("src/main/Main.java"), "source");
        tools = Files.createDirectories(folder.resolve("bin"));
        for (String tool : TOOLS) {
            for (String place : List.of("/usr/bin/", "/bin/")) {
                if (Files.exists(Path.of(place + tool))) {
                    program(
                            tools.resolve(tool),
                            "#!/bin/sh\nexec %s%s \"$@\"\n".formatted(place, tool));
                }
            }
        }
        program(tools.resolve("mvn"), MAVEN);
        calls = folder.resolve("maven calls");
        newer = jdk("jdk-26", "26-ea");
        older = jdk("jdk-17", "17.0.12");
    }

    private Path jdk(String name, String version) throws IOException {
        Path home = Files.createDirectories(folder.resolve(name));
        Files.createDirectories(home.resolve("bin"));
        Files.writeString(
                home.resolve("release"),
                "IMPLEMENTOR=\"X\"\nJAVA_VERSION=\"%s\"\n".formatted(version));
        program(home.resolve("bin/java"), JAVA);
        program(home.resolve("bin/javac"), JAVA);
        return home;
    }

    private static void program(Path file, String text) throws IOException {
        Files.writeString(file, text);
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }

    private Process launch(Path launcher, Map<String, String> environment, String... words)
            throws IOException {
        List<String> command = new ArrayList<>(List.of(launcher.toString()));
        command.addAll(List.of(words));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().clear();
        builder.environment().put("PATH", tools.toString());
        builder.environment().put("HOME", folder.toString());
        builder.environment().put("MAVEN_CALLS", calls.toString());
        builder.environment().putAll(environment);
        return builder.directory(folder.toFile()).start();
    }

    private static Started ended(Process process) throws Exception {
        String out = new String(process.getInputStream().readAllBytes(), UTF_8);
        String err = new String(process.getErrorStream().readAllBytes(), UTF_8);
        return new Started(process.waitFor(), out, err);
    }

    private Started start(String... words) throws Exception {
        return start(Map.of("JAVA_HOME", newer.toString()), words);
    }

    private Started start(Map<String, String> environment, String... words) throws Exception {
        return ended(launch(checkout.resolve("pgchorus"), environment, words));
    }

    private List<String> builds() throws IOException {
        return Files.exists(calls) ? Files.readAllLines(calls) : List.of();
    }

    @Test
    void theJavaThatIsNewEnoughIsTaken() throws Exception {
        Files.createSymbolicLink(tools.resolve("java"), newer.resolve("bin/java"));
        Started behindAnOlderOne = start(Map.of("JAVA_HOME", older.toString()), "status");
        assertThat(behindAnOlderOne.status()).as(behindAnOlderOne.err()).isZero();
        assertThat(behindAnOlderOne.out())
                .startsWith(newer + "/bin/java ")
                .endsWith("-jar %s/target/pgchorus.jar status\n".formatted(checkout.toRealPath()));
        assertThat(builds()).singleElement().asString().startsWith(newer + " ");
    }

    @Test
    void theJavaThatIsNamedIsTakenOrRefused() throws Exception {
        Path other = jdk("jdk-25", "25");
        Map<String, String> environment =
                Map.of("JAVA_HOME", newer.toString(), "PGCHORUS_JAVA_HOME", other.toString());
        assertThat(start(environment, "status").out()).startsWith(other + "/bin/java ");
        Started refused = start(Map.of("PGCHORUS_JAVA_HOME", older.toString()), "status");
        assertThat(refused.status()).isEqualTo(2);
        assertThat(refused.err())
                .isEqualTo(
                        "pgchorus: PGCHORUS_JAVA_HOME=%s holds no Java 25 or newer.\n"
                                .formatted(older));
        assertThat(refused.out()).isEmpty();
    }

    @Test
    void whatIsMissingOrOlderThanItsSourcesIsBuilt() throws Exception {
        assertThat(start("status").err()).contains("pgchorus: building");
        List<String> sources = List.of("src/main/Main.java", "pom.xml");
        for (String edited : sources) {
            writtenMinutesAgo("src/main", 9);
            sources.forEach(source -> writtenMinutesAgo(source, 9));
            writtenMinutesAgo("target/pgchorus.jar", 6);
            int before = builds().size();
            assertThat(start("status").err()).isEmpty();
            assertThat(builds()).hasSize(before);
            writtenMinutesAgo(edited, 3);
            assertThat(start("status").out()).endsWith(" status\n");
            assertThat(builds()).as(edited).hasSize(before + 1);
        }
    }

    private void writtenMinutesAgo(String file, int minutes) {
        long millis = System.currentTimeMillis() - Duration.ofMinutes(minutes).toMillis();
        assertThat(checkout.resolve(file).toFile().setLastModified(millis)).isTrue();
    }

    @Test
    void twoThatStartTogetherBuildOnce() throws Exception {
        Map<String, String> environment = Map.of("JAVA_HOME", newer.toString());
        Process one = launch(checkout.resolve("pgchorus"), environment, "status");
        Process other = launch(checkout.resolve("pgchorus"), environment, "lag");
        assertThat(ended(one).out()).endsWith(" status\n");
        assertThat(ended(other).out()).endsWith(" lag\n");
        assertThat(builds()).hasSize(1);
    }

    @Test
    void aBuildThatFailsIsShownAndNothingRuns() throws Exception {
        program(
                tools.resolve("mvn"),
                "#!/bin/sh\necho 'Main.java: a semicolon is missing'\nexit 1\n");
        Started failed = start("status");
        assertThat(failed.status()).isEqualTo(2);
        assertThat(failed.out()).isEmpty();
        assertThat(failed.err())
                .contains("a semicolon is missing")
                .endsWith(
                        "the build failed; the above is from %s/target/launcher-build.log\n"
                                .formatted(checkout.toRealPath()));
    }

    @Test
    void whatABuildNeedsIsNamed() throws Exception {
        Files.delete(newer.resolve("bin/javac"));
        assertThat(start("status").err())
                .contains("a JDK is needed to build", "PGCHORUS_JAVA_HOME=");
        Files.delete(tools.resolve("mvn"));
        Started refused = start("status");
        assertThat(refused.status()).isEqualTo(2);
        assertThat(refused.err()).contains("Maven (mvn, 3.8 or newer) is needed to build");
    }

    @Test
    void aLinkToItStartsTheSameCheckout() throws Exception {
        Path link =
                Files.createSymbolicLink(tools.resolve("chorus"), Path.of("../check out/pgchorus"));
        Map<String, String> environment = Map.of("JAVA_HOME", newer.toString());
        assertThat(ended(launch(link, environment, "lag", "a b")).out())
                .contains("-jar %s/target/pgchorus.jar lag a b".formatted(checkout.toRealPath()));
    }

    /** A question is answered by the quickest start, long work by the best compiler. */
    @Test
    void questionsStartQuicklyAndLongWorkRunsWell() throws Exception {
        String quick = "-XX:TieredStopAtLevel=1";
        assertThat(start("--version").out()).contains(quick);
        assertThat(start("run", "n1=host=h").out()).doesNotContain(quick);
        Map<String, String> options =
                Map.of("JAVA_HOME", newer.toString(), "PGCHORUS_JAVA_OPTS", "-Xmx1g -Da=b");
        assertThat(start(options, "run").out()).contains(" -Xmx1g -Da=b -jar ");
    }

    /** The cache belongs to one Java and one build. */
    @Test
    void theCacheIsMadeForTheJavaThatUsesIt() throws Exception {
        String training =
                """
                #!/bin/sh
                for word; do case $word in -XX:AOTCacheOutput=*) echo x >"${word#*=}";; esac; done
                echo "$0 $*"
                """;
        Path other = jdk("jdk-25", "25");
        program(other.resolve("bin/java"), training);
        program(newer.resolve("bin/java"), training);
        String cache = "-XX:AOTCache=" + checkout.toRealPath().resolve("target/pgchorus.aot");
        assertThat(start("status").out()).contains(cache);
        Path note = checkout.resolve("target/pgchorus.aot.of");
        assertThat(Files.readString(note).strip()).isEqualTo(newer.toString());
        assertThat(start(Map.of("JAVA_HOME", other.toString()), "status").out()).contains(cache);
        assertThat(Files.readString(note).strip()).isEqualTo(other.toString());
        assertThat(builds()).hasSize(1);
    }
}
