package org.pgchorus.bench;

import java.time.Duration;

/**
 * CPU time by who used it.
 *
 * @param sender the process that decodes at the source
 * @param applier the backends that apply at the target
 * @param daemon ours; zero for what has none
 * @param daemonBytes the most memory that the daemon has ever held; zero likewise
 */
public record Usage(Duration sender, Duration applier, Duration daemon, long daemonBytes) {
    /** Of all of them. */
    public Duration all() {
        return sender.plus(applier).plus(daemon);
    }

    /**
     * Without what the daemon had used before; the others began when delivery did.
     *
     * @param before of the same contestant
     */
    Usage since(Usage before) {
        return new Usage(sender, applier, daemon.minus(before.daemon), daemonBytes);
    }
}
