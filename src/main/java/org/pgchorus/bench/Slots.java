package org.pgchorus.bench;

import org.pgchorus.config.Address;
import org.pgchorus.model.Lsn;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** What the source knows of who reads its log. */
final class Slots {
    private static final Duration LIMIT = Duration.ofMinutes(30);
    private static final long STEP_MILLIS = 3;

    private Slots() {}

    /** The processes that send from a slot. */
    static List<Long> readers(Address source, String slot) {
        try (Session session = Session.open(source, "pgchorus bench")) {
            return session.query(
                    "SELECT active_pid FROM pg_replication_slots WHERE slot_name = ? AND active_pid"
                            + " IS NOT NULL",
                    row -> row.number(1),
                    slot);
        }
    }

    /** Waits until nobody reads a slot. */
    static void awaitIdle(Address source, String slot) throws InterruptedException {
        await(source, "NOT active", slot);
    }

    /** Waits until somebody reads a slot. */
    static void awaitRead(Address source, String slot) throws InterruptedException {
        await(source, "active", slot);
    }

    /** Waits until a target has told that everything up to a position is there for good. */
    static void awaitConfirmed(Address source, String slot, Lsn end) throws InterruptedException {
        await(source, "confirmed_flush_lsn >= '%s'".formatted(end), slot);
    }

    private static void await(Address source, String condition, String slot)
            throws InterruptedException {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        try (Session session = Session.open(source, "pgchorus bench")) {
            String question =
                    "SELECT coalesce(bool_and(%s), false) FROM pg_replication_slots WHERE slot_name"
                                    .formatted(condition)
                            + " = ?";
            while (!session.value(question, slot).equals("t")) {
                if (System.nanoTime() > deadline) {
                    throw PgError.refused(
                            "slot %s: not %s within %d minutes"
                                    .formatted(slot, condition, LIMIT.toMinutes()));
                }
                TimeUnit.MILLISECONDS.sleep(STEP_MILLIS);
            }
        }
    }
}
