package org.pgchorus.bench;

import org.pgchorus.config.Address;

import java.time.Duration;

/**
 * Something that replicates a database of one server to a database of another, and can be held.
 *
 * <p>One thread. {@link #close} takes everything away.
 */
public interface Contestant extends AutoCloseable {
    /** In the report. */
    String name();

    /** Where the load is written. */
    Address source();

    /** Where it has to arrive. */
    Address target();

    /** Stops delivery; returns when nobody reads the source's log any more. */
    void hold() throws InterruptedException;

    /** Lets it flow again; returns at once. */
    void release() throws InterruptedException;

    /** The slot by which the source knows how far the target is. */
    String slot();

    /** What it has used since it was released. */
    Usage usage();

    @Override
    void close();

    /**
     * CPU time by who used it.
     *
     * @param sender the process that decodes at the source
     * @param applier the backends that apply at the target
     * @param daemon ours; zero for what has none
     * @param daemonBytes the most memory that the daemon has ever held; zero likewise
     */
    record Usage(Duration sender, Duration applier, Duration daemon, long daemonBytes) {}
}
