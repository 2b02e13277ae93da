package org.pgchorus.link;

import org.pgchorus.conflict.Sight;
import org.pgchorus.model.Lsn;
import org.pgchorus.model.Relation;
import org.pgchorus.model.Stamp;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.pgoutput.Message;
import org.pgchorus.sql.LinkSql;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Applies one stream to one target: finds the transactions in the messages, skips those that are
 * not ours to apply, and commits each together with the position it ends at.
 *
 * <p>One thread. A failure leaves the database's transaction open; the caller breaks the session.
 */
final class Applier implements Receiver {
    private final LinkPlan plan;
    private final Session target;
    private final WriterRows writerRows;
    private final Applied applied;
    private final TargetTables tables;
    private final CarefulPath path;
    private final RowReader reader;
    private final History history;
    private final TargetClock clock;
    private final HeldTables held;
    private final HeldRetry retry;
    private final Hearsay hearsay;
    private final SchemaChanges schema;
    private final Copied copied;

    private final Memory memory = new Memory();

    private Message.Begin current;
    private long beginCameNanos;
    private boolean skipping;
    private boolean opened;
    private boolean committing;
    private boolean checkingEach;
    private TableName touched;
    private long changesHere;
    private long notedStepMicros = Long.MIN_VALUE;
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
        this.writerRows = writerRows;
        this.applied = applied;
        tables = new TargetTables(target);
        history = new History(target);
        Writers writers = new Writers(target, plan.groupId(), plan.toId());
        reader = new RowReader(target, writers);
        clock = new TargetClock(plan, target, applied.clocks());
        path = new CarefulPath(target, reader, writerRows, history, tables, clock, policies);
        sourceAppliedLsn =
                target.first(LinkSql.APPLIED_POSITION, row -> row.lsn(1), plan.fromId())
                        .orElseThrow(() -> noPosition(plan));
        sourceDurableLsn = sourceAppliedLsn;
        hearsay = new Hearsay(plan, target, applied);
        held = new HeldTables(plan, target, applied);
        schema = new SchemaChanges(plan, target, tables, held);
        retry = new HeldRetry(plan, target, applied, held, schema, tables, path, clock);
        // What is kept here goes back with the database, when it forgets what was not durable yet.
        applied.resume(
                plan.fromId(),
                target.first(LinkSql.APPLIED_OF, row -> row.number(1), plan.fromId())
                        .orElse(Long.MIN_VALUE));
        copied = Copied.of(plan, target);
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
    public void take(Message message, long cameNanos) throws InterruptedException {
        memory.add(message);
        if (message instanceof Message.Begin) {
            beginCameNanos = cameNanos;
        }
        try {
            dispatch(message);
        } catch (PgError.Busy | PgError.Refused e) {
            recover(e);
        }
    }

    private void dispatch(Message message) throws InterruptedException {
        switch (message) {
            case Message.Begin begin -> begin(begin);
            case Message.Origin _ -> skipping = true;
            case Message.Describe(var relation) -> tables.describe(relation);
            case Message.Type _ -> {}
            case Message.LogicalMessage said -> {
                if (!skipping && SchemaChanges.isOne(said)) {
                    alter(said);
                } else if (!skipping) {
                    hearsay.hear(said);
                }
            }
            case Message.Commit commit -> commit(commit);
            case Message.Insert _, Message.Update _, Message.Delete _, Message.Truncate _ ->
                    change(message);
        }
    }

    /**
     * Begins a small transaction again after a deadlock, or without a table that cannot be changed;
     * a large one has to be sent again.
     */
    private void recover(PgError first) throws InterruptedException {
        Setbacks setbacks = new Setbacks();
        PgError failure = first;
        while (true) {
            makeReady(failure, setbacks);
            try {
                for (Message message : memory.messages()) {
                    dispatch(message);
                }
                return;
            } catch (PgError.Busy | PgError.Refused again) {
                failure = again;
            }
        }
    }

    /** Makes ready to take the transaction again, or throws why it cannot be. */
    private void makeReady(PgError failure, Setbacks setbacks) throws InterruptedException {
        if (schema.isUnderWay() && failure instanceof PgError.Refused) {
            target.rollback();
            opened = false;
            schema.hold(failure, current);
            requireWhole("a change of the schema");
            return;
        }
        Optional<TableName> table = Optional.ofNullable(touched);
        Setbacks.Remedy remedy = setbacks.remedy(failure, table, committing);
        boolean canHold = table.isPresent() && failure instanceof PgError.Refused;
        if (remedy == Setbacks.Remedy.NONE || !(memory.isWhole() || canHold)) {
            throw failure;
        }
        target.rollback();
        opened = false;
        if (!memory.isWhole()) {
            held.holdNow(table.orElseThrow(), failure, current);
            requireWhole("table " + table.get());
        }
        switch (remedy) {
            case AGAIN -> TimeUnit.MILLISECONDS.sleep(setbacks.pauseMillis());
            case AFRESH -> {
                target.execute("DEALLOCATE ALL");
                tables.forgetAll();
            }
            case CHECKING_EACH -> checkingEach = true;
            case HOLD -> held.hold(table.orElseThrow(), failure, changesHere);
            case NONE -> throw failure;
        }
    }

    private void requireWhole(String held) {
        if (!memory.isWhole()) {
            throw PgError.busy(
                    "%s is held; its transaction, too large to be kept, is asked for again"
                            .formatted(held));
        }
    }

    private void begin(Message.Begin begin) {
        current = begin;
        changesHere = 0;
        touched = null;
        committing = false;
        skipping = copied.has(begin);
        schema.forget();
    }

    /** Whether a transaction may have been copied already. */
    boolean mayBeHere(Message.Begin begin) {
        return copied.mayHave(begin);
    }

    /** Whether the writer's clock has stepped back, by the time of a transaction of its own. */
    boolean hasStepped(long commitMicros) {
        Clocks clocks = applied.clocks();
        clocks.seen(plan.fromId(), commitMicros);
        return clocks.steppedFrom(plan.fromId()) > notedStepMicros;
    }

    /** Transactions were applied in its place, up to here. */
    void grouped(Lsn sourceEndLsn, long commitMicros, long grouped, long groupedChanges) {
        sourceAppliedLsn = sourceEndLsn;
        transactions += grouped;
        changes += groupedChanges;
        appliedMicros = Math.max(appliedMicros, commitMicros);
        applied.reached(plan.fromId(), commitMicros, groupedChanges > 0);
    }

    /** Up to where the writer of a change committed then had seen every other node. */
    long seenByAllMicros(long commitMicros) {
        return sight(commitMicros).seenByAllMicros();
    }

    TargetTables tables() {
        return tables;
    }

    RowReader reader() {
        return reader;
    }

    History history() {
        return history;
    }

    TargetClock clock() {
        return clock;
    }

    boolean holds(TableName table) {
        return held.holds(table);
    }

    /** Whether a transaction changes a table that is held. */
    boolean holdsAnyOf(Arrival arrival) {
        return held.isAny()
                && arrival.changes().stream()
                        .anyMatch(change -> held.holds(change.table().sql.rows().table().name()));
    }

    boolean isRetryDue() {
        return retry.isDue();
    }

    boolean isFlushDue(boolean idle) {
        return FlushPace.isDue(System.nanoTime() - flushedNanos, idle);
    }

    /** The writer's clock, by the commit times in its stream; a step is written down with it. */
    private void watchWriter() {
        Clocks clocks = applied.clocks();
        clocks.seen(plan.fromId(), current.commitMicros());
        if (clocks.steppedFrom(plan.fromId()) > notedStepMicros) {
            target.update(LinkSql.NOTE_STEP, plan.fromId(), clocks.steppedFrom(plan.fromId()));
        }
    }

    /** A change of the schema, with which nothing else is under way. */
    private void alter(Message.LogicalMessage said) throws InterruptedException {
        changesHere++;
        at = said;
        touched = null;
        schema.receive(said);
        open();
        schema.apply(current);
    }

    private void change(Message message) throws InterruptedException {
        if (skipping) {
            return;
        }
        changesHere++;
        at = message;
        open();
        switch (message) {
            case Message.Insert insert -> change(insert.relation(), insert);
            case Message.Update update -> change(update.relation(), update);
            case Message.Delete delete -> change(delete.relation(), delete);
            case Message.Truncate(var relations, boolean cascade, boolean restart) -> {
                for (int one : relations) {
                    change(one, new Message.Truncate(List.of(one), cascade, restart));
                }
            }
            default -> throw new IllegalStateException("not a change: " + message);
        }
    }

    /** A change of one table: applied, or kept for later if the table is held. */
    private void change(int id, Message message) {
        Relation relation = tables.relation(id);
        if (held.holds(relation.table())) {
            keep(relation, message);
            return;
        }
        touched = relation.table();
        path.at(changesHere);
        path.change(message);
        touched = null;
    }

    private void keep(Relation relation, Message message) {
        try {
            held.keep(
                    relation,
                    message,
                    changesHere,
                    new HeldTables.Transaction(current, hearsay.seenByWriter()));
        } catch (PgError.Halted e) {
            target.rollback();
            held.forgetEmpty();
            throw e;
        }
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
        if (checkingEach) {
            target.execute("SET CONSTRAINTS ALL IMMEDIATE");
        }
        held.opened(current);
        watchWriter();
        Stamp stamp = new Stamp(current.commitMicros(), plan.fromId());
        path.begin(stamp, current.xid(), current.commitLsn(), sight(stamp.micros()));
    }

    /** What the writer of a change committed then had seen, and what is applied here. */
    Sight sight(long commitMicros) {
        return new Sight(
                        plan.fromId(),
                        plan.toId(),
                        applied.remaining(hearsay.seenByWriter(), commitMicros),
                        applied.remaining(
                                applied.snapshot(plan.fromId(), applied.position(plan.fromId())),
                                commitMicros))
                .afterSteps(applied.clocks().steps());
    }

    private void commit(Message.Commit commit) throws InterruptedException {
        if (hearsay.take()) {
            open();
            hearsay.persist(current.commitMicros());
        }
        hearsay.done();
        // Also what changes nothing is not applied before its time: peers are told of it.
        if (!skipping && clock.mayBeAhead(current.commitMicros())) {
            open();
        }
        if (opened) {
            move(commit.endLsn(), Stamp.instantOf(current.commitMicros()), tables.asOf());
            opened = false;
            checkingEach = false;
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

    @Override
    public void retryHeldFirst() {
        retry.tryFirst();
    }

    @Override
    public void retryHeld() {
        if (current == null) {
            retry.tryIfDue();
        }
    }

    @Override
    public void flush(boolean idle) {
        boolean isBehind = sourceAppliedLsn.isAfter(sourceDurableLsn);
        if (current != null || !isBehind || !isFlushDue(idle)) {
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
    @Override
    public void advance(Lsn sourceReceivedLsn) {
        if (current != null || !sourceReceivedLsn.isAfter(sourceAppliedLsn)) {
            return;
        }
        target.begin();
        move(sourceReceivedLsn, Stamp.instantOf(clock.nowMicros()), Long.MAX_VALUE);
    }

    /** Commits the open transaction, which knows columns as of then, with its end's position. */
    private void move(Lsn sourceEndLsn, Instant commitTime, long asOf) {
        boolean altered =
                target.first(
                                tables.areFollowed() ? LinkSql.MOVE : LinkSql.MOVE_ONLY,
                                row -> row.truth(1),
                                sourceEndLsn,
                                plan.fromId(),
                                asOf,
                                sourceEndLsn,
                                commitTime)
                        .orElseThrow(() -> noPosition(plan));
        if (altered) {
            throw tables.outdated();
        }
        committing = true;
        target.commit();
        committing = false;
        held.committed();
        sourceAppliedLsn = sourceEndLsn;
    }

    private static PgError noPosition(LinkPlan plan) {
        return PgError.refused(Diagnosis.noPosition(plan).reason());
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
                clock.aheadMicros(),
                transactions,
                changes,
                history.recorded(),
                standingAt);
    }

    @Override
    public String position() {
        if (current == null || at == null) {
            return "";
        }
        return tables.inWords(current, plan.name().from(), changesHere, at);
    }

    @Override
    public void close() {
        writerRows.close();
    }

    /** Refuses to go on with a stream that makes no sense. */
    static PgError.Refused nonsense(RuntimeException cause) {
        return PgError.refused("the source's stream cannot be read: " + cause.getMessage(), cause);
    }
}
