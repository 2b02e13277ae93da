package org.pgchorus.link;

import org.pgchorus.model.Lsn;

/**
 * How a link stands, at one moment.
 *
 * @param appliedMicros commit time of the last applied transaction, {@link Long#MIN_VALUE} for none
 * @param skewMicros how far the last transaction's commit lay ahead of the target's clock when it
 *     came; negative, as it should be, if behind
 * @param standingAt the transaction it failed at, for people; empty if it flows
 */
public record LinkReport(
        LinkPlan plan,
        LinkState state,
        Lsn sourceReceivedLsn,
        Lsn sourceAppliedLsn,
        Lsn sourceDurableLsn,
        long appliedMicros,
        long skewMicros,
        long transactions,
        long changes,
        long conflicts,
        String standingAt) {}
