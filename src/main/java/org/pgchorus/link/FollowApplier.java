package org.pgchorus.link;

import static java.util.stream.Collectors.joining;

import org.pgchorus.model.Lsn;
import org.pgchorus.model.Stamp;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.pgoutput.Message;
import org.pgchorus.sql.FollowSql;

import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Applies a provider's stream to its follower: every transaction whole, in the provider's order,
 * committed together with the position it ends at.
 *
 * <p>One thread. A failure leaves the database's transaction open; the caller breaks the session,
 * and all begins again from the position.
 */
final class FollowApplier implements Receiver {
    /** How long a busy link may leave what it applied unflushed, and so unacknowledged. */
    private static final long FLUSH_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final LinkPlan plan;
    private final Session target;
    private final TargetTables tables;
    private final FollowPath path;
    private final ApplyTimes times;

    private Message.Begin current;
    private long beginCameNanos;
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
                changesHere = 0;
            }
            case Message.Describe(var relation) -> tables.describe(relation);
            case Message.Origin _, Message.Type _, Message.LogicalMessage _ -> {}
            case Message.Commit commit -> commit(commit);
            case Message.Insert _, Message.Update _, Message.Delete _, Message.Truncate _ ->
                    change(message);
        }
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
        sourceSeenLsn = commit.endLsn();
        if (opened) {
            move();
            opened = false;
            transactions++;
            changes += changesHere;
            times.applied(beginCameNanos);
        }
        appliedMicros = Math.max(appliedMicros, commit.commitMicros());
        current = null;
        at = null;
    }

    /** Commits the open transaction together with the position it ends at. */
    private void move() {
        if (target.update(FollowSql.MOVE, sourceSeenLsn, changesHere) == 0) {
            throw PgError.refused(
                    "follower %s keeps no position; follow anew".formatted(plan.name().to()));
        }
        target.commit();
        sourceAppliedLsn = sourceSeenLsn;
    }

    @Override
    public void flush(boolean idle) {
        boolean due = System.nanoTime() - flushedNanos > FLUSH_NANOS;
        if (current != null || !sourceSeenLsn.isAfter(sourceDurableLsn) || !(idle || due)) {
            return;
        }
        target.begin();
        target.execute(FollowSql.DURABLE);
        changesHere = 0;
        move();
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
        if (current == null || at == null) {
            return "";
        }
        return "transaction %s of %s, committed %s at %s, change %d: %s of %s"
                .formatted(
                        Integer.toUnsignedString(current.xid()),
                        plan.name().from(),
                        Stamp.instantOf(current.commitMicros()),
                        current.commitLsn(),
                        changesHere,
                        at.getClass().getSimpleName().toLowerCase(java.util.Locale.ROOT),
                        tablesOf(at).stream().map(TableName::toString).collect(joining(", ")));
    }

    @Override
    public void close() {
        // The session is the caller's.
    }
}
