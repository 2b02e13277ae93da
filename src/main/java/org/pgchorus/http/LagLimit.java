package org.pgchorus.http;

import org.pgchorus.config.Durations;
import org.pgchorus.config.Sizes;
import org.pgchorus.daemon.Status;

import java.time.Duration;

/** How far behind a link may be, as balancers write it: {@code 16MB} or {@code 5s}. Pure. */
sealed interface LagLimit {
    /** So much of the writer's log not applied. */
    record Bytes(long bytes) implements LagLimit {}

    /** The newest transaction applied was committed so long ago. */
    record Time(Duration duration) implements LagLimit {}

    /**
     * Reads a size or a duration; a number alone is bytes, as with Patroni.
     *
     * @throws IllegalArgumentException if it is neither
     */
    static LagLimit parse(String text) {
        if (text.matches("\\d{1,18}")) {
            return new Bytes(Long.parseLong(text));
        }
        if (text.endsWith("B")) {
            return new Bytes(Sizes.parseBytes(text));
        }
        try {
            return new Time(Durations.parse(text));
        } catch (IllegalArgumentException refused) {
            throw new IllegalArgumentException(
                    "lag=%s is neither a size such as 16MB nor a duration such as 5s"
                            .formatted(text),
                    refused);
        }
    }

    /** A lag that is not known is over every limit. */
    default boolean isExceededBy(Status.Link link) {
        return switch (this) {
            case Bytes(long most) -> link.lagBytes().orElse(Long.MAX_VALUE) > most;
            case Time(Duration most) ->
                    link.lagSeconds().orElse(Double.MAX_VALUE) > most.toNanos() / 1e9;
        };
    }

    /** What is said of a link that is over it. */
    default String reason(Status.Link link) {
        return switch (this) {
            case Bytes(long most) ->
                    "it lacks %s of the log of %s, more than %s"
                            .formatted(
                                    link.lagBytes().isPresent()
                                            ? Sizes.rounded(link.lagBytes().getAsLong())
                                            : "an unknown part",
                                    link.from(),
                                    Sizes.text(most));
            case Time(Duration most) ->
                    "it is %s behind %s, more than %s"
                            .formatted(
                                    link.lagSeconds().isPresent()
                                            ? "%.3f s".formatted(link.lagSeconds().getAsDouble())
                                            : "an unknown time",
                                    link.from(),
                                    Durations.text(most));
        };
    }
}
