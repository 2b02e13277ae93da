package org.pgchorus.house;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** A document that another one points at is there. */
class LinksTest {
    @Test
    void everyLinkLeadsSomewhere() throws IOException {
        List<Path> places =
                Stream.of(
                                "README.md",
                                "CHANGELOG.md",
                                "CONTRIBUTING.md",
                                "docs",
                                "examples",
                                "packaging")
                        .map(Path::of)
                        .toList();
        assertThat(Links.broken(places)).isEmpty();
    }

    /** The test itself can fail. */
    @Test
    void whatLeadsNowhereIsFound(@TempDir Path folder) throws IOException {
        Path one = folder.resolve("one.md");
        Files.writeString(folder.resolve("two.md"), "# Who wins, and why\n");
        Files.writeString(
                one,
                """
                [a](two.md#who-wins-and-why) [b](two.md#who) [c](three.md) `[d](four.md)`
                ```
                [e](five.md)
                ```
                [f](https://example.org/none)
                """);
        assertThat(Links.broken(List.of(folder)))
                .containsExactly(one + ": two.md#who", one + ": three.md");
    }
}
