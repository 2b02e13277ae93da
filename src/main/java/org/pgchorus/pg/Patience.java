package org.pgchorus.pg;

import java.time.Duration;

/**
 * How long a server may say nothing before it counts as lost: as long as it would bear it of us
 * itself ({@code wal_sender_timeout}).
 *
 * <p>Nobody else tells it: when a network loses everything, what was sent is sent again for a
 * quarter of an hour before a kernel gives up, and behind a proxy that keeps our end open, for
 * ever.
 */
public final class Patience {
    private static final String SENDER_TIMEOUT =
            "SELECT setting FROM pg_catalog.pg_settings WHERE name = 'wal_sender_timeout'";

    /** Where the server bears it for ever: the default of wal_sender_timeout. */
    private static final Duration USUAL = Duration.ofSeconds(60);

    /** A busy server may take seconds for the smallest answer. */
    private static final Duration LEAST = Duration.ofSeconds(10);

    private Patience() {}

    /** Bounds it, for a session whose questions are answered soon, whatever is locked. */
    public static void bound(Session session) {
        long senderMillis = Long.parseLong(session.value(SENDER_TIMEOUT));
        Duration silence = senderMillis == 0 ? USUAL : Duration.ofMillis(senderMillis);
        session.giveUpAfter(silence.compareTo(LEAST) < 0 ? LEAST : silence);
    }
}
