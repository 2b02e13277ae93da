package org.pgchorus.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pgchorus.model.TableName;

import java.util.Arrays;

/** Which tables a pattern means, and a list of patterns. */
class TablePatternTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "public.t | public | t | true",
                "public.t | public | tt | false",
                "public.t | other | t | false",
                "t | other | t | true",
                "* | any | thing | true",
                "public.* | public | x.y | true",
                "public.* | publicx | t | false",
                "*.t | a | t | true",
                "pub*.*_log | public | a_log | true",
                "pub*.*_log | public | a_logs | false",
                "t.x | tax | x | false",
                "T | public | t | false",
                "\"a.b\".c | a.b | c | true",
                "\"a*\" | s | ab | false",
                "\"a*\" | s | a* | true",
                "\"a\"\"b\" | s | a\"b | true",
                "a+ | s | a+ | true",
                "!public.t | public | t | true",
                "\\E.* | \\E | t | true",
            })
    void matches(String pattern, String schema, String table, boolean expected) {
        TablePattern parsed = TablePattern.parse(pattern);
        assertThat(parsed.matches(new TableName(schema, table))).isEqualTo(expected);
        assertThat(TablePattern.parse(parsed.toString())).isEqualTo(parsed);
        assertThat(parsed.excludes()).isEqualTo(pattern.startsWith("!"));
    }

    @ParameterizedTest
    @CsvSource(
            value = {
                "'', a name is empty",
                "!, a name is empty",
                "a., a name is empty",
                ".a, a name is empty",
                "a.b.c, more than schema and table",
                "\"a, a quote is not closed",
            })
    void wrongPatternIsRefused(String text, String reason) {
        assertThatThrownBy(() -> TablePattern.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(reason);
    }

    @ParameterizedTest
    @CsvSource(
            value = {
                "'', true",
                "public.*, true",
                "other.*, false",
                "other.* t, true",
                "t other.*, true",
                "!t, false",
                "!other.*, true",
                "public.* !t, false",
                "!t public.*, false",
                "public.* !u, true",
                "other.* !u, false",
            })
    void selects(String patterns, boolean expected) {
        var list =
                Arrays.stream(patterns.split(" "))
                        .filter(p -> !p.isEmpty())
                        .map(TablePattern::parse)
                        .toList();
        assertThat(TablePattern.selects(list, new TableName("public", "t"))).isEqualTo(expected);
    }

    @Test
    void charactersBeyondSixteenBitsAreCharactersToo() {
        TableName face = new TableName("public", "\ud83d\ude00x");
        assertThat(TablePattern.parse("\"\ud83d\ude00x\"").matches(face)).isTrue();
        assertThat(TablePattern.parse("public.\ud83d\ude00*").matches(face)).isTrue();
        assertThat(TablePattern.parse("\ud83d\ude01x").matches(face)).isFalse();
    }

    @Test
    void aCommaInQuotesSeparatesNothing() {
        assertThat(TablePattern.parseAll(" a, \"b,\"\"c\".d ,!e"))
                .extracting(TablePattern::toString)
                .containsExactly("a", "\"b,\"\"c\".d", "!e");
        assertThat(TablePattern.parseAll(" ")).isEmpty();
    }
}
