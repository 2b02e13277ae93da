package org.pgchorus.link;

import org.pgchorus.model.TableName;
import org.pgchorus.pg.PgError;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * What one transaction has run into so far, and what to do about it. Pure but for its counts; one
 * thread.
 */
final class Setbacks {
    /** Deadlocks in a row after which the link starts anew, which also lets others go first. */
    private static final int ROLLBACKS = 10;

    /**
     * A clash with a row of a transaction that has just ended, or is about to roll back, is over
     * when the change is decided again; one that comes back this often is there to stay.
     */
    private static final int CLASHES = 10;

    /** A server's plan, or our picture of a table, may be older than an ALTER TABLE: once more. */
    private static final int OTHERS = 1;

    private final Map<TableName, Integer> refusals = new HashMap<>();
    private int rollbacks;
    private boolean checkedEach;

    /** How long to wait before the next attempt: ever longer, and never in step with others. */
    long pauseMillis() {
        int attempts = rollbacks + refusals.values().stream().mapToInt(Integer::intValue).sum();
        return ThreadLocalRandom.current().nextLong(1, 10L * Math.max(1, attempts) + 1);
    }

    /** What to do. */
    enum Remedy {
        /** Apply the transaction again, a moment later. */
        AGAIN,
        /** Apply it again, with nothing remembered of any table or statement. */
        AFRESH,
        /** Apply it again, and check deferred constraints with each change. */
        CHECKING_EACH,
        /** Hold the table. */
        HOLD,
        /** Start the link again. */
        NONE
    }

    /**
     * @param table whose change failed; empty if it was none's
     * @param atCommit whether all changes went well, but their commit did not
     */
    Remedy remedy(PgError failure, Optional<TableName> table, boolean atCommit) {
        return switch (failure) {
            case PgError.Busy busy ->
                    busy.sqlState().startsWith("40") && ++rollbacks <= ROLLBACKS
                            ? Remedy.AGAIN
                            : Remedy.NONE;
            case PgError.Halted _ -> Remedy.NONE;
            case PgError.Refused refused -> refused(refused, table, atCommit);
        };
    }

    private Remedy refused(PgError.Refused failure, Optional<TableName> table, boolean atCommit) {
        if (atCommit && !checkedEach) {
            checkedEach = true;
            return Remedy.CHECKING_EACH;
        }
        if (table.isEmpty() || isAboutConnecting(failure)) {
            return Remedy.NONE;
        }
        int times = refusals.merge(table.get(), 1, Integer::sum);
        if (isClash(failure)) {
            return times <= CLASHES ? Remedy.AGAIN : Remedy.HOLD;
        }
        return times <= OTHERS ? Remedy.AFRESH : Remedy.HOLD;
    }

    /** A unique or exclusion constraint. */
    private static boolean isClash(PgError failure) {
        return failure.sqlState().equals("23505") || failure.sqlState().equals("23P01");
    }

    /** A row's writer was asked and did not let us in: no fault of the table. */
    private static boolean isAboutConnecting(PgError failure) {
        return failure.sqlState().startsWith("28") || failure.sqlState().startsWith("3D");
    }
}
