package org.pgchorus.config;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Map;

/**
 * Durations as {@code postgresql.conf} spells them: {@code 250us}, {@code 100ms}, {@code 5s},
 * {@code 2min}, {@code 1h}, {@code 7d}. Pure.
 */
public final class Durations {
    private static final Map<String, Long> MICROS =
            Map.of(
                    "us", 1L,
                    "ms", 1_000L,
                    "s", 1_000_000L,
                    "min", 60_000_000L,
                    "h", 3_600_000_000L,
                    "d", 86_400_000_000L);

    private Durations() {}

    /**
     * Reads a number and its unit; fractions such as {@code 1.5h} are allowed, signs are not.
     *
     * @throws IllegalArgumentException if the unit is missing or unknown, or the number is finer
     *     than a microsecond
     */
    public static Duration parse(String text) {
        return Duration.of(Quantity.parse(text, "duration", MICROS), ChronoUnit.MICROS);
    }

    /** Reads back as the same duration, to the microsecond: {@code 90s}, {@code 2min}. */
    public static String text(Duration duration) {
        return Quantity.text(micros(duration), MICROS);
    }

    /** For people, three digits: {@code 1.34s}, {@code 12.5min}. */
    public static String rounded(Duration duration) {
        return Quantity.rounded(micros(duration), MICROS);
    }

    private static long micros(Duration duration) {
        return Math.addExact(
                Math.multiplyExact(duration.getSeconds(), 1_000_000L), duration.getNano() / 1_000);
    }
}
