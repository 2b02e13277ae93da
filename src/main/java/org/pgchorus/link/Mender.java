package org.pgchorus.link;

import org.pgchorus.config.Address;
import org.pgchorus.conflict.Standing;
import org.pgchorus.model.Row;
import org.pgchorus.model.Stamp;
import org.pgchorus.model.Table;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.PgError;
import org.pgchorus.sql.LinkSql;
import org.pgchorus.sql.RepairSql;
import org.pgchorus.sql.RowSql;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Makes rows of one node what a repair has decided, each only if it still is what was seen.
 *
 * <p>What is written keeps the stamp that is given and does not travel. Small transactions; each
 * first locks all its rows and compares, so that rows which stand in each other's way on a unique
 * constraint are moved together; what then clashes with another row is displaced or displaces, by
 * stamps, as always. What was there before is journalled in the same transaction.
 *
 * <p>One thread.
 */
public final class Mender implements AutoCloseable {
    /** Few enough to hold no lock for long. */
    private static final int BATCH_ROWS = 100;

    /** How long to try again what somebody else's locks prevent. */
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);

    private static final long PAUSE_MILLIS = 50;

    private static final String CHANGED = "it was changed meanwhile";

    private final OwnSession own;
    private final RepairJournal journal;

    /** A row that was left as it is, and why. */
    public record Left(List<String> key, String reason) {}

    /** On the node {@code here}; makes the origin and the journal if they are not there. */
    public Mender(Address address, String groupId, int here, String repair) {
        own = OwnSession.ofRepair(address, groupId, here);
        try {
            journal = new RepairJournal(own.session(), repair);
        } catch (RuntimeException e) {
            own.close();
            throw e;
        }
    }

    @Override
    public void close() {
        own.close();
    }

    /**
     * Does it.
     *
     * @param columns which the values are of
     * @return what was not done
     */
    public List<Left> mend(TableName name, List<String> columns, List<? extends Mend> mends) {
        Table table = describe(name);
        RowSql rows = RowSql.of(table, columns);
        List<Left> left = new ArrayList<>();
        for (int from = 0; from < mends.size(); from += BATCH_ROWS) {
            List<? extends Mend> some =
                    mends.subList(from, Math.min(mends.size(), from + BATCH_ROWS));
            await(some);
            try {
                left.addAll(batch(rows, some));
            } catch (PgError.Refused e) {
                some.forEach(one -> left.addAll(alone(rows, one)));
            }
        }
        return left;
    }

    private Table describe(TableName name) {
        return Catalog.describe(own.session(), name)
                .orElseThrow(() ->
                        PgError.refused(
                                "table %s is missing at %s".formatted(name, own.session().where())))
                .table();
    }

    /** One row that PostgreSQL refuses keeps no other from being mended. */
    private List<Left> alone(RowSql rows, Mend one) {
        try {
            return batch(rows, List.of(one));
        } catch (PgError.Refused e) {
            return List.of(new Left(one.key(), e.getMessage()));
        }
    }

    private void await(List<? extends Mend> some) {
        highest(some).ifPresent(s -> CommitWait.await(own.session(), "another node", s.micros()));
    }

    private static Optional<Stamp> highest(List<? extends Mend> some) {
        return some.stream()
                .map(mend ->
                        switch (mend) {
                            case Mend.Put put -> put.stamp();
                            case Mend.Remove remove -> remove.erased();
                            case Mend.Recount _ -> Stamp.UNKNOWN;
                        })
                .filter(stamp -> stamp.micros() > Stamp.UNKNOWN.micros())
                .max(Stamp::compareTo);
    }

    private List<Left> batch(RowSql rows, List<? extends Mend> some) {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (true) {
            try {
                return own.session().inTransaction(() -> transaction(rows, some));
            } catch (PgError e) {
                if (!OwnSession.passes(e)) {
                    throw e;
                }
                if (System.nanoTime() > deadline) {
                    return some.stream().map(one -> new Left(one.key(), e.getMessage())).toList();
                }
                CommitWait.pause(PAUSE_MILLIS);
            }
        }
    }

    private List<Left> transaction(RowSql rows, List<? extends Mend> some) {
        List<Left> left = new ArrayList<>();
        List<Mend> same = new ArrayList<>();
        for (Mend one : some) {
            if (isSame(rows, one)) {
                same.add(one);
            } else {
                left.add(new Left(one.key(), CHANGED));
            }
        }
        RowWriter writer = own.writer();
        for (Mend one : same) {
            if (!mend(rows, writer, one)) {
                left.add(new Left(one.key(), CHANGED));
            }
        }
        // No row of ours is older than it looks, also when its own stamp is forgotten one day.
        highest(same)
                .ifPresent(stamp ->
                        own.session()
                                .query(
                                        LinkSql.STAMP,
                                        row -> 0,
                                        Stamp.instantOf(stamp.micros()).toString()));
        return left;
    }

    /** Whether the row is what was seen; it is locked then. */
    private boolean isSame(RowSql rows, Mend one) {
        return switch (one) {
            case Mend.Put(var key, var seen, var grave, _, _, _) ->
                    seen.map(version -> holds(rows, key, version))
                            .orElseGet(() -> isAbsent(rows, key, grave));
            case Mend.Remove(var key, var seen, _) -> holds(rows, key, seen);
            case Mend.Recount _ -> true;
        };
    }

    private boolean holds(RowSql rows, List<String> key, Mend.Version version) {
        return own.session()
                .first(new RepairSql(rows.table()).guard, row -> true, key, version.xmin())
                .isPresent();
    }

    /** A tombstone that was seen may have been forgotten meanwhile, but none may have come. */
    private boolean isAbsent(RowSql rows, List<String> key, Optional<Stamp> grave) {
        return switch (own.reader().lockLive(rows, key, OwnSession.NONE)) {
            case Standing.Present _ -> false;
            case Standing.Absent() -> true;
            case Standing.Deleted(Stamp erased) -> grave.filter(erased::equals).isPresent();
        };
    }

    private boolean mend(RowSql rows, RowWriter writer, Mend one) {
        return switch (one) {
            case Mend.Put put -> put(rows, writer, put);
            case Mend.Remove(var key, var seen, var erased) -> {
                Standing standing = own.reader().lock(rows, key, OwnSession.NONE);
                writer.erase(rows, key, standing, erased);
                journal.note(rows, RepairJournal.Entry.ofRemoved(key, seen, erased));
                yield true;
            }
            case Mend.Recount recount ->
                    new KeylessMending(own.session(), journal).mend(rows, recount);
        };
    }

    private boolean put(RowSql rows, RowWriter writer, Mend.Put put) {
        List<String> key = put.key();
        if (put.overGrave()) {
            own.session().update(new RepairSql(rows.table()).unbury, key, key);
        }
        Standing standing = own.reader().lock(rows, key, OwnSession.NONE);
        Row after = Row.ofTexts(new ArrayList<>(put.values()));
        if (!writer.write(rows, key, standing, after, put.stamp())) {
            return false;
        }
        journal.note(
                rows,
                new RepairJournal.Entry(
                        key,
                        put.seen(),
                        put.grave().filter(_ -> put.overGrave()),
                        Optional.of(put.values()),
                        put.stamp(),
                        1));
        return true;
    }

    /** Puts back what a repair changed on this node, where the row still is what it made of it. */
    public RepairJournal.Undone undo(List<RepairJournal.Kept> entries) {
        return new RepairUndo(own, journal).undo(entries);
    }

    /** What this repair did on this node and was not undone, the last first. */
    public List<RepairJournal.Kept> kept() {
        return journal.kept();
    }
}
