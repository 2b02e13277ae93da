package org.pgchorus.http;

import java.time.Instant;
import java.util.Locale;

/**
 * Something that changed between two looks.
 *
 * @param number counts up from 1 while the daemon runs
 * @param subject a node or a link, such as {@code n1->n2}
 * @param text a sentence's rest, with the reason
 */
record Happening(long number, Instant at, Level level, String subject, String text) {
    /** How much it matters. */
    enum Level {
        GOOD,
        NOTE,
        BAD;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
