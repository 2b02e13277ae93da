package org.pgchorus.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What is watched fits into a terminal of 80 columns. */
class WatchTest {
    @Test
    void longLinesAreBrokenWhereThereAreBlanks() {
        String text = "short\n\n" + "word ".repeat(30).strip() + "\n" + "x".repeat(170) + "\n";
        assertThat(Watch.fit(text).lines())
                .allMatch(line -> line.length() <= 80)
                .containsExactly(
                        "short",
                        "",
                        "word ".repeat(16).strip(),
                        "    " + "word ".repeat(14).strip(),
                        "x".repeat(80),
                        "    " + "x".repeat(76),
                        "    " + "x".repeat(14));
    }
}
