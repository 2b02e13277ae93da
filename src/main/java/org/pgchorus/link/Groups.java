package org.pgchorus.link;

import org.pgchorus.model.Lsn;
import org.pgchorus.pg.PgError;
import org.pgchorus.pgoutput.Message;
import org.pgchorus.sql.BulkSql;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * The groups of a link: one that is gathered, some that are in flight, each sent before the answer
 * to the one ahead has come, so that the way to the server costs no time. One that is refused is
 * made again in ever smaller groups, until what something is in the way of goes alone, row by row;
 * those behind it have been refused with it, and follow.
 *
 * <p>One thread, the session's.
 */
final class Groups {
    private static final Logger LOG = LoggerFactory.getLogger(Groups.class);

    /** A group holds locks for some ten milliseconds at most. */
    private static final int GROUP_CHANGES = 4000;

    private static final int GROUP_TRANSACTIONS = 2000;

    /**
     * Groups in flight at most: they take about as long as 60 to 100 ms on the way. While groups
     * are refused there is one, since those behind it would have been sent for nothing.
     */
    private static final int DEPTH = 4;

    /** So many groups without a refusal allow one more in flight. */
    private static final int STEADY = 8;

    /** How long a group waits for a lock when something was in its way before. */
    private static final long LOCK_AGAIN_MILLIS = 20;

    /** So many transactions at most go row by row because one of them had to. */
    private static final int DETOUR = 256;

    /** Our own assumptions, and what clients, constraints or a lost server have against a group. */
    private static final List<String> EXPECTED =
            List.of("PC", "08", "22", "23", "40", "42P01", "42703", "53", "55", "57");

    private final LinkPlan plan;
    private final Applier applier;
    private final FastPath fast;
    private final ContestedPath contested;
    private final ApplyTimes times;

    private final Gathering gathering = new Gathering();
    private final List<Arrival> gathered = new ArrayList<>();
    private long gatheredBytes;
    private final Deque<Flight> inFlight = new ArrayDeque<>();
    private int depth = DEPTH;
    private int steady;

    /** A group that was sent. */
    private record Flight(List<Arrival> group, long bytes) {}

    private int limit = GROUP_TRANSACTIONS;
    private int detours = 1;
    private int detour;

    Groups(
            LinkPlan plan,
            Applier applier,
            FastPath fast,
            ContestedPath contested,
            ApplyTimes times) {
        this.times = times;
        this.plan = plan;
        this.applier = applier;
        this.fast = fast;
        this.contested = contested;
    }

    /** Whether nothing is gathered and nothing in flight. */
    boolean isEmpty() {
        return gathered.isEmpty() && inFlight.isEmpty();
    }

    /** Whether the next transaction goes row by row because others just had to; asked once each. */
    boolean takesDetour() {
        if (detour == 0) {
            return false;
        }
        detour--;
        return true;
    }

    /** Adds a whole transaction behind the others. */
    void add(Arrival done) throws InterruptedException {
        if (!mayFollow(done)) {
            send();
        }
        done.changes().forEach(gathering::add);
        gathered.add(done);
        gatheredBytes += done.bytes();
        if (done.isLast() || isFull()) {
            send();
        }
    }

    /** Rows without a key have no other stamp than that of the whole group, the latest. */
    private boolean mayFollow(Arrival done) {
        return gathering.mayTake(done.changes(), done.micros())
                && (!done.isLast() || done.micros() >= gathering.highestMicros());
    }

    private boolean isFull() {
        return gathering.changes() >= GROUP_CHANGES
                || gathered.size() >= limit
                || gatheredBytes >= Arrival.KEPT_BYTES;
    }

    /** Row by row. */
    void careful(Arrival whole) throws InterruptedException {
        for (Message message : whole.messages()) {
            applier.take(message, whole.cameNanos());
        }
        if (whole.isWholeChange()) {
            times.applied(whole.cameNanos());
        }
    }

    /** Sends what is gathered, behind what is in flight. */
    private void send() throws InterruptedException {
        while (!inFlight.isEmpty() && !fits()) {
            landOldest();
        }
        if (gathered.isEmpty()) {
            return;
        }
        if (applier.clock().mayBeAhead(latestMicros(gathered))) {
            // The target is asked the time, on the connection that answers what is in flight.
            land();
        }
        List<Arrival> group = List.copyOf(gathered);
        if (untilHeld(group) < group.size()) {
            land();
            gatherAfresh();
            byParts(group);
            return;
        }
        applier.clock().awaitCommit(latestMicros(group), group.getLast().cameNanos());
        depart(group, gathering, FastPath.LOCK_MILLIS);
        inFlight.addLast(new Flight(group, gatheredBytes));
        gatherAfresh();
    }

    /** Whether one more may be in flight: they are kept until they have landed. */
    private boolean fits() {
        long bytes = gatheredBytes + inFlight.stream().mapToLong(Flight::bytes).sum();
        return inFlight.size() < depth && bytes <= 2 * Arrival.KEPT_BYTES;
    }

    private void gatherAfresh() {
        gathered.clear();
        gathering.clear();
        gatheredBytes = 0;
    }

    /** How many come before the first that changes a held table; one may be held since it came. */
    private int untilHeld(List<Arrival> group) {
        int until = 0;
        while (until < group.size() && !applier.holdsAnyOf(group.get(until))) {
            until++;
        }
        return until;
    }

    private void depart(List<Arrival> group, Gathering changes, long lockMillis) {
        fast.begin(lockMillis);
        long latest = latestMicros(group);
        fast.change(changes, terms(group, latest));
        Lsn end = group.getLast().endLsn();
        if (inFlight.isEmpty()) {
            fast.commit(end, latest);
        } else {
            fast.commitBehind(inFlight.getLast().group.getLast().endLsn(), end, latest);
        }
    }

    private FastPath.Terms terms(List<Arrival> group, long latest) {
        return new FastPath.Terms(
                applier.seenByAllMicros(group.getFirst().micros()), latest, group.size() == 1);
    }

    private static long latestMicros(List<Arrival> group) {
        return group.stream().mapToLong(Arrival::micros).max().orElseThrow();
    }

    /** Waits for what is in flight; whatever was in its way has been dealt with afterwards. */
    void land() {
        while (!inFlight.isEmpty()) {
            landOldest();
        }
    }

    private void landOldest() {
        List<Arrival> group = inFlight.removeFirst().group;
        try {
            fast.await();
        } catch (PgError e) {
            List<Flight> behind = List.copyOf(inFlight);
            inFlight.clear();
            try {
                refused(group, e);
                for (Flight flight : behind) {
                    // They were refused with it.
                    byParts(flight.group);
                }
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw PgError.busy("interrupted");
            }
            return;
        }
        landed(group);
        steady++;
        if (steady >= STEADY && depth < DEPTH) {
            depth++;
            steady = 0;
        }
    }

    private void landed(List<Arrival> group) {
        long changes = group.stream().mapToLong(one -> one.changes().size()).sum();
        long transactions = 0;
        for (Arrival one : group) {
            if (!one.changes().isEmpty()) {
                transactions++;
                times.applied(one.cameNanos());
            }
        }
        applier.grouped(group.getLast().endLsn(), latestMicros(group), transactions, changes);
        limit = Math.min(GROUP_TRANSACTIONS, limit * 2);
        detours = 1;
    }

    private void refused(List<Arrival> group, PgError failure) throws InterruptedException {
        depth = 1;
        steady = 0;
        say(group.size(), failure);
        rollback(failure);
        if (madeAsContested(group, failure)) {
            return;
        }
        if (failure.sqlState().equals(BulkSql.HAS_GRAVES)) {
            group.forEach(one ->
                    one.changes().stream()
                            .filter(change -> change.operation() == Change.Operation.INSERT)
                            .forEach(change -> change.table().metGraves()));
        } else {
            limit = Math.max(1, group.size() / 8);
        }
        again(group);
    }

    private boolean madeAsContested(List<Arrival> group, PgError failure) {
        boolean made =
                failure.sqlState().equals(BulkSql.IN_THE_WAY)
                        && contested.make(group, terms(group, latestMicros(group)));
        if (made) {
            landed(group);
        }
        return made;
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
        if (group.size() == 1 && !group.getFirst().isLast()) {
            detour = detours;
            detours = Math.min(DETOUR, detours * 2);
        }
        if (group.size() == 1) {
            careful(group.getFirst());
        } else {
            byParts(group);
        }
    }

    private void byParts(List<Arrival> group) throws InterruptedException {
        int at = 0;
        while (at < group.size()) {
            List<Arrival> rest = group.subList(at, group.size());
            int size = Math.min(limit, untilHeld(rest));
            if (size == 0 || size == 1 && takesDetour()) {
                careful(rest.getFirst());
                at++;
            } else {
                attempt(rest.subList(0, size));
                at += size;
            }
        }
    }

    private void attempt(List<Arrival> some) throws InterruptedException {
        Gathering waiting = new Gathering();
        some.forEach(one -> one.changes().forEach(waiting::add));
        depart(some, waiting, LOCK_AGAIN_MILLIS);
        try {
            fast.await();
        } catch (PgError e) {
            rollback(e);
            if (madeAsContested(some, e)) {
                return;
            }
            limit = Math.max(1, some.size() / 8);
            again(some);
            return;
        }
        landed(some);
    }

    /** Everything that is complete gets applied now; afterwards the session is free. */
    void settle() throws InterruptedException {
        send();
        land();
    }
}
