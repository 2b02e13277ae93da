package org.pgchorus.link;

import org.pgchorus.model.Lsn;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Transactions of a link that are too large to be kept and cannot be made in bulk: when they are
 * sent again they go row by row. Lives as long as the link; any thread.
 */
final class TooLarge {
    private final Set<Lsn> sourceCommits = ConcurrentHashMap.newKeySet();

    void note(Lsn sourceCommitLsn) {
        sourceCommits.add(sourceCommitLsn);
    }

    boolean isKnown(Lsn sourceCommitLsn) {
        return sourceCommits.contains(sourceCommitLsn);
    }

    void forget(Lsn sourceCommitLsn) {
        sourceCommits.remove(sourceCommitLsn);
    }
}
