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
    private static final long STEP_MILLIS = 10;

    private Slots() {}

    /** The processes that send from a slot. */
    static List<Long> readers(Direction direction) {
        try (Session session = Session.open(direction.source(), "pgchorus bench")) {
            return session.query(
                    "SELECT active_pid FROM pg_replication_slots WHERE slot_name = ? AND active_pid"
                            + " IS NOT NULL",
                    row -> row.number(1),
                    direction.slot());
        }
    }

    /** Where a server's log ends, on disk, so that a sender may send it at once. */
    static Lsn end(Address server) {
        try (Session session = Session.open(server, "pgchorus bench")) {
            session.execute("SET synchronous_commit = on");
            return Lsn.parse(
                    session.value("SELECT pg_logical_emit_message(true, 'pgchorus_bench', 'end')"));
        }
    }

    /** Waits until nobody reads the source's log. */
    static void awaitIdle(Direction direction) throws InterruptedException {
        await(direction, "NOT active");
    }

    /** Waits until somebody reads the source's log. */
    static void awaitRead(Direction direction) throws InterruptedException {
        await(direction, "active");
    }

    /** Waits until a target has told that everything up to a position is there for good. */
    static void awaitConfirmed(Direction direction, Lsn sourceEndLsn) throws InterruptedException {
        await(direction, "confirmed_flush_lsn >= '%s'".formatted(sourceEndLsn));
    }

    private static void await(Direction direction, String condition) throws InterruptedException {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        try (Session session = Session.open(direction.source(), "pgchorus bench")) {
            String question =
                    "SELECT coalesce(bool_and(%s), false) FROM pg_replication_slots WHERE slot_name"
                                    .formatted(condition)
                            + " = ?";
            while (!session.value(question, direction.slot()).equals("t")) {
                if (System.nanoTime() > deadline) {
                    throw PgError.refused(
                            "slot %s: not %s within %d minutes"
                                    .formatted(direction.slot(), condition, LIMIT.toMinutes()));
                }
                TimeUnit.MILLISECONDS.sleep(STEP_MILLIS);
            }
        }
    }
}
