package org.pgchorus.link;

import org.pgchorus.model.Lsn;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;

/**
 * A transaction that is too large to be kept, made in bulk portion by portion in one of the
 * target's. Nobody could begin it again here: if something is in its way it is asked for again.
 *
 * <p>One thread, the session's.
 */
final class Portions {
    /** Enough that a statement's own cost does not count. */
    private static final int PORTION_CHANGES = 4000;

    /** Rows may be large; a portion is in memory several times on its way to the server. */
    private static final long PORTION_BYTES = Arrival.KEPT_BYTES / 2;

    private final Session target;
    private final Applier applier;
    private final FastPath fast;
    private final TooLarge tooLarge;
    private final Gathering gathering = new Gathering();
    private Arrival whole;
    private long changes;
    private long bytes;

    Portions(Session target, Applier applier, FastPath fast, TooLarge tooLarge) {
        this.target = target;
        this.applier = applier;
        this.fast = fast;
        this.tooLarge = tooLarge;
    }

    /** Whether a transaction is under way. */
    boolean isOpen() {
        return whole != null;
    }

    /** Begins with what has come of a transaction; that is not kept any longer. */
    void open(Arrival begun) throws InterruptedException {
        applier.clock().awaitCommit(begun.micros(), begun.cameNanos());
        whole = begun;
        changes = 0;
        // It would be dear to begin again, so it waits as long as it takes.
        fast.begin(0);
        begun.changes().forEach(gathering::add);
        begun.forget();
        send();
    }

    /** Adds a change of it. */
    void add(Change change) {
        gathering.add(change);
        bytes += change.row().weightBytes();
        if (gathering.changes() >= PORTION_CHANGES || bytes >= PORTION_BYTES) {
            send();
        }
    }

    /** Sends what is gathered, while the server still makes the portion ahead of it. */
    void send() {
        try {
            fast.change(gathering, terms());
            boolean isBehindOne = fast.isAwaited();
            fast.sync();
            clear();
            if (isBehindOne) {
                fast.await();
            }
        } catch (PgError e) {
            throw askAgain(e);
        }
    }

    /** Waits until all that was sent is made: the session is free then. */
    void land() {
        try {
            // While none is open, what is awaited are groups.
            while (isOpen() && fast.isAwaited()) {
                fast.await();
            }
        } catch (PgError e) {
            throw askAgain(e);
        }
    }

    /** Makes the rest and commits. */
    void commit(Lsn sourceEndLsn) {
        try {
            fast.change(gathering, terms());
            fast.commit(sourceEndLsn, whole.micros());
            clear();
        } catch (PgError e) {
            throw askAgain(e);
        }
        land();
        applier.grouped(sourceEndLsn, whole.micros(), 1, changes);
        whole = null;
        // The driver may have asked something inside of our transaction: it sees that this is over.
        target.value("SELECT 1");
    }

    /** One of its changes has to be looked at by itself. */
    PgError giveUp() {
        return askAgain(PgError.refused("it has changes that have to be looked at one by one"));
    }

    private void clear() {
        changes += gathering.changes();
        bytes = 0;
        gathering.clear();
    }

    private FastPath.Terms terms() {
        long micros = whole.micros();
        return new FastPath.Terms(applier.seenByAllMicros(micros), micros, true);
    }

    private PgError askAgain(PgError reason) {
        boolean passes = reason instanceof PgError.Busy;
        if (!passes) {
            tooLarge.note(whole.commitLsn());
        }
        try {
            fast.rollback();
        } catch (PgError lost) {
            reason.addSuppressed(lost);
            return reason;
        }
        return PgError.busy(
                "transaction %s, too large to be kept, is asked for again%s: %s"
                        .formatted(
                                whole.commitLsn(),
                                passes ? "" : " and goes row by row",
                                reason.getMessage()));
    }
}
