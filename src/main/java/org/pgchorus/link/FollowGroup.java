package org.pgchorus.link;

import org.pgchorus.model.Lsn;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.pgoutput.Message;
import org.pgchorus.sql.BulkSql;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Whole transactions for a follower that are made together, in one of its own: changes of one table
 * in their order, those of one statement in one go. It assumes that every row is as the provider
 * knew it; where one is not, the group is refused and nothing has happened.
 *
 * <p>Between tables the order is not kept: nobody sees them but all at once.
 *
 * <p>One thread, the session's.
 */
final class FollowGroup {
    /** What is made at once holds locks for some ten milliseconds. */
    private static final int CHANGES = 2000;

    private static final int TRANSACTIONS = 500;

    private final Session target;
    private final FollowPath path;

    /** To make them again one by one. */
    private final List<Whole> transactions = new ArrayList<>();

    /** By the relation's id, the one that is still added to. */
    private final Map<Integer, Run> open = new LinkedHashMap<>();

    private final List<Run> closed = new ArrayList<>();
    private long changes;
    private long bytes;

    /**
     * A transaction with all its changes.
     *
     * @param changes of rows
     * @param bytes about the memory it takes
     * @param endLsn where it ends in the provider's log
     * @param cameNanos when it began to come, by {@link System#nanoTime}
     */
    record Whole(
            Message.Begin begin, List<Message> changes, long bytes, Lsn endLsn, long cameNanos) {}

    /** Changes by one statement, in their order. */
    private record Run(FollowPath.Change first, List<List<String>> parameters) {
        private static Run of(FollowPath.Change first) {
            return new Run(first, new ArrayList<>());
        }

        private boolean isOf(FollowPath.Change change) {
            return change.sql().equals(first.sql());
        }
    }

    FollowGroup(Session target, FollowPath path) {
        this.target = target;
        this.path = path;
    }

    /** Those that wait to be made, in their order. */
    List<Whole> transactions() {
        return transactions;
    }

    long changes() {
        return changes;
    }

    boolean isEmpty() {
        return transactions.isEmpty();
    }

    boolean isFull() {
        return changes >= CHANGES
                || transactions.size() >= TRANSACTIONS
                || bytes >= Arrival.KEPT_BYTES;
    }

    /** Adds a transaction; false if it has changes that have to be looked at one by one. */
    boolean add(Whole whole) {
        List<FollowPath.Change> planned = new ArrayList<>();
        for (Message message : whole.changes) {
            Optional<FollowPath.Change> change = path.plan(message);
            if (change.isEmpty()) {
                return false;
            }
            planned.add(change.get());
        }
        planned.forEach(this::add);
        transactions.add(whole);
        changes += whole.changes.size();
        bytes += whole.bytes;
        return true;
    }

    private void add(FollowPath.Change change) {
        Run run = open.get(change.relation());
        if (run == null || !run.isOf(change)) {
            if (run != null) {
                closed.add(run);
            }
            run = Run.of(change);
            open.put(change.relation(), run);
        }
        run.parameters.add(change.parameters());
    }

    /**
     * Makes all changes; the caller has begun a transaction and ends it.
     *
     * @throws PgError if something is not as the provider knew it, or cannot be made
     */
    void make() {
        closed.forEach(this::make);
        open.values().forEach(this::make);
    }

    private void make(Run run) {
        int[] counts = target.updateEach(run.first.sql(), run.parameters);
        for (int count : counts) {
            if (count == 0 && run.first.hasToTouch()) {
                throw PgError.refused("a row is not as the provider knew it", BulkSql.IN_THE_WAY);
            }
        }
    }

    /** It has been made. */
    void clear() {
        transactions.clear();
        open.clear();
        closed.clear();
        changes = 0;
        bytes = 0;
    }
}
