package org.pgchorus.link;

import org.pgchorus.model.Lsn;
import org.pgchorus.pg.PgError;
import org.pgchorus.pgoutput.Message;

/** Who takes a link's stream in at its target. One thread; good for one connection. */
interface Receiver extends AutoCloseable {
    /** Where the stream has to go on. */
    Lsn sourceStartLsn();

    /** Up to where everything survives a crash of the target. */
    Lsn sourceDurableLsn();

    /** Whether a transaction of the source is under way. */
    boolean inTransaction();

    /**
     * Takes the next message of the stream.
     *
     * @param cameNanos when it came here, by {@link System#nanoTime}
     * @throws PgError if the transaction under way cannot go on; the stream has to start again
     */
    void take(Message message, long cameNanos) throws InterruptedException;

    /** Applies what is held for tables that work again, before the stream starts. */
    void retryHeldFirst();

    /** The same, if it is time; between transactions only. */
    void retryHeld();

    /**
     * Makes durable what was applied, if it is time ({@link FlushPace}); between transactions only.
     *
     * @param idle whether nothing waits: then what is gathered is applied at once, and flushing
     *     delays nobody
     */
    void flush(boolean idle);

    /** Moves the position over a stretch of the source's log that held nothing for us. */
    void advance(Lsn sourceReceivedLsn);

    /** How it stands. */
    LinkReport report(LinkState state, Lsn sourceReceivedLsn, String standingAt);

    /** The change under way, for people; empty between transactions. */
    String position();

    @Override
    void close();
}
