package org.pgchorus.link;

import org.pgchorus.conflict.AtWriter;
import org.pgchorus.conflict.Completion;
import org.pgchorus.conflict.Decision;
import org.pgchorus.conflict.KeyChange;
import org.pgchorus.conflict.Kind;
import org.pgchorus.conflict.Referee;
import org.pgchorus.conflict.Resolution;
import org.pgchorus.conflict.Sight;
import org.pgchorus.conflict.Standing;
import org.pgchorus.conflict.Verdict;
import org.pgchorus.model.Lsn;
import org.pgchorus.model.Row;
import org.pgchorus.model.Stamp;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.pgoutput.Message;
import org.pgchorus.sql.EmptySql;
import org.pgchorus.sql.RowSql;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Applies the changes of one transaction at a time, one by one: lock the row, ask the {@link
 * Referee}, do what it says.
 *
 * <p>Races that row locks do not cover, since there is no row to lock:
 *
 * <ul>
 *   <li>Somebody inserts the key first: the insert does nothing, and the change is decided anew.
 *   <li>Somebody inserted <i>and</i> deleted the key between our look and our insert: their
 *       tombstone is looked for again once our row holds the key.
 *   <li>A delete finds no row, while somebody's insert with an older stamp is not visible yet: the
 *       tombstone is left as provisional, and {@link Provisional} looks again.
 * </ul>
 *
 * <p>One thread, the session's. The caller begins and ends the database's transaction.
 */
final class CarefulPath {
    /**
     * A key that is inserted and deleted by others this often between our looks is a stuck loop.
     */
    private static final int ATTEMPTS = 100;

    private final Session target;
    private final RowReader reader;
    private final WriterRows writerRows;
    private final History history;
    private final TargetTables tables;
    private final TargetClock clock;
    private final Policies policies;

    private final Emptying emptying;

    /** By table: whether rows of a keyless table are kept, looked up under the table's lock. */
    private final Map<Long, Boolean> kept = new HashMap<>();

    /** Whether this transaction has given a row another stamp than its own. */
    private boolean restamped;

    private Stamp stamp;
    private History.Cause cause;
    private Sight sight;

    CarefulPath(
            Session target,
            RowReader reader,
            WriterRows writerRows,
            History history,
            TargetTables tables,
            TargetClock clock,
            Policies policies) {
        this.target = target;
        this.reader = reader;
        this.writerRows = writerRows;
        this.history = history;
        this.tables = tables;
        this.clock = clock;
        this.policies = policies;
        emptying = new Emptying(target);
    }

    /** A transaction of the source begins. */
    void begin(Stamp transaction, int xid, Lsn sourceCommitLsn, Sight transactionSight) {
        kept.clear();
        restamped = false;
        stamp = transaction;
        sight = transactionSight;
        cause = new History.Cause(transaction, xid, sourceCommitLsn);
    }

    void insert(Message.Insert insert) {
        RowSql sql = tables.statements(insert.relation());
        if (!sql.table().hasKey()) {
            append(sql, insert.after());
            return;
        }
        merge(sql, sql.key(insert.after()), Optional.empty(), new KeyChange.Insert(insert.after()));
    }

    void update(Message.Update update) {
        RowSql sql = keyed(update.relation());
        Row after = update.after();
        if (update.before().isPresent()) {
            Row before = update.before().get();
            after =
                    update.keyOnly()
                            ? after.completedFrom(before, sql::isKey)
                            : after.completedFrom(before);
            List<String> oldKey = sql.key(before);
            if (!oldKey.equals(sql.key(after))) {
                move(sql, oldKey, after);
                return;
            }
        }
        merge(sql, sql.key(after), Optional.empty(), new KeyChange.Update(after, false));
    }

    /** A row gets another key: gone under the old one, written under the new one. */
    private void move(RowSql sql, List<String> oldKey, Row after) {
        Standing old = after.isComplete() ? new Standing.Absent() : reader.lock(sql, oldKey, stamp);
        erase(sql, oldKey);
        Row whole =
                after.isComplete()
                        ? after
                        : Referee.completedByMove(after, old, stamp, sight).orElse(after);
        merge(
                sql,
                sql.key(after),
                Optional.of(new Replaced(oldKey, old)),
                new KeyChange.Update(whole, true));
    }

    /** What stood here under the key that a moved row had, before it was erased. */
    private record Replaced(List<String> key, Standing standing) {}

    void delete(Message.Delete delete) {
        RowSql sql = keyed(delete.relation());
        erase(sql, sql.key(delete.before()));
    }

    void truncate(Message.Truncate truncate) {
        for (int relation : truncate.relations()) {
            emptying.empty(tables.statements(relation), stamp, sight, this::erase);
        }
    }

    /** Deletes one key of a truncated table by the ordinary rules. */
    void erase(RowSql sql, List<String> key) {
        merge(sql, key, Optional.empty(), new KeyChange.Delete());
    }

    private RowSql keyed(int relation) {
        RowSql sql = tables.statements(relation);
        if (!sql.table().hasKey()) {
            throw PgError.refused(
                    "table %s has no primary key here, so its rows cannot be told apart; add one"
                            .formatted(sql.table().name()));
        }
        return sql;
    }

    /**
     * A row of a table without a key. It takes the table's lock first; after that no TRUNCATE can
     * come in between, so one look at the table's tombstone is good until the commit.
     */
    private void append(RowSql sql, Row row) {
        boolean keep =
                kept.computeIfAbsent(
                        sql.oid(),
                        oid -> {
                            target.execute(EmptySql.lockForInserts(sql.table()));
                            return reader.grave(sql, List.of(), stamp)
                                    .flatMap(Standing::stamp)
                                    .filter(emptied ->
                                            emptied.node() != stamp.node()
                                                    && emptied.compareTo(stamp) > 0)
                                    .isEmpty();
                        });
        if (keep) {
            target.update(sql.insert, sql.all(row));
        }
    }

    private void merge(
            RowSql sql, List<String> key, Optional<Replaced> replaced, KeyChange change) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            if (attempt(sql, key, replaced, change)) {
                return;
            }
        }
        throw PgError.busy("key " + key + " of " + sql.table().name() + " keeps changing");
    }

    /** Returns false if somebody else was faster and the change has to be decided again. */
    private boolean attempt(
            RowSql sql, List<String> key, Optional<Replaced> replaced, KeyChange change) {
        Standing standing = reader.lock(sql, key, stamp);
        Decision decision = Referee.decide(change, stamp, standing, sight);
        boolean done =
                switch (decision.verdict()) {
                    case Verdict.Keep() -> true;
                    case Verdict.Erase() -> erase(sql, key, standing, null);
                    case Verdict.Write(Row after) -> write(sql, key, standing, after, stamp);
                    case Verdict.Complete() -> complete(sql, key, replaced, change, standing);
                };
        if (done && decision.conflict().isPresent()) {
            record(sql, key, change, decision.conflict().get(), decision.resolution(), standing);
        }
        return done;
    }

    /**
     * @param given the delete's stamp if it is not this transaction's
     */
    private boolean erase(RowSql sql, List<String> key, Standing standing, Stamp given) {
        boolean wasHere = standing instanceof Standing.Present;
        if (wasHere) {
            target.update(sql.delete, key);
        }
        Long micros = given == null ? null : (Long) given.micros();
        Integer node = given == null ? null : (Integer) given.node();
        target.update(sql.bury, key, key, key, !wasHere, micros, node);
        return true;
    }

    /**
     * @param version the stamp of the row to write, this transaction's or another
     */
    private boolean write(
            RowSql sql, List<String> key, Standing standing, Row after, Stamp version) {
        if (standing instanceof Standing.Present && sql.canUpdate()) {
            target.update(sql.update, sql.settable(after), key);
        } else if (standing instanceof Standing.Present) {
            target.update(sql.delete, key);
            target.update(sql.insert, sql.all(after));
        } else if (target.update(sql.insert, sql.all(after)) == 0) {
            return false;
        } else if (buriedMeanwhile(sql, key, after, version)) {
            return true;
        }
        if (restamped) {
            target.update(sql.unstamp, key, key);
        }
        if (!version.equals(stamp)) {
            target.update(sql.restamp, key, key, version.micros(), version.node());
            restamped = true;
        }
        return true;
    }

    /** Takes the new row away again if its key was inserted and deleted since we looked. */
    private boolean buriedMeanwhile(RowSql sql, List<String> key, Row after, Stamp version) {
        Optional<Standing> grave = reader.grave(sql, key, stamp);
        if (grave.isEmpty()) {
            return false;
        }
        if (!version.equals(stamp)) {
            if (Referee.isNewer(version, grave.get())) {
                return false;
            }
            target.update(sql.delete, key);
            return true;
        }
        KeyChange insert = new KeyChange.Insert(after);
        Decision decision = Referee.decide(insert, version, grave.get(), sight);
        if (!(decision.verdict() instanceof Verdict.Keep)) {
            return false;
        }
        target.update(sql.delete, key);
        if (decision.conflict().isPresent()) {
            Kind kind = decision.conflict().get();
            record(sql, key, insert, kind, Resolution.KEEP_LOCAL, grave.get());
        }
        return true;
    }

    /**
     * The change lacks values that no row here can supply. What the writer holds now is that
     * change's version or a later one; either is merged, under its own stamp.
     */
    private boolean complete(
            RowSql sql,
            List<String> key,
            Optional<Replaced> replaced,
            KeyChange change,
            Standing standing) {
        AtWriter shown =
                writerRows.read(
                        sql.relation(), key, replaced.map(Replaced::key).orElse(key), cause.xid());
        Completion completion =
                Referee.complete(
                        rowOf(change),
                        stamp,
                        standing,
                        replaced.map(Replaced::standing).orElse(standing),
                        shown);
        return switch (completion) {
            case Completion.Keep() -> true;
            case Completion.Wait() ->
                    throw PgError.busy(
                            "the row of %s under key %s is not visible at its writer yet"
                                    .formatted(sql.table().name(), key));
            case Completion.Write(Row row, Stamp version) -> {
                clock.await(version.micros());
                yield write(sql, key, standing, row, version);
            }
            case Completion.Erase(Stamp erased) -> {
                clock.await(erased.micros());
                yield erase(sql, key, standing, erased);
            }
        };
    }

    private static Row rowOf(KeyChange change) {
        return switch (change) {
            case KeyChange.Insert(Row after) -> after;
            case KeyChange.Update(Row after, _) -> after;
            case KeyChange.Delete() -> throw new IllegalStateException("a delete has no row");
        };
    }

    private void record(
            RowSql sql,
            List<String> key,
            KeyChange change,
            Kind kind,
            Resolution resolution,
            Standing standing) {
        Row remote = change instanceof KeyChange.Delete ? null : rowOf(change);
        Row local = standing instanceof Standing.Present(Row row, _) ? row : null;
        Stamp written = standing.stamp().orElse(null);
        history.record(sql, key, kind, resolution, local, written, remote, cause);
    }
}
