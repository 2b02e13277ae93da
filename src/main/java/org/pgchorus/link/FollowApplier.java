package org.pgchorus.link;

import static java.util.stream.Collectors.joining;

import org.pgchorus.model.Lsn;
import org.pgchorus.model.Stamp;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.pgoutput.Message;
import org.pgchorus.sql.FollowSql;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * Applies a provider's stream to its follower: every transaction whole, in the provider's order,
 * committed together with the position it ends at. Those that came together are made together; if
 * something is in their way, one by one, and change by change.
 *
 * <p>One thread. A failure leaves the database's transaction open; the caller breaks the session,
 * and all begins again from the position.
 */
final class FollowApplier implements Receiver {
    private static final Logger LOG = LoggerFactory.getLogger(FollowApplier.class);

    private final LinkPlan plan;
    private final Session target;
    private final TargetTables tables;
    private final FollowPath path;
    private final ApplyTimes times;

    private final FollowGroup group;

    /** Triggers of the follower's own have to see all changes in the provider's order. */
    private final boolean hasTriggers;

    /** The transaction under way. */
    private Message.Begin current;

    private long beginCameNanos;

    /** What has come of it, while it may still be made with others. */
    private final List<Message> coming = new ArrayList<>();

    private long comingBytes;
    private boolean singly;

    /** What is made change by change: the transaction, its changes so far, the last of them. */
    private Message.Begin making;

    private boolean opened;
    private long changesHere;
    private Message at;
    private long flushedNanos;

    /** The end of the last transaction seen; it need not have changed anything of ours. */
    private Lsn sourceSeenLsn;

    private Lsn sourceAppliedLsn;
    private Lsn sourceDurableLsn;
    private long appliedMicros = Long.MIN_VALUE;
    private long transactions;
    private long changes;

    FollowApplier(LinkPlan plan, Session target, ApplyTimes times) {
        this.plan = plan;
        this.times = times;
        this.target = target;
        tables = new TargetTables(target);
        path = new FollowPath(target, tables);
        group = new FollowGroup(target, path);
        hasTriggers = target.value(FollowSql.HAS_TRIGGERS).equals("t");
        sourceAppliedLsn =
                target.first(FollowSql.POSITION, row -> row.lsn(1))
                        .orElseThrow(() -> PgError.busy("the copy is not done yet"));
        sourceDurableLsn = sourceAppliedLsn;
        sourceSeenLsn = sourceAppliedLsn;
    }

    @Override
    public Lsn sourceStartLsn() {
        return sourceAppliedLsn;
    }

    @Override
    public Lsn sourceDurableLsn() {
        return sourceDurableLsn;
    }

    @Override
    public boolean inTransaction() {
        return current != null;
    }

    @Override
    public void take(Message message, long cameNanos) {
        switch (message) {
            case Message.Begin begin -> {
                current = begin;
                beginCameNanos = cameNanos;
                singly = false;
            }
            case Message.Describe(var relation) -> {
                if (coming.isEmpty()) {
                    settle();
                } else {
                    goSingly();
                }
                tables.describe(relation);
            }
            case Message.Origin _, Message.Type _, Message.LogicalMessage _ -> {}
            case Message.Commit commit -> commit(commit);
            case Message.Insert _, Message.Update _, Message.Delete _, Message.Truncate _ ->
                    come(message);
        }
    }

    private void come(Message message) {
        if (singly) {
            change(message);
            return;
        }
        coming.add(message);
        comingBytes += Memory.weight(message);
        if (comingBytes > Arrival.KEPT_BYTES) {
            goSingly();
        }
    }

    /** The transaction under way is made change by change from here on. */
    private void goSingly() {
        settle();
        singly = true;
        making = current;
        coming.forEach(this::change);
        forget();
    }

    private void forget() {
        coming.clear();
        comingBytes = 0;
    }

    private void change(Message message) {
        changesHere++;
        at = message;
        if (!opened) {
            target.begin();
            opened = true;
        }
        try {
            switch (message) {
                case Message.Insert insert -> path.insert(insert);
                case Message.Update update -> path.update(update);
                case Message.Delete delete -> path.delete(delete);
                case Message.Truncate truncate -> path.truncate(truncate);
                default -> throw new IllegalStateException("not a change: " + message);
            }
        } catch (PgError.Refused e) {
            throw withCure(e, message);
        }
    }

    /** The link goes on by itself when the cause is gone. */
    private PgError.Refused withCure(PgError.Refused failure, Message message) {
        String cure =
                switch (failure.sqlState()) {
                    case "42P01", "42703" -> "it goes on by itself then";
                    case "23505", "23P01" ->
                            "a row that was written here stands in the way: delete it here";
                    case "42501" -> "grant the daemon's role here what it lacks";
                    default -> "mend that here; it goes on by itself then";
                };
        String tables = tablesOf(message).stream().map(TableName::toString).collect(joining(", "));
        return PgError.refused(
                "%s cannot be changed: %s; %s".formatted(tables, failure.getMessage(), cure),
                failure.sqlState());
    }

    private List<TableName> tablesOf(Message message) {
        List<Integer> relations =
                switch (message) {
                    case Message.Insert insert -> List.of(insert.relation());
                    case Message.Update update -> List.of(update.relation());
                    case Message.Delete delete -> List.of(delete.relation());
                    case Message.Truncate truncate -> truncate.relations();
                    default -> List.of();
                };
        return relations.stream().map(id -> tables.relation(id).table()).toList();
    }

    private void commit(Message.Commit commit) {
        if (singly) {
            end(commit.endLsn(), beginCameNanos);
        } else if (coming.isEmpty()) {
            sourceSeenLsn = commit.endLsn();
        } else {
            FollowGroup.Whole whole =
                    new FollowGroup.Whole(
                            current,
                            List.copyOf(coming),
                            comingBytes,
                            commit.endLsn(),
                            beginCameNanos);
            forget();
            add(whole);
        }
        appliedMicros = Math.max(appliedMicros, commit.commitMicros());
        current = null;
    }

    private void add(FollowGroup.Whole whole) {
        if (hasTriggers || !isAdded(whole)) {
            settle();
            make(whole);
            return;
        }
        sourceSeenLsn = whole.endLsn();
        if (group.isFull()) {
            settle();
        }
    }

    private boolean isAdded(FollowGroup.Whole whole) {
        try {
            return group.add(whole);
        } catch (PgError.Refused e) {
            LOG.debug("link {}: change by change: {}", plan.name(), e.getMessage());
            return false;
        }
    }

    /** Makes a transaction by itself. */
    private void make(FollowGroup.Whole whole) {
        making = whole.begin();
        whole.changes().forEach(this::change);
        end(whole.endLsn(), whole.cameNanos());
    }

    private void end(Lsn endLsn, long cameNanos) {
        sourceSeenLsn = endLsn;
        move(changesHere);
        opened = false;
        transactions++;
        changes += changesHere;
        times.applied(cameNanos);
        changesHere = 0;
        at = null;
    }

    /** Makes those that have come together; each by itself if something is in their way. */
    private void settle() {
        if (group.isEmpty()) {
            return;
        }
        Lsn end = sourceSeenLsn;
        List<FollowGroup.Whole> all = List.copyOf(group.transactions());
        try {
            target.begin();
            group.make();
            move(group.changes());
            transactions += all.size();
            changes += group.changes();
            all.forEach(whole -> times.applied(whole.cameNanos()));
        } catch (PgError e) {
            giveUp(e);
            all.forEach(this::make);
            sourceSeenLsn = end;
        }
        group.clear();
    }

    private void giveUp(PgError failure) {
        LOG.debug("link {}: one by one: {}", plan.name(), failure.getMessage());
        try {
            target.rollback();
        } catch (PgError lost) {
            failure.addSuppressed(lost);
            throw failure;
        }
    }

    /** Commits the open transaction together with the position it ends at. */
    private void move(long changesMade) {
        if (target.update(FollowSql.MOVE, sourceSeenLsn, changesMade) == 0) {
            throw PgError.refused(
                    "follower %s keeps no position; follow anew".formatted(plan.name().to()));
        }
        target.commit();
        sourceAppliedLsn = sourceSeenLsn;
    }

    @Override
    public void flush(boolean idle) {
        boolean due = FlushPace.isDue(System.nanoTime() - flushedNanos, idle);
        if (current != null || !(idle || due)) {
            return;
        }
        settle();
        if (!due || !sourceSeenLsn.isAfter(sourceDurableLsn)) {
            return;
        }
        target.begin();
        target.execute(FollowSql.DURABLE);
        move(0);
        sourceDurableLsn = sourceAppliedLsn;
        flushedNanos = System.nanoTime();
    }

    /**
     * Called when nothing has come for a while: all there is up to that position is applied, as of
     * now.
     */
    @Override
    public void advance(Lsn sourceReceivedLsn) {
        if (current == null && sourceReceivedLsn.isAfter(sourceSeenLsn)) {
            sourceSeenLsn = sourceReceivedLsn;
            appliedMicros = Math.max(appliedMicros, Stamp.microsOf(Instant.now()));
        }
    }

    @Override
    public void retryHeldFirst() {
        // A follower holds nothing: what it cannot apply stops it, so that its order stays.
    }

    @Override
    public void retryHeld() {
        retryHeldFirst();
    }

    @Override
    public LinkReport report(LinkState state, Lsn sourceReceivedLsn, String standingAt) {
        return new LinkReport(
                plan,
                state,
                sourceReceivedLsn,
                sourceAppliedLsn,
                sourceDurableLsn,
                appliedMicros,
                0,
                transactions,
                changes,
                0,
                standingAt);
    }

    @Override
    public String position() {
        if (making == null || at == null) {
            return "";
        }
        return "transaction %s of %s, committed %s at %s, change %d: %s of %s"
                .formatted(
                        Integer.toUnsignedString(making.xid()),
                        plan.name().from(),
                        Stamp.instantOf(making.commitMicros()),
                        making.commitLsn(),
                        changesHere,
                        at.getClass().getSimpleName().toLowerCase(java.util.Locale.ROOT),
                        tablesOf(at).stream().map(TableName::toString).collect(joining(", ")));
    }

    @Override
    public void close() {
        // The session is the caller's.
    }
}
