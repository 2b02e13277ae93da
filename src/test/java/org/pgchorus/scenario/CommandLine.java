package org.pgchorus.scenario;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** One call of the program, in a process of its own: its status and what it printed. */
record CommandLine(int status, String out) {
    /** Runs it for a group, with both outputs in one. */
    static CommandLine of(TestGroup group, String... words) {
        try {
            Process process = start(group, words);
            String out =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new CommandLine(process.waitFor(), out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** The first lines of one that has no end; it is killed then. */
    static List<String> lines(TestGroup group, int count, String... words) {
        try {
            Process process = start(group, words);
            try (BufferedReader said = process.inputReader()) {
                return said.lines().limit(count).toList();
            } finally {
                process.destroyForcibly();
                process.onExit().join();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Process start(TestGroup group, String... words) throws IOException {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-Xmx128m",
                                "-XX:+UseSerialGC",
                                "-XX:TieredStopAtLevel=1",
                                "-cp",
                                System.getProperty("java.class.path"),
                                "org.pgchorus.cli.Main"));
        command.addAll(List.of(words));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        Map<String, String> environment = builder.environment();
        environment.put("PGCHORUS_GROUP", group.address(0).text());
        Process process = builder.start();
        process.getOutputStream().close();
        return process;
    }
}
