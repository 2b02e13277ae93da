package org.pgchorus.link;

import org.pgchorus.model.Lsn;
import org.pgchorus.model.Row;
import org.pgchorus.pg.Parameters;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Pipeline;
import org.pgchorus.pg.Session;
import org.pgchorus.pg.WireBytes;
import org.pgchorus.sql.BulkSql;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Makes gathered changes in bulk, in one of the database's transactions, under the assumption that
 * nothing is in the way; decides nothing. If the assumption is wrong the server says so and nothing
 * has happened.
 *
 * <p>That transaction has the commit time of the latest of those that it stands for; the rows of
 * earlier ones get their true stamps beside ({@code pgchorus.stamp_group}). A row's commit time as
 * PostgreSQL knows it is therefore its stamp's or a later one, never an earlier one.
 *
 * <p>One thread, the session's. Between {@link #begin} and {@link #await} the session is taken.
 */
final class FastPath {
    private final LinkPlan plan;
    private final Pipeline pipeline;
    private final TargetTables tables;
    private final long origin;
    private long deallocations;

    private final Pipeline.Statement begin = new Pipeline.Statement(BulkSql.BEGIN);
    private final Pipeline.Statement commit = new Pipeline.Statement(BulkSql.COMMIT);
    private final Pipeline.Statement rollback = new Pipeline.Statement(BulkSql.ROLLBACK);
    private final Pipeline.Statement lockTimeout =
            new Pipeline.Statement(BulkSql.LOCK_TIMEOUT, Parameters.TEXT);
    private final Pipeline.Statement move;
    private final Pipeline.Statement moveBehind;

    /** Of the tables of the transaction under way, the least that is known. */
    private long asOf;

    /**
     * What a group's rows are measured by.
     *
     * @param seenMicros up to where the writer had seen every other node
     * @param latestMicros the commit time that the database's transaction gets
     * @param single whether it stands for one transaction only
     */
    record Terms(long seenMicros, long latestMicros, boolean single) {}

    FastPath(LinkPlan plan, Session target, TargetTables tables) {
        this.plan = plan;
        this.tables = tables;
        pipeline = target.pipeline();
        boolean followed = tables.areFollowed();
        move =
                new Pipeline.Statement(
                        BulkSql.move(followed),
                        Parameters.PG_LSN,
                        Parameters.INT2,
                        Parameters.TIMESTAMPTZ,
                        Parameters.INT8);
        moveBehind =
                new Pipeline.Statement(
                        BulkSql.moveBehind(followed),
                        Parameters.PG_LSN,
                        Parameters.INT2,
                        Parameters.TIMESTAMPTZ,
                        Parameters.INT8,
                        Parameters.PG_LSN);
        origin = target.first(BulkSql.ORIGIN, row -> row.number(1), plan.slot()).orElseThrow();
    }

    /** Below the least sensible {@code deadlock_timeout}; a locked row is then waited for alone. */
    static final long LOCK_MILLIS = 300;

    /** So many rows are inserted one by one: a transaction that comes alone is there sooner. */
    private static final int FEW = 3;

    /**
     * Begins a transaction.
     *
     * @param lockMillis how long to wait for a lock at most; 0 for as long as it takes
     */
    void begin(long lockMillis) {
        enter();
        pipeline.execute(begin, new Parameters());
        pipeline.execute(lockTimeout, new Parameters().text(Long.toString(lockMillis)));
    }

    /** Goes on in a transaction that somebody else began; {@link #move} is its end here. */
    void enter() {
        asOf = Long.MAX_VALUE;
        if (deallocations != tables.deallocations()) {
            deallocations = tables.deallocations();
            pipeline.forget();
        }
    }

    /** Sends changes. */
    void change(Gathering gathering, Terms terms) {
        boolean once = gathering.stages().size() == 1;
        for (Map<BulkTable, Gathering.Part> stage : gathering.stages()) {
            stage.forEach((table, part) -> change(table, part, terms, once));
        }
    }

    /** Asks for an answer to all that was sent; {@link #await} has it. */
    void sync() {
        pipeline.sync();
    }

    /**
     * Overwrites rows that are locked and known to be older, whoever wrote them.
     *
     * @param updates of one table, each of another row
     */
    void overwrite(BulkTable table, List<Change> updates, Terms terms) {
        asOf = Math.min(asOf, table.asOf());
        pipeline.execute(table.overwrite, columns(table, updates).number(updates.size()));
        pipeline.execute(table.lookAfterChanges, new Parameters());
        if (!terms.single) {
            noteStamps(table, updates, List.of(), terms.latestMicros);
        }
    }

    /** Moves the position and commits; {@link #await} tells how it went. */
    void commit(Lsn sourceEndLsn, long micros) {
        sendMove(sourceEndLsn, micros);
        pipeline.execute(commit, new Parameters());
        pipeline.sync();
    }

    /**
     * The same, for a transaction that was sent behind another one whose answer has not come yet.
     *
     * @param aheadEndLsn the position that the other one leaves; if it fails, so does this one
     */
    void commitBehind(Lsn aheadEndLsn, Lsn sourceEndLsn, long micros) {
        pipeline.execute(moveBehind, moved(sourceEndLsn, micros).number(aheadEndLsn.bytes()));
        pipeline.execute(commit, new Parameters());
        pipeline.sync();
    }

    /** Moves the position in a transaction that somebody else commits. */
    void move(Lsn sourceEndLsn, long micros) {
        sendMove(sourceEndLsn, micros);
        pipeline.sync();
    }

    private void sendMove(Lsn sourceEndLsn, long micros) {
        pipeline.execute(move, moved(sourceEndLsn, micros));
    }

    private Parameters moved(Lsn sourceEndLsn, long micros) {
        return new Parameters()
                .number(sourceEndLsn.bytes())
                .small(plan.fromId())
                .number(micros)
                .number(asOf);
    }

    /** The link's origin as rows show it. */
    long origin() {
        return origin;
    }

    /**
     * Waits for the oldest answer.
     *
     * @throws PgError what went wrong; the transaction has to be rolled back
     */
    void await() {
        pipeline.await();
    }

    /** Whether anything that was sent is still unanswered. */
    boolean isAwaited() {
        return pipeline.isAwaited();
    }

    /** Gives the transaction up, whatever is still unanswered of it and of those behind it. */
    void rollback() {
        while (pipeline.isAwaited()) {
            try {
                pipeline.await();
            } catch (PgError e) {
                if (e.sqlState().startsWith("08")) {
                    throw e;
                }
            }
        }
        pipeline.execute(rollback, new Parameters());
        pipeline.sync();
        pipeline.await();
    }

    private void change(BulkTable table, Gathering.Part part, Terms terms, boolean once) {
        asOf = Math.min(asOf, table.asOf());
        List<Change> deletes = part.of(Change.Operation.DELETE);
        List<Change> updates = part.of(Change.Operation.UPDATE);
        List<Change> inserts = part.of(Change.Operation.INSERT);
        if (!deletes.isEmpty()) {
            delete(table, deletes, terms);
        }
        if (!updates.isEmpty()) {
            update(table, updates, terms);
        }
        if (!inserts.isEmpty()) {
            insert(table, inserts, terms);
        }
        if (!deletes.isEmpty() || !updates.isEmpty()) {
            pipeline.execute(table.lookAfterChanges, new Parameters());
        }
        if (!terms.single) {
            noteStamps(table, updates, inserts, once ? terms.latestMicros : Long.MAX_VALUE);
        }
    }

    private void delete(BulkTable table, List<Change> deletes, Terms terms) {
        Parameters parameters = keys(table, deletes);
        parameters.array(Parameters.TIMESTAMPTZ, times(deletes));
        Parameters.Elements given = new Parameters.Elements();
        for (Change change : deletes) {
            if (terms.single) {
                given.ofNull();
            } else {
                given.number(change.micros());
            }
        }
        parameters
                .array(Parameters.INT8, given)
                .number(terms.seenMicros)
                .oid(origin)
                .number(deletes.size())
                .small(plan.fromId());
        pipeline.execute(table.delete, parameters);
    }

    private void update(BulkTable table, List<Change> updates, Terms terms) {
        Parameters parameters = columns(table, updates);
        parameters
                .array(Parameters.TIMESTAMPTZ, times(updates))
                .number(terms.seenMicros)
                .oid(origin)
                .number(updates.size());
        pipeline.execute(table.update, parameters);
    }

    private void insert(BulkTable table, List<Change> inserts, Terms terms) {
        if (inserts.size() <= FEW) {
            inserts.forEach(insert -> pipeline.execute(table.insertOne, given(insert.row())));
        } else {
            WireBytes lines = new WireBytes(64 * inserts.size());
            inserts.forEach(insert -> CopyText.line(insert.row(), lines));
            pipeline.copy(table.insert, lines);
        }
        if (!table.hasGraves()) {
            pipeline.execute(table.lookAfterInserts, new Parameters());
            return;
        }
        Parameters parameters = keys(table, inserts);
        parameters
                .array(Parameters.TIMESTAMPTZ, times(inserts))
                .number(terms.seenMicros)
                .oid(origin)
                .small(plan.fromId());
        pipeline.execute(table.lookForGraves, parameters);
    }

    /**
     * The true stamps of rows that are older than the transaction they come in. A row that is
     * changed in several stages is noted with each, and the latest counts. Rows without a key come
     * with the latest of all.
     */
    private void noteStamps(
            BulkTable table, List<Change> updates, List<Change> inserts, long belowMicros) {
        List<Change> older = new ArrayList<>();
        for (List<Change> some : List.of(updates, inserts)) {
            for (Change change : some) {
                if (change.key() != null && change.micros() < belowMicros) {
                    older.add(change);
                }
            }
        }
        if (older.isEmpty()) {
            return;
        }
        Parameters parameters = keys(table, older);
        parameters.array(Parameters.INT8, times(older)).small(plan.fromId());
        pipeline.execute(table.noteStamps, parameters);
    }

    private static Parameters given(Row row) {
        Parameters values = new Parameters();
        for (int column = 0; column < row.size(); column++) {
            if (row.isNull(column)) {
                values.ofNull();
            } else {
                row.give(column, values::given);
            }
        }
        return values;
    }

    private static Parameters columns(BulkTable table, List<Change> changes) {
        Parameters parameters = new Parameters();
        int columns = table.sql.rows().columnNames().size();
        for (int column = 0; column < columns; column++) {
            parameters.array(Parameters.TEXT, values(changes, column));
        }
        return parameters;
    }

    private static Parameters keys(BulkTable table, List<Change> changes) {
        Parameters parameters = new Parameters();
        for (int column : table.key) {
            parameters.array(Parameters.TEXT, values(changes, column));
        }
        return parameters;
    }

    private static Parameters.Elements values(List<Change> changes, int column) {
        Parameters.Elements values = new Parameters.Elements();
        for (Change change : changes) {
            Row row = change.row();
            if (row.isNull(column)) {
                values.ofNull();
            } else {
                row.give(column, values::text);
            }
        }
        return values;
    }

    private static Parameters.Elements times(List<Change> changes) {
        Parameters.Elements times = new Parameters.Elements();
        for (Change change : changes) {
            times.number(change.micros());
        }
        return times;
    }
}
