package org.pgchorus.pg;

import java.util.ArrayList;
import java.util.List;

/**
 * The settings that every session of ours has, whatever a server, a database or a role gives to its
 * sessions: those that shape texts, those that change what a statement means, and time-outs.
 *
 * <p>Source: PostgreSQL manual, "Client Connection Defaults", "Version and Platform Compatibility".
 */
final class Pinned {
    private static final int IDLE_SESSION_TIMEOUT_SINCE = 14;
    private static final int TRANSACTION_TIMEOUT_SINCE = 17;

    /** Values are sent and read as texts, between servers that may show them in different ways. */
    private static final List<String> TEXTS =
            List.of(
                    "DateStyle = 'ISO'",
                    "TimeZone = 'UTC'",
                    "IntervalStyle = 'postgres'",
                    "extra_float_digits = 3",
                    "bytea_output = 'hex'",
                    "xmloption = 'content'",
                    "lc_monetary = 'C'",
                    "array_nulls = on",
                    "quote_all_identifiers = off",
                    "client_encoding = 'UTF8'");

    /** The applier reckons with seeing what others have just committed. */
    private static final List<String> MEANING =
            List.of(
                    "standard_conforming_strings = on",
                    "transform_null_equals = off",
                    "default_transaction_isolation = 'read committed'",
                    "default_transaction_deferrable = off",
                    // Where synchronous_standby_names has our links, who starts or mends a link
                    // must not wait for it.
                    "synchronous_commit = local",
                    // What we change is our own business, or said by ourselves.
                    "pgchorus.replicate_ddl = ours");

    private static final List<String> TIMEOUTS =
            List.of(
                    "statement_timeout = 0",
                    "lock_timeout = 0",
                    "idle_in_transaction_session_timeout = 0");

    /**
     * How soon a server lets go of a session whose program's machine is gone without a word: about
     * half a minute, as at our end. With it goes the node's lock, which a standby waits for; by a
     * kernel's own settings that takes hours. Without effect on sockets that are not TCP's.
     */
    private static final List<String> GONE =
            List.of(
                    "tcp_keepalives_idle = 10",
                    "tcp_keepalives_interval = 5",
                    "tcp_keepalives_count = 4");

    private Pinned() {}

    /** The statements that make a session so. */
    static String statements(int majorVersion) {
        List<String> settings = new ArrayList<>(TEXTS);
        settings.addAll(MEANING);
        settings.addAll(TIMEOUTS);
        settings.addAll(GONE);
        if (majorVersion >= IDLE_SESSION_TIMEOUT_SINCE) {
            settings.add("idle_session_timeout = 0");
        }
        if (majorVersion >= TRANSACTION_TIMEOUT_SINCE) {
            settings.add("transaction_timeout = 0");
        }
        return "SET " + String.join("; SET ", settings);
    }
}
