package org.pgchorus.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/**
 * The alert rules fire on what they are for, and only then, by Prometheus' own word: where {@code
 * promtool} is on the path.
 */
class AlertRulesTest {
    /** Set to 1 where this test must not be left out. */
    private static final String REQUIRED = "PGCHORUS_TEST_REQUIRE_PROMTOOL";

    private static Optional<Path> promtool() {
        String path = Optional.ofNullable(System.getenv("PATH")).orElse("");
        return Arrays.stream(path.split(File.pathSeparator))
                .map(folder -> Path.of(folder, "promtool"))
                .filter(Files::isExecutable)
                .findFirst();
    }

    @Test
    void promtoolAgrees() throws IOException, InterruptedException {
        if (promtool().isEmpty() && "1".equals(System.getenv(REQUIRED))) {
            throw new AssertionError("promtool is not on the path, but " + REQUIRED + "=1");
        }
        assumeTrue(
                promtool().isPresent(),
                "left out: promtool is not on the path (Debian: apt-get install prometheus)");
        Process process =
                new ProcessBuilder(
                                promtool().orElseThrow().toString(),
                                "test",
                                "rules",
                                "src/test/resources/monitoring/alerts-test.yml")
                        .redirectErrorStream(true)
                        .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
    }
}
