package org.pgchorus.daemon;

import org.pgchorus.model.Lsn;

import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * How many bytes of its writer's log a transaction of a link takes, lately: so the bytes that lack
 * can be told as transactions. Pure; one thread.
 */
final class Pace {
    /** How much the newest look counts. */
    private static final double WEIGHT = 0.2;

    private Lsn applied = Lsn.ZERO;
    private long transactions;
    private double bytesPerTransaction;

    /** Takes one more look: how far the link has applied, and how many transactions that were. */
    void look(Lsn nowApplied, long nowTransactions) {
        if (nowApplied.equals(Lsn.ZERO)) {
            return;
        }
        long more = nowTransactions - transactions;
        long bytes = nowApplied.bytesSince(applied);
        boolean first = applied.equals(Lsn.ZERO);
        if (!first && more > 0 && bytes >= 0) {
            double newest = (double) bytes / more;
            bytesPerTransaction =
                    bytesPerTransaction == 0
                            ? newest
                            : (1 - WEIGHT) * bytesPerTransaction + WEIGHT * newest;
        }
        applied = nowApplied;
        transactions = nowTransactions;
    }

    /** At least one; empty if there was no transaction yet. */
    OptionalLong bytesPerTransaction() {
        return bytesPerTransaction == 0
                ? OptionalLong.empty()
                : OptionalLong.of(Math.max(1, Math.round(bytesPerTransaction)));
    }

    /** How many transactions a link lacks, about; empty if that cannot be said. */
    static OptionalLong lacking(
            OptionalLong lagBytes, OptionalDouble lagSeconds, OptionalLong bytesPerTransaction) {
        if (lagBytes.isEmpty()) {
            return OptionalLong.empty();
        }
        if (lagBytes.getAsLong() <= 0 || lagSeconds.orElse(1) == 0) {
            return OptionalLong.of(0);
        }
        return bytesPerTransaction.isEmpty()
                ? OptionalLong.empty()
                : OptionalLong.of(
                        Math.ceilDiv(lagBytes.getAsLong(), bytesPerTransaction.getAsLong()));
    }
}
