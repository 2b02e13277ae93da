package org.pgchorus.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.time.Duration;

/** Durations and sizes carry units, and read back as what was written. */
class QuantityTest {
    @ParameterizedTest
    @CsvSource({
        "5s, 5000000, 5s",
        "100ms, 100000, 100ms",
        "2min, 120000000, 2min",
        "1h, 3600000000, 1h",
        "1d, 86400000000, 1d",
        "0s, 0, 0us",
        "1.5h, 5400000000, 90min",
        "90 s, 90000000, 90s",
        "1500us, 1500, 1500us",
    })
    void durations(String text, long micros, String written) {
        assertThat(Durations.parse(text)).isEqualTo(Duration.ofNanos(micros * 1_000));
        assertThat(Durations.text(Durations.parse(text))).isEqualTo(written);
    }

    @ParameterizedTest
    @CsvSource({
        "16MB, 16777216, 16MB",
        "1GB, 1073741824, 1GB",
        "1.5GB, 1610612736, 1536MB",
        "64kB, 65536, 64kB",
        "2TB, 2199023255552, 2TB",
        "1000B, 1000, 1000B",
        "0MB, 0, 0B",
    })
    void sizes(String text, long bytes, String written) {
        assertThat(Sizes.parseBytes(text)).isEqualTo(bytes);
        assertThat(Sizes.text(bytes)).isEqualTo(written);
    }

    @ParameterizedTest
    @CsvSource({
        "5, it has no unit; write a number and one of B kB MB GB TB",
        "5KB, no unit \"KB\"; did you mean \"kB\"?",
        "5mb, did you mean \"MB\"?",
        "5s, no unit \"s\"; write",
        "-5MB, is not a size; write",
        "'', is not a size; write",
        "MB, is not a size; write",
        "0.3B, finer than the smallest unit",
        "99999999999TB, too large",
        "1e3MB, is not a size",
    })
    void wrongSizeIsRefused(String text, String reason) {
        assertThatThrownBy(() -> Sizes.parseBytes(text))
                .isInstanceOf(IllegalArgumentException.class)
                .message()
                .satisfies(m -> assertThat(m.replace(",", "")).contains(reason));
    }

    @ParameterizedTest
    @CsvSource({"5m", "5sec", "5", "0.1us", "soon"})
    void wrongDurationIsRefused(String text) {
        assertThatThrownBy(() -> Durations.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("write a number and one of us, ms, s, min, h, d");
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0B",
        "1023, 1023B",
        "1024, 1kB",
        "1342177280, 1.25GB",
        "123456789, 118MB",
        "-2048, -2kB"
    })
    void roundedForPeople(long bytes, String shown) {
        assertThat(Sizes.rounded(bytes)).isEqualTo(shown);
    }

    @Property
    void textReadsBack(@ForAll @LongRange(min = 0) long amount) {
        assertThat(Sizes.parseBytes(Sizes.text(amount))).isEqualTo(amount);
        Duration duration = Duration.ofNanos(amount / 1_000 * 1_000);
        assertThat(Durations.parse(Durations.text(duration))).isEqualTo(duration);
    }
}
