package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.pgchorus.demo.EmbeddedServer;
import org.pgchorus.example.Example;
import org.pgchorus.example.Examples;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;

/** Every example runs as its README says, and prints what stands there. */
class ExamplesScenario {
    private static final Path EXAMPLES = Path.of("examples");

    /** With -Dpgchorus.rewrite.docs=true the READMEs get what the runs print. */
    private static final boolean REWRITE = Boolean.getBoolean("pgchorus.rewrite.docs");

    private static final String BLOCK = "\n## What it prints\n\n```text\n";
    private static final String END = "```\n";

    /** A whole one, or the beginning of one, as a narrow column shows it. */
    private static final String UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-([0-9a-f]{12}|[0-9a-f.]{3,})";

    private static final String TIME = "\\d{4}-\\d\\d-\\d\\d[T ][\\d:.]+(Z|\\+00)?";

    /** What another run may print otherwise, whatever the numbers. */
    private static final String CHANCE =
            " *(waiting: |slot is active |node \\w+ (is paused|goes on): ).*";

    /** Above the usual ports; still with four digits, so that lines are as long as there. */
    private static final int LEAST_SHIFT = 1_000;

    private static final int GREATEST_SHIFT = 2_900;

    @TempDir static Path home;

    private static Path launcher;

    /** This checkout's classes instead of its jar, which may not be built yet. */
    @BeforeAll
    static void makeLauncher() throws IOException {
        launcher = home.resolve("pgchorus");
        String postgres = System.getProperty("pgchorus.postgres.dir");
        Files.writeString(
                launcher,
                """
                #!/bin/sh
                exec '%s' -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 %s -cp '%s' \\
                    org.pgchorus.cli.Main "$@"
                """
                        .formatted(
                                Path.of(System.getProperty("java.home"), "bin", "java"),
                                postgres == null ? "" : "-Dpgchorus.postgres.dir=" + postgres,
                                System.getProperty("java.class.path")));
        assertThat(launcher.toFile().setExecutable(true)).isTrue();
    }

    static Stream<String> names() {
        return Examples.ALL.stream().map(Example::name);
    }

    private static Process start(String name, String script, String... words) throws IOException {
        List<String> command =
                Stream.concat(
                                Stream.of(EXAMPLES.resolve(name).resolve(script).toString()),
                                Stream.of(words))
                        .toList();
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("PGCHORUS", launcher.toString());
        return builder.start();
    }

    /** Where all ports of an example are free. */
    private static String freeShift(Example example) {
        while (true) {
            int shift = ThreadLocalRandom.current().nextInt(LEAST_SHIFT, GREATEST_SHIFT);
            if (example.ports().stream().allMatch(port -> EmbeddedServer.isFree(port + shift))) {
                return Integer.toString(shift);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("names")
    void itRunsAndPrintsWhatItsReadmeSays(String name) throws Exception {
        String shift = REWRITE ? "0" : freeShift(Examples.named(name));
        Process process = start(name, "run", "--shift", shift);
        String printed =
                new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("%s", printed).isZero();
        Path readme = EXAMPLES.resolve(name).resolve("README.md");
        if (REWRITE) {
            Files.writeString(readme, withBlock(Files.readString(readme), printed));
        }
        String text = Files.readString(readme);
        int from = text.indexOf(BLOCK) + BLOCK.length();
        String block = text.substring(from, text.indexOf(END, from));
        assertThat(masked(printed)).as("%s", printed).containsSubsequence(masked(block));
    }

    /** The README with the lines that every run prints. */
    private static String withBlock(String text, String printed) {
        int from = text.indexOf(BLOCK) + BLOCK.length();
        String lines =
                String.join(
                        "\n", printed.strip().lines().filter(it -> !it.matches(CHANCE)).toList());
        return text.substring(0, from) + lines + "\n" + text.substring(text.indexOf(END, from));
    }

    /** Lines without what differs from run to run: numbers, times, ids, widths of columns. */
    private static List<String> masked(String text) {
        return text.lines()
                .map(line ->
                        line.replaceAll("(pgchorus-example-[a-z-]*[a-z])-\\d+", "$1")
                                .replaceAll(UUID, "UUID")
                                .replaceAll(TIME, "TIME")
                                .replaceAll("\\b\\d{8}-\\d{6}-[0-9a-f]{4}\\b", "ID")
                                .replaceAll("(?<![0-9a-z])[0-9a-f]{8}(?![0-9a-z])", "HEX")
                                .replaceAll("\\b[0-9A-F]+/[0-9A-F]+\\b", "LSN")
                                .replaceAll("-?[\\d.,:]*\\d([kMG]?B|ms|min|s)?\\b", "N")
                                .replaceAll("\\b(streaming|catching up)\\b", "STATE")
                                .replaceAll("-{2,}", "--")
                                .replaceAll("\\s+", " ")
                                .replaceAll(" -(?= |$)", " N")
                                .strip())
                .filter(line -> !line.isEmpty())
                .toList();
    }

    @Test
    void whatIsUnderWayIsTakenDown() throws Exception {
        Example example = Examples.named("quick-start");
        String shift = freeShift(example);
        Process run = start(example.name(), "run", "--shift", shift);
        try (BufferedReader lines = run.inputReader()) {
            while (!lines.readLine().startsWith("2. ")) {
                assertThat(run.isAlive()).isTrue();
            }
            Process down = start(example.name(), "down", "--shift", shift);
            assertThat(new String(down.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .contains("ended the run, process ");
            assertThat(down.waitFor()).isZero();
            assertThat(run.waitFor()).isNotZero();
        }
        for (int port : example.ports()) {
            assertThat(EmbeddedServer.isFree(port + Integer.parseInt(shift))).isTrue();
        }
    }

    @Test
    void theListNamesAll() throws IOException {
        String list = Files.readString(EXAMPLES.resolve("README.md"));
        try (Stream<Path> folders = Files.list(EXAMPLES)) {
            assertThat(folders.filter(Files::isDirectory).map(it -> it.getFileName().toString()))
                    .containsExactlyInAnyOrderElementsOf(names().toList())
                    .allMatch(name -> list.contains("](" + name + "/README.md)"));
        }
    }
}
