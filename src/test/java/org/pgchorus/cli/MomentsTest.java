package org.pgchorus.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.time.Instant;

class MomentsTest {
    @ParameterizedTest
    @CsvSource({
        "2026-11-19T12:00:00Z,      2026-11-19T12:00:00Z",
        "2026-11-19T12:00:00+01:00, 2026-11-19T11:00:00Z",
        "2026-11-19T12:00,          2026-11-19T12:00:00Z",
        "2026-11-19 12:00:01.5,     2026-11-19T12:00:01.5Z",
        "2026-11-19,                2026-11-19T00:00:00Z",
        "15min,                     2026-11-20T07:45:00Z",
        "1d,                        2026-11-19T08:00:00Z",
    })
    void aMomentIsATimeOrSoLongAgo(String typed, Instant meant) {
        assertThat(Moments.parse(typed, Typed.NOW)).isEqualTo(meant);
    }

    @ParameterizedTest
    @CsvSource({"yesterday", "15", "2026-13-01", "-5min"})
    void anythingElseIsRefusedWithAnExample(String typed) {
        assertThatThrownBy(() -> Moments.parse(typed, Typed.NOW))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("2026-11-20T08:00:00Z");
    }

    @ParameterizedTest
    @CsvSource({
        "2026-11-20 14:38:17.171663+00,    2026-11-20T14:38:17.171663Z, 2026-11-20 14:38:17Z",
        "2026-11-20 14:38:17+02,           2026-11-20T12:38:17Z,        2026-11-20 12:38:17Z",
        "2026-11-20 14:38:17.5-03:30,      2026-11-20T18:08:17.500Z,    2026-11-20 18:08:17Z",
    })
    void theServersTimesBecomeUtc(String server, String iso, String forPeople) {
        assertThat(Moments.iso(server)).isEqualTo(iso);
        assertThat(Moments.toTheSecond(server)).isEqualTo(forPeople);
    }

    @Test
    void aTimeInAnotherStyleStays() {
        assertThat(Moments.iso("Fri 20 Nov 14:38:17 2026 UTC"))
                .isEqualTo("Fri 20 Nov 14:38:17 2026 UTC");
    }
}
