package org.pgchorus.cli;

import org.pgchorus.config.Durations;

import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/** Moments as people type them: a time, or a duration for so long ago. Pure. */
final class Moments {
    /** PostgreSQL's DateStyle ISO; offsets of whole hours come without minutes. */
    private static final DateTimeFormatter SERVER =
            new DateTimeFormatterBuilder()
                    .append(DateTimeFormatter.ISO_LOCAL_DATE)
                    .appendLiteral(' ')
                    .append(DateTimeFormatter.ISO_LOCAL_TIME)
                    .appendOffset("+HH:mm:ss", "+00")
                    .toFormatter(Locale.ROOT);

    private Moments() {}

    /**
     * Reads {@code 2026-11-20T08:00:00Z}, {@code 2026-11-20T08:00:00+01:00}, {@code 2026-11-20
     * 08:00}, {@code 2026-11-20} (both in UTC), or {@code 15min}.
     *
     * @throws IllegalArgumentException if it is none of these
     */
    static Instant parse(String text, Instant now) {
        String iso = text.strip().replaceFirst("^(\\d{4}-\\d\\d-\\d\\d) ", "$1T");
        return attempt(iso, t -> OffsetDateTime.parse(t).toInstant())
                .or(() -> attempt(iso, t -> LocalDateTime.parse(t).toInstant(ZoneOffset.UTC)))
                .or(() ->
                        attempt(
                                iso,
                                t -> LocalDate.parse(t).atStartOfDay().toInstant(ZoneOffset.UTC)))
                .orElseGet(() -> ago(text.strip(), now));
    }

    /**
     * A server's {@code 2026-11-20 08:00:00.123456+00} as {@code 2026-11-20T08:00:00.123456Z}; a
     * time in another style stays as it is.
     */
    static String iso(String serverTime) {
        return server(serverTime).map(Instant::toString).orElse(serverTime);
    }

    /** The same for people: {@code 2026-11-20 08:00:00Z}. */
    static String toTheSecond(String serverTime) {
        return server(serverTime).map(Words::time).orElse(serverTime);
    }

    private static Optional<Instant> server(String text) {
        return attempt(text, t -> OffsetDateTime.parse(t, SERVER).toInstant());
    }

    private static Optional<Instant> attempt(String text, Function<String, Instant> reader) {
        try {
            return Optional.of(reader.apply(text));
        } catch (DateTimeParseException otherForm) {
            return Optional.empty();
        }
    }

    private static Instant ago(String text, Instant now) {
        try {
            return now.minus(Durations.parse(text));
        } catch (IllegalArgumentException refused) {
            throw new IllegalArgumentException(
                    "\"%s\" is no moment; write one such as 2026-11-20T08:00:00Z or 2026-11-20, or"
                                    .formatted(text)
                            + " 15min for a quarter of an hour ago",
                    refused);
        }
    }
}
