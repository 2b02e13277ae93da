package org.pgchorus.link;

import org.pgchorus.conflict.Sight;
import org.pgchorus.model.Lsn;
import org.pgchorus.model.Stamp;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.pgoutput.Message;
import org.pgchorus.sql.LinkSql;
import org.pgchorus.sql.ObjectNames;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * Applies one stream to one target: finds the transactions in the messages, skips those that are
 * not ours to apply, and commits each together with the position it ends at.
 *
 * <p>The seam for a faster path is here: {@link #change} hands each change to {@link CarefulPath}.
 *
 * <p>One thread. A failure leaves the database's transaction open; the caller breaks the session.
 */
final class Applier {
    /** How long a busy link may leave what it applied unflushed, and so unacknowledged. */
    private static final long FLUSH_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /** How often a heartbeat is written down; the others only count in memory. */
    private static final long PERSIST_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** Deadlocks in a row after which the link starts anew, which also lets others go first. */
    private static final int REPLAYS = 10;

    private final LinkPlan plan;
    private final Session target;
    private final Applied applied;
    private final TargetTables tables;
    private final CarefulPath path;
    private final History history;
    private final TargetClock clock;
    private final Map<Integer, Long> seenByWriter = new TreeMap<>();
    private final Optional<SnapshotText> skipSnapshot;
    private final Lsn skipUntil;

    private final Memory memory = new Memory();

    private Message.Begin current;
    private long beginCameNanos;
    private boolean skipping;
    private boolean opened;
    private Announcement announcement;
    private long changesHere;
    private long notedStepMicros = Long.MIN_VALUE;
    private String heardTenure;
    private long persistedNanos;
    private long flushedNanos;

    private Lsn sourceAppliedLsn;
    private Lsn sourceDurableLsn;
    private long appliedMicros = Long.MIN_VALUE;
    private long transactions;
    private long changes;
    private Message at;

    Applier(
            LinkPlan plan,
            Session target,
            WriterRows writerRows,
            Applied applied,
            Policies policies) {
        this.plan = plan;
        this.target = target;
        this.applied = applied;
        tables = new TargetTables(target);
        history = new History(target);
        Writers writers = new Writers(target, plan.groupId(), plan.toId());
        RowReader reader = new RowReader(target, writers);
        clock = new TargetClock(plan, target, applied.clocks());
        path = new CarefulPath(target, reader, writerRows, history, tables, clock, policies);
        sourceAppliedLsn =
                target.first(LinkSql.APPLIED_POSITION, row -> row.lsn(1), plan.fromId())
                        .orElseThrow(() -> noPosition(plan));
        sourceDurableLsn = sourceAppliedLsn;
        target.query(
                        LinkSql.PROGRESS,
                        row -> Map.entry((int) row.number(1), row.number(2)),
                        plan.fromId())
                .forEach(entry -> seenByWriter.put(entry.getKey(), entry.getValue()));
        // What is kept here goes back with the database, when it forgets what was not durable yet.
        applied.resume(
                plan.fromId(),
                target.first(LinkSql.APPLIED_OF, row -> row.number(1), plan.fromId())
                        .orElse(Long.MIN_VALUE));
        heardTenure =
                target.first(LinkSql.HEARD_TENURE, row -> row.text(1), plan.fromId()).orElse("");
        record Skip(String snapshot, Lsn until) {}
        Optional<Skip> skip =
                target.first(LinkSql.SKIP, row -> new Skip(row.text(1), row.lsn(2)), plan.fromId());
        skipSnapshot = skip.map(s -> SnapshotText.parse(s.snapshot()));
        skipUntil = skip.map(Skip::until).orElse(Lsn.ZERO);
    }

    /** Where the stream has to go on. */
    Lsn sourceStartLsn() {
        return sourceAppliedLsn;
    }

    /** Up to where everything survives a crash of the target. */
    Lsn sourceDurableLsn() {
        return sourceDurableLsn;
    }

    /** Whether a transaction of the source is under way. */
    boolean inTransaction() {
        return current != null;
    }

    /**
     * Takes the next message of the stream.
     *
     * @param cameNanos when it came here, by {@link System#nanoTime}
     * @throws PgError if the transaction under way cannot go on; the stream has to start again
     */
    void take(Message message, long cameNanos) throws InterruptedException {
        memory.add(message);
        if (message instanceof Message.Begin) {
            beginCameNanos = cameNanos;
        }
        try {
            dispatch(message);
        } catch (PgError.Busy e) {
            replay(e);
        }
    }

    private void dispatch(Message message) throws InterruptedException {
        switch (message) {
            case Message.Begin begin -> begin(begin);
            case Message.Origin _ -> skipping = true;
            case Message.Describe(var relation) -> tables.describe(relation);
            case Message.Type _ -> {}
            case Message.LogicalMessage said -> hear(said);
            case Message.Commit commit -> commit(commit);
            case Message.Insert _, Message.Update _, Message.Delete _, Message.Truncate _ ->
                    change(message);
        }
    }

    /** Begins a small transaction again after a deadlock; a large one has to be sent again. */
    private void replay(PgError.Busy first) throws InterruptedException {
        PgError.Busy failure = first;
        for (int attempt = 1; attempt <= REPLAYS; attempt++) {
            if (!failure.sqlState().startsWith("40") || !memory.isWhole()) {
                throw failure;
            }
            target.rollback();
            opened = false;
            TimeUnit.MILLISECONDS.sleep(ThreadLocalRandom.current().nextLong(1, 10L * attempt));
            try {
                for (Message message : memory.messages()) {
                    dispatch(message);
                }
                return;
            } catch (PgError.Busy again) {
                failure = again;
            }
        }
        throw failure;
    }

    private void begin(Message.Begin begin) {
        current = begin;
        changesHere = 0;
        skipping =
                skipSnapshot.isPresent()
                        && skipUntil.isAfter(begin.commitLsn())
                        && skipSnapshot.get().sees(begin.xid());
    }

    /** The writer's clock, by the commit times in its stream; a step is written down with it. */
    private void watchWriter() {
        Clocks clocks = applied.clocks();
        clocks.seen(plan.fromId(), current.commitMicros());
        if (clocks.steppedFrom(plan.fromId()) > notedStepMicros) {
            target.update(LinkSql.NOTE_STEP, plan.fromId(), clocks.steppedFrom(plan.fromId()));
        }
    }

    private void change(Message message) throws InterruptedException {
        if (skipping) {
            return;
        }
        changesHere++;
        at = message;
        open();
        switch (message) {
            case Message.Insert insert -> path.insert(insert);
            case Message.Update update -> path.update(update);
            case Message.Delete delete -> path.delete(delete);
            case Message.Truncate truncate -> path.truncate(truncate);
            default -> throw new IllegalStateException("not a change: " + message);
        }
    }

    private String describe(Message message) {
        return switch (message) {
            case Message.Insert insert ->
                    "insert into " + tables.relation(insert.relation()).table();
            case Message.Update update -> "update of " + tables.relation(update.relation()).table();
            case Message.Delete delete ->
                    "delete from " + tables.relation(delete.relation()).table();
            case Message.Truncate truncate ->
                    "truncate of "
                            + truncate.relations().stream()
                                    .map(id -> tables.relation(id).table().toString())
                                    .toList();
            default -> "message";
        };
    }

    /** Opens the database's transaction with the first change, once its time has come. */
    private void open() throws InterruptedException {
        if (opened) {
            return;
        }
        while (true) {
            target.begin();
            long wait = clock.waitMicros(current.commitMicros(), beginCameNanos);
            if (wait <= 0) {
                break;
            }
            target.rollback();
            TimeUnit.MICROSECONDS.sleep(wait);
        }
        opened = true;
        watchWriter();
        Stamp stamp = new Stamp(current.commitMicros(), plan.fromId());
        Sight sight =
                new Sight(plan.fromId(), plan.toId(), seenByWriter, applied.snapshot())
                        .afterSteps(applied.clocks().steps());
        path.begin(stamp, current.xid(), current.commitLsn(), sight);
    }

    private void hear(Message.LogicalMessage said) {
        if (!skipping && said.prefix().equals(ObjectNames.MESSAGE_PREFIX)) {
            Announcement.parse(said.content()).ifPresent(heard -> announcement = heard);
        }
    }

    private void commit(Message.Commit commit) throws InterruptedException {
        switch (announcement) {
            case null -> {}
            case Announcement.Fence() -> open();
            case Announcement.Heartbeat beat -> {
                beat.appliedMicros().forEach((node, at) -> seenByWriter.merge(node, at, Math::max));
                boolean due = System.nanoTime() - persistedNanos > PERSIST_NANOS;
                if (due || !beat.tenure().equals(heardTenure)) {
                    open();
                    persist(beat);
                }
            }
        }
        announcement = null;
        // Also what changes nothing is not applied before its time: peers are told of it.
        if (!skipping && clock.mayBeAhead(current.commitMicros())) {
            open();
        }
        if (opened) {
            move(commit.endLsn(), Stamp.instantOf(current.commitMicros()));
            opened = false;
            notedStepMicros = applied.clocks().steppedFrom(plan.fromId());
        }
        // What is skipped was written elsewhere, and its commit time is of another node's clock.
        if (!skipping) {
            transactions += changesHere > 0 ? 1 : 0;
            changes += changesHere;
            appliedMicros = Math.max(appliedMicros, current.commitMicros());
            applied.reached(plan.fromId(), current.commitMicros(), changesHere > 0);
        }
        current = null;
        skipping = false;
        at = null;
    }

    private void persist(Announcement.Heartbeat beat) {
        List<String> nodes = new ArrayList<>();
        List<String> peers = new ArrayList<>();
        List<String> micros = new ArrayList<>();
        beat.appliedMicros()
                .forEach((peer, at) -> {
                    nodes.add(Integer.toString(plan.fromId()));
                    peers.add(Integer.toString(peer));
                    micros.add(Long.toString(at));
                });
        nodes.add(Integer.toString(plan.toId()));
        peers.add(Integer.toString(plan.fromId()));
        micros.add(Long.toString(current.commitMicros()));
        target.update(
                LinkSql.NOTE_PROGRESS,
                nodes.toArray(new String[0]),
                peers.toArray(new String[0]),
                micros.toArray(new String[0]));
        target.update(LinkSql.NOTE_STATE, beat.state(), plan.fromId(), beat.state());
        target.update(LinkSql.HEAR_TENURE, plan.fromId(), beat.tenure());
        heardTenure = beat.tenure();
        persistedNanos = System.nanoTime();
    }

    /**
     * Makes durable what was applied, if it is time; between transactions only.
     *
     * @param idle whether nothing waits, so that flushing delays nobody
     */
    void flush(boolean idle) {
        boolean due = System.nanoTime() - flushedNanos > FLUSH_NANOS;
        if (current != null || !sourceAppliedLsn.isAfter(sourceDurableLsn) || !(idle || due)) {
            return;
        }
        target.value(LinkSql.FLUSH);
        sourceDurableLsn = sourceAppliedLsn;
        flushedNanos = System.nanoTime();
    }

    /**
     * Moves the position over a stretch of the source's log that held nothing for us, so that it
     * can be acknowledged. The position acknowledged is never ahead of the one kept here: a target
     * that has forgotten something can then be told by comparing the two.
     */
    void advance(Lsn sourceReceivedLsn) {
        if (current != null || !sourceReceivedLsn.isAfter(sourceAppliedLsn)) {
            return;
        }
        target.begin();
        move(sourceReceivedLsn, Stamp.instantOf(clock.nowMicros()));
    }

    /** Commits the open transaction together with the position it ends at. */
    private void move(Lsn sourceEndLsn, Instant commitTime) {
        boolean moved =
                target.first(
                                LinkSql.MOVE,
                                row -> true,
                                sourceEndLsn,
                                plan.fromId(),
                                sourceEndLsn,
                                commitTime)
                        .isPresent();
        if (!moved) {
            throw noPosition(plan);
        }
        target.commit();
        sourceAppliedLsn = sourceEndLsn;
    }

    private static PgError noPosition(LinkPlan plan) {
        return PgError.refused(
                "node %s keeps no position for node %s; join it again"
                        .formatted(plan.name().to(), plan.name().from()));
    }

    LinkReport report(LinkState state, Lsn sourceReceivedLsn, String standingAt) {
        return new LinkReport(
                plan,
                state,
                sourceReceivedLsn,
                sourceAppliedLsn,
                sourceDurableLsn,
                appliedMicros,
                clock.aheadMicros(),
                transactions,
                changes,
                history.recorded(),
                standingAt);
    }

    /** The change under way, for people; empty between transactions. */
    String position() {
        if (current == null || at == null) {
            return "";
        }
        return "transaction %s of node %s, committed %s at %s, change %d: %s"
                .formatted(
                        Integer.toUnsignedString(current.xid()),
                        plan.name().from(),
                        Stamp.instantOf(current.commitMicros()),
                        current.commitLsn(),
                        changesHere,
                        describe(at));
    }

    /** Refuses to go on with a stream that makes no sense. */
    static PgError.Refused nonsense(RuntimeException cause) {
        return PgError.refused("the source's stream cannot be read: " + cause.getMessage(), cause);
    }
}
