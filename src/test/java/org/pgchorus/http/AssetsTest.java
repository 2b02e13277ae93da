package org.pgchorus.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The dashboard's files need nothing from elsewhere and put no value into markup. */
class AssetsTest {
    private static final Path FILES = Path.of("src/main/resources/org/pgchorus/http/web");

    private static List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(FILES)) {
            return files.map(it -> it.getFileName().toString()).sorted().toList();
        }
    }

    private static String text(String name) {
        Reply.Document file = (Reply.Document) Assets.file(name);
        assertThat(file.status()).as(name).isEqualTo(200);
        return new String(file.body(), StandardCharsets.UTF_8);
    }

    @Test
    void everyFileIsServed() throws IOException {
        assertThat(names())
                .contains("index.html", "app.js", "style.css")
                .allSatisfy(it -> {
                    assertThat(text(it)).isNotEmpty();
                });
        assertThat(text("chart.js")).contains("Chart.js v4");
        for (String no : List.of("none.js", "../x.js", "", "a", "index.HTML", "x.class")) {
            assertThat(((Reply.Document) Assets.file(no)).status()).as(no).isEqualTo(404);
        }
    }

    @Test
    void noScriptOrStyleStandsInThePage() {
        assertThat(text("index.html"))
                .doesNotContainPattern("<script(?![^>]*\\ssrc=\"/ui/)")
                .doesNotContainPattern("\\s(style|on[a-z]+)\\s*=")
                .doesNotContain("<style");
        assertThat(Assets.POLICY).contains("default-src 'none'").doesNotContain("unsafe");
    }

    @Test
    void nothingComesFromElsewhere() throws IOException {
        Pattern address = Pattern.compile("https?://(?!www\\.w3\\.org/)");
        for (String name : names()) {
            assertThat(address.matcher(text(name)).find()).as(name).isFalse();
        }
    }

    @Test
    void valuesNeverBecomeMarkup() throws IOException {
        Pattern markup =
                Pattern.compile(
                        "innerHTML|outerHTML|insertAdjacentHTML|document\\.write|eval\\("
                                + "|new Function|srcdoc|DOMParser|\"style\"");
        for (String name : names()) {
            if (name.endsWith(".js")) {
                assertThat(markup.matcher(text(name)).find()).as(name).isFalse();
            }
        }
    }
}
