package org.pgchorus.member;

import org.pgchorus.model.Lsn;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.CopySql;
import org.pgchorus.sql.FollowSql;
import org.pgchorus.sql.MemberSql;
import org.pgchorus.sql.Sql;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Lets a follower take its provider's place: everything committed there is applied, sequences go on
 * where they stood, and nothing of ours stays on either side. No state.
 */
public final class Takeover {
    private static final String NAME = "pgchorus take-over";
    private static final long POLL_MILLIS = 50;

    /** From this version on a message makes followers write their position at once. */
    private static final int MESSAGES_SINCE = 14;

    private Takeover() {}

    private record Applied(Lsn position, long changes) {}

    /**
     * Takes over; writes at the provider must have been stopped.
     *
     * @param timeout how long to wait until all is applied
     * @return sequences of the provider that do not exist here
     * @throws PgError if something is still written at the provider, or not all is applied in time;
     *     then the follower goes on following
     */
    public static List<String> takeOver(Session follower, Duration timeout, JoinProgress progress)
            throws InterruptedException {
        Optional<Following> found = Following.of(follower);
        if (found.isEmpty()) {
            throw PgError.refused("the database at %s follows nobody".formatted(follower.where()));
        }
        Following following = found.get();
        if (!following.state().equals("ready")) {
            throw PgError.refused(
                    "follower %s is %s, not ready; look with pgchorus status"
                            .formatted(following.name(), following.state()));
        }
        long deadline = System.nanoTime() + timeout.toNanos();
        List<String> missing;
        try (Session provider = Session.open(following.provider(), NAME)) {
            provider.execute(FollowSql.WRITABLE);
            requireQuiet(following, provider);
            progress.step("waiting until all of %s is applied".formatted(following.source()));
            Applied before = awaitApplied(following, provider, follower, deadline);
            progress.step("carrying the sequences over");
            missing = sequences(provider, follower);
            requireQuiet(following, provider);
            Applied after = awaitApplied(following, provider, follower, deadline);
            if (after.changes != before.changes) {
                throw stillWritten(following);
            }
        }
        progress.step("leaving %s".formatted(following.source()));
        Following.leave(follower);
        return missing;
    }

    private static void requireQuiet(Following following, Session provider) {
        if (Long.parseLong(provider.value(FollowSql.WRITING)) > 0) {
            throw stillWritten(following);
        }
    }

    private static PgError.Refused stillWritten(Following following) {
        return PgError.refused(
                ("the provider at %s is still written to; stop that first: ALTER DATABASE %s SET"
                                + " default_transaction_read_only = on, end its clients' sessions,"
                                + " and try again")
                        .formatted(
                                following.provider().text(),
                                Sql.name(following.provider().database())));
    }

    private static Applied awaitApplied(
            Following following, Session provider, Session follower, long deadline)
            throws InterruptedException {
        Lsn end = fence(provider);
        while (true) {
            Applied applied =
                    follower.first(
                                    FollowSql.POSITION,
                                    row -> new Applied(row.lsn(1), row.number(2)))
                            .orElseThrow();
            if (!end.isAfter(applied.position)) {
                return applied;
            }
            if (System.nanoTime() > deadline) {
                throw PgError.busy(
                        ("follower %s has applied up to %s, not up to %s, in time; it goes on"
                                        + " following; is its daemon running? pgchorus status"
                                        + " --group %s")
                                .formatted(
                                        following.name(), applied.position, end, follower.where()));
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
    }

    /** Where a provider's log ends now; followers are made to write their position behind it. */
    public static Lsn fence(Session provider) {
        Lsn end = Lsn.parse(provider.value(MemberSql.INSERT_POSITION));
        if (provider.serverVersion() >= MESSAGES_SINCE) {
            provider.value(FollowSql.FENCE);
        }
        return end;
    }

    /** Sets sequences as they stand at the provider; returns those that do not exist here. */
    static List<String> sequences(Session provider, Session follower) {
        record Sequence(TableName name, long value) {}
        List<Sequence> all =
                provider.query(
                        CopySql.SEQUENCES,
                        row ->
                                new Sequence(
                                        new TableName(row.text(1), row.text(2)), row.number(3)));
        List<String> missing = new ArrayList<>();
        for (Sequence sequence : all) {
            String name = Sql.name(sequence.name);
            if (follower.query(CopySql.SET_SEQUENCE, row -> 0, name, sequence.value).isEmpty()) {
                missing.add(sequence.name.toString());
            }
        }
        return missing;
    }
}
