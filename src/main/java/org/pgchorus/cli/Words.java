package org.pgchorus.cli;

import org.pgchorus.config.Durations;
import org.pgchorus.config.Sizes;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** Numbers as people like to read them; empty for what is not known. Pure. */
final class Words {
    private static final double MICROS = 1e6;
    private static final DateTimeFormatter SECOND =
            DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss", Locale.ROOT)
                    .withZone(ZoneOffset.UTC);

    private Words() {}

    /** Such as {@code 1.25MB}. */
    static String size(OptionalLong bytes) {
        return bytes.isPresent() ? Sizes.rounded(bytes.getAsLong()) : "";
    }

    /** Such as {@code 1.25MB}. */
    static String size(long bytes) {
        return Sizes.rounded(bytes);
    }

    /** Such as {@code 1.3s}, to the millisecond. */
    static String seconds(OptionalDouble seconds) {
        return seconds.isPresent() ? seconds(seconds.getAsDouble()) : "";
    }

    /** Such as {@code 1.3s}, to the millisecond; a negative one keeps its sign. */
    static String seconds(double seconds) {
        long millis = Math.round(Math.abs(seconds) * 1000);
        String text = millis == 0 ? "0s" : Durations.rounded(Duration.ofMillis(millis));
        return seconds < 0 && millis > 0 ? "-" + text : text;
    }

    /** Such as {@code 1,234,567}. */
    static String count(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    /** The same; nothing if it is not known. */
    static String count(OptionalLong number) {
        return number.isPresent() ? count(number.getAsLong()) : "";
    }

    /** A number and its noun: {@code 1 node}, {@code 3 nodes}. */
    static String count(long number, String noun) {
        return count(number) + " " + noun + (number == 1 ? "" : "s");
    }

    /** To the second, in UTC. */
    static String time(Instant moment) {
        return SECOND.format(moment) + "Z";
    }

    /** At most so many characters, with {@code ...} at the end of what was cut. */
    static String cut(String text, int characters) {
        return text.length() <= characters ? text : text.substring(0, characters - 3) + "...";
    }

    /** Seconds in microseconds' steps, as JSON shows them. */
    static double rounded(double seconds) {
        return Math.round(seconds * MICROS) / MICROS;
    }
}
