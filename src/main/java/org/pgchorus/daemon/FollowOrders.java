package org.pgchorus.daemon;

import org.pgchorus.config.Address;
import org.pgchorus.member.FollowRequest;
import org.pgchorus.member.Follower;
import org.pgchorus.member.Following;
import org.pgchorus.member.JoinProgress;
import org.pgchorus.member.Takeover;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** What an operator can order of followers. No state. */
public final class FollowOrders {
    private static final long POLL_MILLIS = 100;

    private FollowOrders() {}

    /** Makes a database a follower; returns when its rows are there and its link can start. */
    public static void follow(FollowRequest request, JoinProgress progress)
            throws InterruptedException {
        try (Follower follower = new Follower(request, progress, Thread.ofVirtual().factory())) {
            follower.follow();
        }
    }

    /** What that would do, a line each; changes nothing. */
    public static List<String> planFollow(FollowRequest request, JoinProgress progress) {
        try (Follower follower = new Follower(request, progress, Thread.ofVirtual().factory())) {
            return follower.plan();
        }
    }

    /**
     * Waits until a follower has applied what was committed when its copy was done.
     *
     * @return false if the time was over first
     */
    public static boolean awaitReady(Address follower, Duration timeout)
            throws InterruptedException {
        long deadline = System.nanoTime() + timeout.toNanos();
        try (Session session = Session.open(follower, "pgchorus follow")) {
            while (true) {
                String state =
                        Following.of(session)
                                .map(Following::state)
                                .orElseThrow(() ->
                                        PgError.refused(
                                                "the database at %s follows nobody any more"
                                                        .formatted(follower.text())));
                if (state.equals("ready") || System.nanoTime() > deadline) {
                    return state.equals("ready");
                }
                TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            }
        }
    }

    /**
     * Lets a follower take its provider's place, and leaves nothing of ours on either side.
     *
     * @return sequences of the provider that do not exist at the follower
     */
    public static List<String> takeOver(Address follower, Duration timeout, JoinProgress progress)
            throws InterruptedException {
        try (Session session = Session.open(follower, "pgchorus take-over")) {
            return Takeover.takeOver(session, timeout, progress);
        }
    }
}
