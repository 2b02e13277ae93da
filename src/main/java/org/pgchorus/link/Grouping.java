package org.pgchorus.link;

import org.pgchorus.model.Lsn;
import org.pgchorus.model.Row;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.pgoutput.Message;
import org.pgchorus.sql.BulkSql;
import org.pgchorus.sql.ObjectNames;
import org.pgchorus.sql.RowSql;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

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
    private static final Logger LOG = LoggerFactory.getLogger(Grouping.class);

    /** A group holds locks for some ten milliseconds at most. */
    private static final int GROUP_CHANGES = 4000;

    private static final int GROUP_TRANSACTIONS = 2000;

    /** Changes of a transaction too large to be kept are sent so many at a time. */
    private static final int PORTION_CHANGES = 4000;

    /** Below the least sensible {@code deadlock_timeout}; a locked row is then waited for alone. */
    private static final long LOCK_MILLIS = 300;

    /** The same when it is known that something is in the way. */
    private static final long LOCK_AGAIN_MILLIS = 20;

    /** So many transactions at most go row by row because one of them had to. */
    private static final int DETOUR = 256;

    /** A transaction is kept up to this share of the memory, so that it can be begun again. */
    private static final long MEMORY_SHARE = 128;

    private static final long KEPT_BYTES =
            Math.clamp(Runtime.getRuntime().maxMemory() / MEMORY_SHARE, 1L << 20, 8L << 20);

    /** Our own assumptions, what a client's transaction or a constraint has against it, breaks. */
    private static final List<String> EXPECTED =
            List.of("PC", "08", "22", "23", "40", "42P01", "42703", "53", "55", "57");

    private final LinkPlan plan;
    private final Session target;
    private final Applier applier;
    private final TargetTables tables;
    private final Policies policies;
    private final TooLarge tooLarge;
    private final BulkTables bulkTables;
    private final FastPath fast;

    private final Gathering gathering = new Gathering();
    private final List<Arrival> gathered = new ArrayList<>();
    private long gatheredBytes;
    private List<Arrival> inFlight = List.of();

    private Arrival arrival;
    private boolean passing;
    private boolean portioned;
    private long portionChanges;

    private int limit = GROUP_TRANSACTIONS;
    private int detours = 1;
    private int detour;

    Grouping(LinkPlan plan, Session target, Applier applier, Policies policies, TooLarge tooLarge) {
        this.plan = plan;
        this.target = target;
        this.applier = applier;
        this.policies = policies;
        this.tooLarge = tooLarge;
        tables = applier.tables();
        fast = new FastPath(plan, target, tables);
        bulkTables = new BulkTables(target, tables, this::land);
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
            passing = !(message instanceof Message.Commit);
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
                || takesDetour()) {
            arrival.needsCare();
        }
    }

    private boolean takesDetour() {
        if (detour == 0) {
            return false;
        }
        detour--;
        return true;
    }

    private void describe(Message.Describe describe, long cameNanos) throws InterruptedException {
        int id = describe.relation().id();
        if (portioned) {
            sendPortion();
        } else {
            settle();
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
        if (message instanceof Message.Origin) {
            arrival.isOthers();
        }
        if (!portioned) {
            arrival.add(message);
        }
        if (!arrival.isCareful() && !arrival.others()) {
            gather(message);
        }
        if (portioned) {
            if (arrival.isCareful()) {
                giveUpPortions();
            } else if (gathering.changes() >= PORTION_CHANGES) {
                sendPortion();
            }
        } else if (arrival.bytes() > KEPT_BYTES) {
            tooLarge();
        }
    }

    private void gather(Message message) {
        Optional<Change> change =
                switch (message) {
                    case Message.Insert insert -> insert(insert);
                    case Message.Update update -> update(update);
                    case Message.Delete delete -> delete(delete);
                    case Message.LogicalMessage said ->
                            said.prefix().equals(ObjectNames.MESSAGE_PREFIX)
                                    ? Optional.empty()
                                    : null;
                    default -> Optional.empty();
                };
        if (change == null) {
            return;
        }
        if (change.isEmpty()) {
            arrival.needsCare();
        } else if (portioned) {
            gathering.add(change.get());
        } else {
            arrival.add(change.get());
        }
    }

    private Optional<Change> insert(Message.Insert insert) {
        return table(insert.relation())
                .filter(table -> insert.after().isComplete() && isKeyed(table, insert.after()))
                .map(table -> change(table, Change.Operation.INSERT, insert.after()));
    }

    private Optional<Change> update(Message.Update update) {
        Optional<BulkTable> table = table(update.relation()).filter(BulkTable::hasKey);
        if (table.isEmpty() || update.keyOnly()) {
            return Optional.empty();
        }
        Row after = update.after();
        if (update.before().isPresent()) {
            Row before = update.before().get();
            after = after.completedFrom(before);
            if (!after.equalAt(table.get().key, before)) {
                return Optional.empty();
            }
        }
        return after.isComplete() && isKeyed(table.get(), after)
                ? Optional.of(change(table.get(), Change.Operation.UPDATE, after))
                : Optional.empty();
    }

    private Optional<Change> delete(Message.Delete delete) {
        return table(delete.relation())
                .filter(table -> table.hasKey() && isKeyed(table, delete.before()))
                .map(table -> change(table, Change.Operation.DELETE, delete.before()));
    }

    /** Whether the row says its whole key. */
    private static boolean isKeyed(BulkTable table, Row row) {
        for (int column : table.key) {
            if (row.isNull(column) || row.isUnchanged(column)) {
                return false;
            }
        }
        return true;
    }

    private Change change(BulkTable table, Change.Operation operation, Row row) {
        RowKey key = table.hasKey() ? new RowKey(row, table.key) : null;
        return new Change(table, operation, key, row, arrival.micros());
    }

    /** The table, if its rows can be changed in bulk now. */
    private Optional<BulkTable> table(int relation) {
        Optional<BulkTable> table = bulkTables.of(relation);
        if (table.isEmpty()) {
            return table;
        }
        RowSql rows = table.get().sql.rows();
        boolean held = applier.holds(tables.relation(relation).table());
        boolean counted = !policies.of(rows.table().name()).deltaColumns().isEmpty();
        return held || counted ? Optional.empty() : table;
    }

    private void commit(Message.Commit commit) throws InterruptedException {
        Arrival done = arrival;
        if (portioned) {
            commitPortions(commit);
            return;
        }
        arrival = null;
        done.add(commit);
        done.endsAt(commit.endLsn());
        if (done.others()) {
            return;
        }
        if (done.isCareful() || applier.hasStepped(done.micros())) {
            settle();
            careful(done);
            return;
        }
        boolean isEmpty = done.changes().isEmpty();
        if (isEmpty && gathered.isEmpty() && inFlight.isEmpty()) {
            careful(done);
            return;
        }
        if (done.isAlone() || !gathering.mayTake(done.changes(), done.micros())) {
            send();
        }
        done.changes().forEach(gathering::add);
        gathered.add(done);
        gatheredBytes += done.bytes();
        if (done.isAlone() || isFull()) {
            send();
        }
    }

    private boolean isFull() {
        return gathering.changes() >= GROUP_CHANGES
                || gathered.size() >= limit
                || gatheredBytes >= KEPT_BYTES;
    }

    /** Row by row. */
    private void careful(Arrival whole) throws InterruptedException {
        for (Message message : whole.messages()) {
            applier.take(message, whole.cameNanos());
        }
        tooLarge.forget(whole.commitLsn());
    }

    /** Sends what is gathered, behind what is in flight. */
    private void send() throws InterruptedException {
        land();
        if (gathered.isEmpty()) {
            return;
        }
        List<Arrival> group = List.copyOf(gathered);
        awaitTime(group);
        depart(group, LOCK_MILLIS);
        gathered.clear();
        gathering.clear();
        gatheredBytes = 0;
        inFlight = group;
    }

    private void depart(List<Arrival> group, long lockMillis) {
        fast.begin(lockMillis);
        long latest = latestMicros(group);
        fast.change(gathering, terms(group, latest));
        fast.commit(group.getLast().endLsn(), latest);
    }

    private FastPath.Terms terms(List<Arrival> group, long latest) {
        return new FastPath.Terms(
                applier.seenByAllMicros(group.getFirst().micros()), latest, group.size() == 1);
    }

    private static long latestMicros(List<Arrival> group) {
        return group.stream().mapToLong(Arrival::micros).max().orElseThrow();
    }

    /** Commit wait. */
    private void awaitTime(List<Arrival> group) throws InterruptedException {
        long latest = latestMicros(group);
        while (applier.clock().mayBeAhead(latest)) {
            long wait = applier.clock().waitMicros(latest, group.getLast().cameNanos());
            if (wait <= 0) {
                return;
            }
            TimeUnit.MICROSECONDS.sleep(wait);
        }
    }

    /** Waits for what is in flight; whatever was in its way has been dealt with afterwards. */
    private void land() {
        if (inFlight.isEmpty()) {
            return;
        }
        List<Arrival> group = inFlight;
        inFlight = List.of();
        try {
            fast.await();
        } catch (PgError e) {
            refused(group, e);
            return;
        }
        landed(group);
    }

    private void landed(List<Arrival> group) {
        long changes = group.stream().mapToLong(one -> one.changes().size()).sum();
        long transactions = group.stream().filter(one -> !one.changes().isEmpty()).count();
        applier.grouped(group.getLast().endLsn(), latestMicros(group), transactions, changes);
        limit = Math.min(GROUP_TRANSACTIONS, limit * 2);
        detours = 1;
    }

    private void refused(List<Arrival> group, PgError failure) {
        say(group.size(), failure);
        rollback(failure);
        if (failure.sqlState().equals(BulkSql.HAS_GRAVES)) {
            group.forEach(one ->
                    one.changes().stream()
                            .filter(change -> change.operation() == Change.Operation.INSERT)
                            .forEach(change -> change.table().metGraves()));
        } else {
            limit = Math.max(1, group.size() / 8);
        }
        try {
            again(group);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw PgError.busy("interrupted");
        }
    }

    /** What is in the way of data is daily business; a statement that does not work is not. */
    private void say(int transactions, PgError failure) {
        boolean isExpected = EXPECTED.stream().anyMatch(failure.sqlState()::startsWith);
        LOG.atLevel(isExpected ? Level.DEBUG : Level.WARN)
                .log(
                        "link {}: {} transactions go one by one: {}",
                        plan.name(),
                        transactions,
                        failure.getMessage());
    }

    private void rollback(PgError failure) {
        try {
            fast.rollback();
        } catch (PgError lost) {
            failure.addSuppressed(lost);
            throw failure;
        }
    }

    /** The transactions of a group that was refused, in ever smaller groups. */
    private void again(List<Arrival> group) throws InterruptedException {
        if (group.size() == 1 && !group.getFirst().isAlone()) {
            detour = detours;
            detours = Math.min(DETOUR, detours * 2);
        }
        if (group.size() == 1) {
            careful(group.getFirst());
            return;
        }
        int at = 0;
        while (at < group.size()) {
            int size = Math.min(limit, group.size() - at);
            List<Arrival> some = group.subList(at, at + size);
            at += size;
            if (some.size() == 1 && takesDetour()) {
                careful(some.getFirst());
            } else {
                attempt(some);
            }
        }
    }

    private void attempt(List<Arrival> some) throws InterruptedException {
        Gathering waiting = new Gathering();
        some.forEach(one -> one.changes().forEach(waiting::add));
        long latest = latestMicros(some);
        fast.begin(LOCK_AGAIN_MILLIS);
        fast.change(waiting, terms(some, latest));
        fast.commit(some.getLast().endLsn(), latest);
        try {
            fast.await();
        } catch (PgError e) {
            rollback(e);
            limit = Math.max(1, some.size() / 8);
            again(some);
            return;
        }
        landed(some);
    }

    /** Everything that is complete gets applied now; afterwards the session is free. */
    private void settle() throws InterruptedException {
        send();
        land();
    }

    /** The transaction under way cannot be kept: row by row, or in bulk by portions. */
    private void tooLarge() throws InterruptedException {
        settle();
        if (arrival.isCareful() || arrival.others() || applier.hasStepped(arrival.micros())) {
            passing = true;
            Arrival begun = arrival;
            arrival = null;
            for (Message message : begun.messages()) {
                applier.take(message, begun.cameNanos());
            }
            return;
        }
        awaitTime(List.of(arrival));
        portioned = true;
        fast.begin(LOCK_MILLIS);
        arrival.changes().forEach(gathering::add);
        portionChanges = 0;
        arrival.messages().clear();
        arrival.changes().clear();
        sendPortion();
    }

    private void sendPortion() {
        try {
            fast.change(gathering, terms(List.of(arrival), arrival.micros()));
            fast.sync();
            portionChanges += gathering.changes();
            gathering.clear();
            fast.await();
        } catch (PgError e) {
            throw askAgain(e);
        }
    }

    private void commitPortions(Message.Commit commit) {
        try {
            fast.change(gathering, terms(List.of(arrival), arrival.micros()));
            fast.commit(commit.endLsn(), arrival.micros());
            fast.await();
        } catch (PgError e) {
            throw askAgain(e);
        }
        portionChanges += gathering.changes();
        gathering.clear();
        applier.grouped(commit.endLsn(), arrival.micros(), 1, portionChanges);
        // The driver may have seen the inside of our transaction.
        target.value("SELECT 1");
        arrival = null;
        portioned = false;
    }

    private void giveUpPortions() {
        throw askAgain(PgError.busy("it has changes that need to be looked at one by one"));
    }

    /** A transaction that nobody keeps and that has to go row by row must be sent once more. */
    private PgError askAgain(PgError reason) {
        tooLarge.note(arrival.commitLsn());
        rollback(reason);
        return PgError.busy(
                "transaction %s, too large to be kept, is asked for again and then goes row by row: %s"
                        .formatted(arrival.commitLsn(), reason.getMessage()));
    }

    @Override
    public void retryHeldFirst() {
        applier.retryHeldFirst();
    }

    @Override
    public void retryHeld() {
        if (!inTransaction() && applier.isRetryDue()) {
            land();
            applier.retryHeld();
        }
    }

    @Override
    public void flush(boolean idle) {
        if (inTransaction()) {
            return;
        }
        try {
            if (idle || applier.isFlushDue()) {
                settle();
                applier.flush(idle);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw PgError.busy("interrupted");
        }
    }

    @Override
    public void advance(Lsn sourceReceivedLsn) {
        if (!inTransaction() && gathered.isEmpty() && inFlight.isEmpty()) {
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
