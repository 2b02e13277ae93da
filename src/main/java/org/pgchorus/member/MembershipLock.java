package org.pgchorus.member;

import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.MemberSql;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * One change of a group's membership, or of what joins take along, at a time. The session that has
 * the lock keeps it until it ends.
 */
public final class MembershipLock {
    /**
     * A server hears a moment after the client that a session has ended, so that the lock of a
     * command that is over may still be there for the next one.
     */
    private static final long LINGERS_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final long STEP_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private MembershipLock() {}

    /**
     * Takes it for a session.
     *
     * @throws PgError.Refused if somebody else has it
     */
    public static void take(Session session) {
        take(session, "another change of the group's membership", "at " + session.where());
    }

    /**
     * The same.
     *
     * @param what is taken to be under way if somebody else has it, and where, as it is told
     */
    public static void take(Session session, String what, String where) {
        long began = System.nanoTime();
        while (!session.value(MemberSql.TRY_LOCK_MEMBERSHIP).equals("t")) {
            if (System.nanoTime() - began >= LINGERS_NANOS) {
                throw PgError.refused(
                        "%s is under way (%s); try again when it is done".formatted(what, where));
            }
            LockSupport.parkNanos(STEP_NANOS);
        }
    }
}
