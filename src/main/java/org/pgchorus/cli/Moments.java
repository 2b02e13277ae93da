package org.pgchorus.cli;

import org.pgchorus.config.Durations;

import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.function.Function;

/** Moments as people type them: a time, or a duration for so long ago. Pure. */
final class Moments {
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
                    "\"%s\" is no moment; write one such as 2026-11-20T08:00:00Z (or 2026-11-20), or"
                                    .formatted(text)
                            + " 15min for a quarter of an hour ago",
                    refused);
        }
    }
}
