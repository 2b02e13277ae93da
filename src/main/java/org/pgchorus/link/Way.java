package org.pgchorus.link;

import org.pgchorus.model.Lsn;
import org.pgchorus.pg.LogStream;
import org.pgchorus.pg.Session;

/** What the kinds of links do differently. */
interface Way {
    /**
     * Makes a fresh session at the target ready to apply.
     *
     * @param times is told of what was applied
     */
    Receiver arrive(Session target, ApplyTimes times);

    /**
     * Whether both ends are what they were when the link was made.
     *
     * @param startLsn the target's position in the source's log
     * @throws org.pgchorus.pg.PgError.Refused with the reason and the cure
     */
    void check(Session target, Lsn startLsn);

    /** Opens the stream. */
    LogStream open(Lsn sourceStartLsn);
}
