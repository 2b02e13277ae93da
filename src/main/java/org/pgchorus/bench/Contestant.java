package org.pgchorus.bench;

import org.pgchorus.model.Lsn;

import java.util.Optional;

/**
 * Something that replicates a database of one server to a database of another, and can be held.
 *
 * <p>One thread. {@link #close} takes everything away.
 */
interface Contestant extends AutoCloseable {
    /** In the report. */
    String name();

    /** From where the load is written to where it has to arrive. */
    Direction there();

    /** The other way round, if it goes both ways. */
    Optional<Direction> back();

    /** Stops delivery; returns when nobody reads the source's log any more. */
    void hold(Direction direction) throws InterruptedException;

    /** Lets it flow again; returns at once. */
    void release(Direction direction) throws InterruptedException;

    /** What it has used {@link #there} since it was released. */
    Usage usage();

    @Override
    void close();

    /** Lets it flow until all that is in the source's log now is at the target. */
    default void catchUp(Direction direction) throws InterruptedException {
        Lsn now = Slots.end(direction.source());
        release(direction);
        Slots.awaitConfirmed(direction, now);
    }
}
