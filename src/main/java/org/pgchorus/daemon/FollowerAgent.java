package org.pgchorus.daemon;

import org.pgchorus.config.NodeAddress;
import org.pgchorus.link.Link;
import org.pgchorus.link.LinkPlan;
import org.pgchorus.link.LinkReport;
import org.pgchorus.member.Following;
import org.pgchorus.model.LinkName;
import org.pgchorus.model.Stamp;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.FollowSql;
import org.pgchorus.sql.MemberSql;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Serves one follower: runs its link, says how it stands, counts what clients wrote.
 *
 * <p>One daemon at a time, the one that holds the database's lock. Belongs to the node's thread.
 */
final class FollowerAgent {
    private static final long TICK_MILLIS = 50;
    private static final long CATALOG_MILLIS = 250;
    private static final long STATUS_MILLIS = 500;
    private static final long FOLD_MILLIS = 5000;

    private final Session control;
    private final NodeAddress node;
    private final Paces paces;
    private Link link;
    private Thread thread;

    private FollowerAgent(Session control, NodeAddress node) {
        this.control = control;
        this.node = node;
        this.paces = Paces.ofFollower(control);
    }

    /**
     * Serves until the database follows nobody any more, or it is told to end.
     *
     * @param say hears what it does, in a few words
     * @return false, at once, if the database is no follower
     */
    static boolean serve(
            Session control, NodeAddress node, BooleanSupplier closed, Consumer<String> say)
            throws InterruptedException {
        Optional<Following> found = Following.of(control);
        if (found.isEmpty()) {
            return false;
        }
        Following following = found.get();
        if (!following.name().equals(node.name())) {
            throw PgError.refused(
                    "the database at %s is follower %s, not %s"
                            .formatted(node.address().text(), following.name(), node.name()));
        }
        if (control.value(MemberSql.TRY_LOCK_DAEMON).equals("t")) {
            say.accept("following " + following.source());
            new FollowerAgent(control, node).serve(following, closed);
            control.value(MemberSql.UNLOCK_DAEMON);
        } else {
            say.accept("standby: another daemon serves this follower");
        }
        return true;
    }

    private void serve(Following first, BooleanSupplier closed) throws InterruptedException {
        Every catalog = new Every(CATALOG_MILLIS);
        Every status = new Every(STATUS_MILLIS);
        Every fold = new Every(FOLD_MILLIS);
        try {
            while (!closed.getAsBoolean()) {
                if (catalog.due() && !reconcile(first)) {
                    return;
                }
                if (status.due()) {
                    tellStatus();
                }
                if (fold.due()) {
                    control.update(FollowSql.FOLD_WRITES);
                }
                TimeUnit.MILLISECONDS.sleep(TICK_MILLIS);
            }
        } finally {
            stop();
        }
        tellStatus();
    }

    /** Makes the link what the database says; false if it is no follower any more, or another. */
    private boolean reconcile(Following first) {
        Optional<Following> now = Following.of(control);
        if (now.isEmpty() || !now.get().id().equals(first.id())) {
            return false;
        }
        Following following = now.get();
        boolean leaving = following.state().equals("leaving");
        if (leaving) {
            stop();
        } else if (link == null && following.position().isPresent()) {
            start(following);
        }
        boolean caughtUp =
                following.position().isPresent()
                        && following.readyLsn().isPresent()
                        && !following.readyLsn().get().isAfter(following.position().get());
        if (following.state().equals("joining") && caughtUp) {
            control.update(FollowSql.BE_READY);
        }
        return true;
    }

    private void start(Following following) {
        LinkPlan plan =
                new LinkPlan(
                        new LinkName(following.source(), following.name()),
                        following.id(),
                        0,
                        0,
                        following.provider(),
                        node.address(),
                        0);
        link =
                Link.following(
                        plan,
                        following.slot(),
                        following.publications(),
                        following.providerSystemIdentifier(),
                        Thread.ofVirtual().name("read " + plan.name()).factory());
        thread = Thread.ofVirtual().name("link " + plan.name()).start(link);
    }

    private void stop() {
        if (link == null) {
            return;
        }
        link.close();
        Ending.await(thread);
        link = null;
    }

    private void tellStatus() {
        if (link == null) {
            return;
        }
        LinkReport report = link.report();
        boolean applied = report.appliedMicros() != Long.MIN_VALUE;
        control.update(
                FollowSql.SAY,
                report.state().word(),
                report.state().reason(),
                report.sourceReceivedLsn(),
                report.sourceDurableLsn(),
                applied ? Stamp.instantOf(report.appliedMicros()) : null,
                report.transactions(),
                report.changes(),
                report.standingAt());
        paces.look(Map.of(0, link));
    }
}
