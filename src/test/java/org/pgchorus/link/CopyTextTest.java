package org.pgchorus.link;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pgchorus.model.Row;
import org.pgchorus.pg.WireBytes;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** Rows in COPY's text form. */
class CopyTextTest {
    private static String line(String... values) {
        WireBytes bytes = new WireBytes(1);
        CopyText.line(Row.ofTexts(Arrays.asList(values)), bytes);
        return new String(bytes.toArray(), StandardCharsets.UTF_8);
    }

    @Test
    void valuesAreSeparatedByTabs() {
        assertThat(line("1", "row", "")).isEqualTo("1\trow\t\n");
    }

    @Test
    void whatWouldEndAValueIsEscaped() {
        assertThat(line("a\tb\nc\rd\\e")).isEqualTo("a\\tb\\nc\\rd\\\\e\n");
        assertThat(line("\\", "\\.", "\\N")).isEqualTo("\\\\\t\\\\.\t\\\\N\n");
    }

    @Test
    void nullIsNoText() {
        assertThat(line(null, "N", null)).isEqualTo("\\N\tN\t\\N\n");
    }

    @Test
    void otherCharactersStay() {
        String text = "ü 漢字 😀 \u0001 'quoted' \"too\"";
        assertThat(line(text, text)).isEqualTo(text + "\t" + text + "\n");
        assertThat(List.of(line(text).split("\t"))).hasSize(1);
    }
}
