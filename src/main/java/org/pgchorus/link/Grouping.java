package org.pgchorus.link;

import org.pgchorus.model.Lsn;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.pgoutput.Message;
import org.pgchorus.sql.ObjectNames;

import java.util.Optional;

/**
 * Takes a stream in by groups: transactions that came one after the other are made in one of the
 * target's, in bulk, by {@link FastPath}; while the server does one group the next is gathered. A
 * transaction that is not of that kind goes through {@link Applier}, and so does one that something
 * is in the way of, once it is found among its group.
 *
 * <p>No transaction of the source is ever divided, their order is kept, and the position moves with
 * the rows: what is visible here is always a state that the source has been in. The law is that
 * both ways leave the same rows, stamps, tombstones, history and position.
 *
 * <p>One thread. A failure leaves the database's transaction open; the caller breaks the session.
 */
final class Grouping implements Receiver {
    private final Applier applier;
    private final TargetTables tables;
    private final Policies policies;
    private final TooLarge tooLarge;
    private final ApplyTimes times;
    private final BulkChanges bulk;
    private final Groups groups;
    private final Portions portions;

    /** The transaction that comes in; null between two, and while one passes. */
    private Arrival arrival;

    /** Whether the rest of a large transaction goes straight to the applier. */
    private boolean passing;

    private long passingCameNanos;

    Grouping(
            LinkPlan plan,
            Session target,
            Applier applier,
            Policies policies,
            TooLarge tooLarge,
            ApplyTimes times) {
        this.applier = applier;
        this.policies = policies;
        this.tooLarge = tooLarge;
        this.times = times;
        tables = applier.tables();
        FastPath fast = new FastPath(plan, target, tables);
        ContestedPath contested = new ContestedPath(plan, target, applier, policies, fast);
        groups = new Groups(plan, applier, fast, contested, times);
        portions = new Portions(target, applier, fast, tooLarge);
        Runnable free =
                () -> {
                    portions.land();
                    groups.land();
                };
        bulk = new BulkChanges(target, applier, policies, free);
    }

    @Override
    public Lsn sourceStartLsn() {
        return applier.sourceStartLsn();
    }

    @Override
    public Lsn sourceDurableLsn() {
        return applier.sourceDurableLsn();
    }

    @Override
    public boolean inTransaction() {
        return arrival != null || passing;
    }

    @Override
    public void take(Message message, long cameNanos) throws InterruptedException {
        if (passing) {
            applier.take(message, cameNanos);
            if (message instanceof Message.Commit) {
                passing = false;
                times.applied(passingCameNanos);
            }
            return;
        }
        switch (message) {
            case Message.Begin begin -> begin(begin, cameNanos);
            case Message.Describe describe -> describe(describe, cameNanos);
            case Message.Commit commit -> commit(commit);
            case Message.Type _ -> {}
            case Message.Origin _,
                    Message.LogicalMessage _,
                    Message.Insert _,
                    Message.Update _,
                    Message.Delete _,
                    Message.Truncate _ ->
                    add(message);
        }
    }

    private void begin(Message.Begin begin, long cameNanos) {
        arrival = new Arrival(begin, cameNanos);
        if (!policies.isGrouping()
                || applier.mayBeHere(begin)
                || tooLarge.isKnown(begin.commitLsn())
                || groups.takesDetour()) {
            arrival.needsCare();
        }
    }

    /** What has come of a table before is applied first: it is read as the table was then. */
    private void describe(Message.Describe describe, long cameNanos) throws InterruptedException {
        if (portions.isOpen()) {
            portions.send();
            portions.land();
        } else {
            groups.settle();
            int id = describe.relation().id();
            if (arrival != null && arrival.touches(id)) {
                arrival.needsCare();
                arrival.describeFirst(new Message.Describe(tables.relation(id)));
            }
            if (arrival != null && arrival.isCareful()) {
                arrival.add(describe);
            }
        }
        applier.take(describe, cameNanos);
    }

    private void add(Message message) throws InterruptedException {
        if (arrival == null) {
            // Said outside of any transaction: not by us.
            return;
        }
        if (portions.isOpen()) {
            if (counts(message)) {
                portions.add(bulk.of(message, arrival.micros()).orElseThrow(portions::giveUp));
            }
            return;
        }
        arrival.add(message);
        if (message instanceof Message.Origin) {
            arrival.isOthers();
        } else if (!arrival.isCareful() && !arrival.others() && counts(message)) {
            Optional<Change> change = bulk.of(message, arrival.micros());
            change.ifPresentOrElse(arrival::add, arrival::needsCare);
        }
        if (arrival.bytes() > Arrival.KEPT_BYTES) {
            tooLarge();
        }
    }

    /** Whether it is anything to us: what others say in the log is not. */
    private static boolean counts(Message message) {
        return !(message instanceof Message.LogicalMessage said)
                || said.prefix().equals(ObjectNames.MESSAGE_PREFIX)
                || SchemaChanges.isOne(said);
    }

    private void commit(Message.Commit commit) throws InterruptedException {
        Arrival done = arrival;
        arrival = null;
        if (portions.isOpen()) {
            portions.commit(commit.endLsn());
            times.applied(done.cameNanos());
            return;
        }
        done.add(commit);
        done.endsAt(commit.endLsn());
        if (done.others()) {
            return;
        }
        boolean isNothing = done.changes().isEmpty() && groups.isEmpty();
        if (done.isCareful() || isNothing || applier.hasStepped(done.micros())) {
            groups.settle();
            groups.careful(done);
            tooLarge.forget(done.commitLsn());
        } else {
            groups.add(done);
        }
    }

    /** The transaction under way cannot be kept: row by row, or in bulk by portions. */
    private void tooLarge() throws InterruptedException {
        groups.settle();
        if (applier.holdsAnyOf(arrival)) {
            arrival.needsCare();
        }
        if (arrival.isCareful() || arrival.others() || applier.hasStepped(arrival.micros())) {
            passing = true;
            passingCameNanos = arrival.cameNanos();
            Arrival begun = arrival;
            arrival = null;
            groups.careful(begun);
        } else {
            portions.open(arrival);
        }
    }

    @Override
    public void retryHeldFirst() {
        applier.retryHeldFirst();
    }

    @Override
    public void retryHeld() {
        if (!inTransaction() && applier.isRetryDue()) {
            groups.land();
            applier.retryHeld();
        }
    }

    @Override
    public void flush(boolean idle) {
        if (inTransaction() || !(idle || applier.isFlushDue(false))) {
            return;
        }
        try {
            groups.settle();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw PgError.busy("interrupted");
        }
        applier.flush(idle);
    }

    @Override
    public void advance(Lsn sourceReceivedLsn) {
        if (!inTransaction() && groups.isEmpty()) {
            applier.advance(sourceReceivedLsn);
        }
    }

    @Override
    public LinkReport report(LinkState state, Lsn sourceReceivedLsn, String standingAt) {
        return applier.report(state, sourceReceivedLsn, standingAt);
    }

    @Override
    public String position() {
        return applier.position();
    }

    @Override
    public void close() {
        applier.close();
    }
}
