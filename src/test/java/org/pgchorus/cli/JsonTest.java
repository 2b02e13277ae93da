package org.pgchorus.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

class JsonTest {
    @Test
    void everyKindOfValueHasItsForm() {
        Map<String, Object> object =
                Json.object(
                        "text",
                        "a\"b",
                        "number",
                        7L,
                        "fraction",
                        0.25,
                        "truth",
                        true,
                        "nothing",
                        null,
                        "empty",
                        Optional.empty(),
                        "unknown_long",
                        OptionalLong.empty(),
                        "long",
                        OptionalLong.of(1L << 60),
                        "unknown_double",
                        OptionalDouble.empty(),
                        "list",
                        List.of(1, 2),
                        "row",
                        new Json.Raw("{\"n\":1.10}"));
        assertThat(Json.compact(object))
                .isEqualTo(
                        "{\"text\":\"a\\\"b\",\"number\":7,\"fraction\":0.25,\"truth\":true,"
                                + "\"nothing\":null,\"empty\":null,\"unknown_long\":null,"
                                + "\"long\":1152921504606846976,\"unknown_double\":null,"
                                + "\"list\":[1,2],\"row\":{\"n\":1.10}}");
    }

    @Test
    void overSeveralLinesItIsIndented() {
        assertThat(Json.pretty(List.of(Json.object("a", 1, "b", List.of()))))
                .isEqualTo(
                        """
                        [
                          {
                            "a": 1,
                            "b": []
                          }
                        ]\
                        """);
    }

    @Test
    void aRowIsReadColumnByColumn() {
        assertThat(JsonRow.values("{\"id\" : 7, \"n\": 1.10, \"x\": null, \"j\": {\"a\": [1]}}"))
                .containsExactly(
                        Map.entry("id", "7"),
                        Map.entry("n", "1.10"),
                        Map.entry("x", "NULL"),
                        Map.entry("j", "{\"a\":[1]}"));
    }
}
