package org.pgchorus.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.List;

/** The nearest known word is the one a person would have meant. */
class NearestTest {
    private static final List<String> KNOWN = List.of("host", "port", "user", "sslmode", "sslcert");

    @ParameterizedTest
    @CsvSource({
        "hsot, host", "prot, port", "usr, user", "sslmod, sslmode", "slscert, sslcert",
        "uzer, user", "host, host", "frob, ", "x, ", "'', "
    })
    void nearest(String word, String expected) {
        assertThat(Nearest.to(word, KNOWN).orElse(null)).isEqualTo(expected);
    }
}
