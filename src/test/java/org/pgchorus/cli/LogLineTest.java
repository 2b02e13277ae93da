package org.pgchorus.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** One line an event, no passwords, repeats counted, in two forms. */
class LogLineTest {
    private static final Logger LOGGER = new LoggerContext().getLogger("org.pgchorus.link.Link");

    private final LogLine lines = new LogLine();

    @AfterEach
    void asBefore() {
        LogLine.write(LogLine.Form.TEXT);
    }

    private String line(long millis, String message, Throwable cause) {
        LoggingEvent event =
                new LoggingEvent("", LOGGER, Level.WARN, message, cause, new Object[0]);
        event.setThreadName("link n1->n2");
        event.setInstant(java.time.Instant.ofEpochMilli(millis));
        return new String(lines.encode(event), StandardCharsets.UTF_8);
    }

    @Test
    void anEventIsOneLineWithoutItsPasswords() {
        assertThat(
                        line(
                                0,
                                "cannot connect to postgresql://u:geheim@h/d\n"
                                        + "  Hint: password=geheim",
                                null))
                .isEqualToIgnoringNewLines(
                        "1970-01-01T00:00:00.000Z WARN  [link n1->n2] Link: cannot connect to"
                                + " postgresql://u:***@h/d | Hint: password=***");
        assertThat(line(1, "broke", new IllegalStateException("password=geheim")))
                .hasLineCount(1)
                .contains("broke; cause: java.lang.IllegalStateException: password=*** | at ")
                .doesNotContain("geheim");
    }

    @Test
    void programsGetJson() throws IOException {
        LogLine.write(LogLine.Form.JSON);
        String line = line(1, "a \"quoted\"\nthing", new IllegalStateException("why"));
        assertThat(line).hasLineCount(1);
        JsonNode event = new ObjectMapper().readTree(line);
        assertThat(event.at("/time").asText()).isEqualTo("1970-01-01T00:00:00.001Z");
        assertThat(event.at("/level").asText()).isEqualTo("WARN");
        assertThat(event.at("/thread").asText()).isEqualTo("link n1->n2");
        assertThat(event.at("/logger").asText()).isEqualTo("Link");
        assertThat(event.at("/message").asText()).isEqualTo("a \"quoted\" | thing");
        assertThat(event.at("/cause").asText()).contains("IllegalStateException: why");
    }

    @Test
    void repeatsAreCountedAlsoWhenOthersComeBetween() {
        assertThat(line(0, "down", null)).contains("down");
        assertThat(line(1_000, "other", null)).contains("other");
        assertThat(line(2_000, "down", null)).isEmpty();
        assertThat(line(59_999, "down", null)).isEmpty();
        assertThat(line(60_000, "down", null))
                .hasLineCount(2)
                .contains("down (message repeated 2 times)")
                .endsWith("down" + System.lineSeparator());
        assertThat(line(61_000, "other", null)).hasLineCount(1).contains("other");
    }

    @Test
    void manyDifferentOnesDoNotFillTheMemory() {
        for (int i = 0; i < 2_000; i++) {
            assertThat(line(i, "number " + i, null)).hasLineCount(1);
        }
    }
}
