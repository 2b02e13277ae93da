package org.pgchorus.link;

import org.pgchorus.model.Stamp;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.MemberSql;

import java.util.concurrent.TimeUnit;

/** Waits until a target's clock has passed a version that comes by another path than a stream. */
final class CommitWait {
    /** A version further in the target's future than this says that a clock is wrong. */
    private static final long SKEW_LIMIT_MICROS = 5_000_000;

    private CommitWait() {}

    /**
     * Waits.
     *
     * @param from where the version is read, for people
     */
    static void await(Session target, String from, long micros) {
        while (micros > Stamp.UNKNOWN.micros()) {
            long ahead = micros - Long.parseLong(target.value(MemberSql.NOW));
            if (ahead < 0) {
                return;
            }
            if (ahead > SKEW_LIMIT_MICROS) {
                throw PgError.refused(
                        ("a version at %s lies %.1f s in the future of %s's clock; set the clocks"
                                        + " right, and try again")
                                .formatted(from, ahead / 1e6, target.where()));
            }
            pause(TimeUnit.MICROSECONDS.toMillis(ahead) + 1);
        }
    }

    /** Sleeps; an interrupt ends what is done as a lost connection would. */
    static void pause(long millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw PgError.busy("interrupted");
        }
    }
}
