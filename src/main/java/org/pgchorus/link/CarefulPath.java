package org.pgchorus.link;

import org.pgchorus.conflict.KeyChange;
import org.pgchorus.conflict.Kind;
import org.pgchorus.conflict.Policy;
import org.pgchorus.conflict.Referee;
import org.pgchorus.conflict.Resolution;
import org.pgchorus.conflict.Sight;
import org.pgchorus.conflict.Standing;
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
 * Applies the changes of one transaction at a time, one by one: finds the keys that each is about,
 * which are then merged ({@link Merging}).
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
 * <p>A write whose result nobody asks about waits for the next statement, be it the next change's
 * or the last one of the transaction, and saves a round trip. If the server refuses what was sent
 * so, nobody knows whose fault it was; the session calls it a rollback, and the transaction comes
 * again. A transaction that comes again is applied change by change, as is the first one after a
 * start: too large to be kept, it is asked for again by a link that starts anew.
 *
 * <p>One thread, the session's. The caller begins and ends the database's transaction.
 */
final class CarefulPath {
    private final Session target;
    private final RowReader reader;
    private final TargetTables tables;
    private final Emptying emptying;
    private final Merging merging;
    private final History history;

    /** By keyless table: the TRUNCATE that takes its rows, looked up under the table's lock. */
    private final Map<Long, Optional<Stamp>> emptied = new HashMap<>();

    private Lsn lastCommitLsn;
    private boolean alone;
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
        this.tables = tables;
        this.history = history;
        emptying = new Emptying(target, history);
        merging = new Merging(target, reader, writerRows, history, clock, policies);
    }

    /** A transaction of the source begins. */
    void begin(Stamp transaction, int xid, Lsn sourceCommitLsn, Sight transactionSight) {
        alone = lastCommitLsn == null || lastCommitLsn.equals(sourceCommitLsn);
        lastCommitLsn = sourceCommitLsn;
        emptied.clear();
        stamp = transaction;
        sight = transactionSight;
        cause = new History.Cause(transaction, xid, sourceCommitLsn);
        merging.begin(cause, sight);
    }

    /** Each change of the transaction under way is complete, or has failed, when it returns. */
    void alone() {
        alone = true;
    }

    /** The next change is that one of its transaction, counted from 1. */
    void at(long change) {
        merging.at(change);
    }

    /** Applies a change; that of a table which was dropped here for the whole group is over. */
    void change(Message change) {
        switch (change) {
            case Message.Insert insert -> {
                if (!tables.isGone(insert.relation())) {
                    insert((Message.Insert) tables.translated(insert.relation(), insert));
                }
            }
            case Message.Update update -> {
                if (!tables.isGone(update.relation())) {
                    update((Message.Update) tables.translated(update.relation(), update));
                }
            }
            case Message.Delete delete -> {
                if (!tables.isGone(delete.relation())) {
                    delete((Message.Delete) tables.translated(delete.relation(), delete));
                }
            }
            case Message.Truncate truncate -> truncate(truncate);
            default -> throw new IllegalStateException("not a change: " + change);
        }
    }

    void insert(Message.Insert insert) {
        RowSql sql = tables.statements(insert.relation());
        if (!sql.table().hasKey()) {
            append(sql, insert.after());
        } else {
            merging.merge(
                    sql,
                    sql.key(insert.after()),
                    Incoming.of(new KeyChange.Insert(insert.after())));
        }
        done();
    }

    void update(Message.Update update) {
        RowSql sql = keyed(update.relation());
        Row after = update.after();
        Optional<Row> whole = update.before().filter(_ -> !update.keyOnly());
        if (update.before().isPresent()) {
            Row before = update.before().get();
            after =
                    update.keyOnly()
                            ? after.completedFrom(before, sql::isKey)
                            : after.completedFrom(before);
            List<String> oldKey = sql.key(before);
            if (!oldKey.equals(sql.key(after))) {
                move(sql, oldKey, after);
                done();
                return;
            }
        }
        KeyChange change = new KeyChange.Update(after, false);
        merging.merge(sql, sql.key(after), new Incoming(change, whole, Optional.empty()));
        done();
    }

    /** A row gets another key: gone under the old one, written under the new one. */
    private void move(RowSql sql, List<String> oldKey, Row after) {
        Standing old = after.isComplete() ? new Standing.Absent() : reader.lock(sql, oldKey, stamp);
        erase(sql, oldKey);
        Row whole =
                after.isComplete()
                        ? after
                        : Referee.completedByMove(after, old, stamp, sight).orElse(after);
        merging.merge(
                sql,
                sql.key(after),
                new Incoming(
                        new KeyChange.Update(whole, true),
                        Optional.empty(),
                        Optional.of(new Incoming.Replaced(oldKey, old))));
    }

    void delete(Message.Delete delete) {
        RowSql sql = keyed(delete.relation());
        erase(sql, sql.key(delete.before()));
        done();
    }

    void truncate(Message.Truncate truncate) {
        for (int relation : truncate.relations()) {
            if (tables.isGone(relation)) {
                continue;
            }
            emptying.empty(tables.statements(relation), cause, sight, this::erase);
        }
        done();
    }

    private void done() {
        if (alone) {
            target.settle();
        } else {
            target.carry();
        }
    }

    /** Deletes one key of a truncated table by the ordinary rules. */
    void erase(RowSql sql, List<String> key) {
        merging.merge(sql, key, Incoming.of(new KeyChange.Delete()));
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
        Optional<Stamp> later =
                emptied.computeIfAbsent(
                        sql.oid(),
                        oid -> {
                            target.execute(EmptySql.lockForInserts(sql.table()));
                            return reader.grave(sql, List.of(), stamp)
                                    .flatMap(Standing::stamp)
                                    .filter(erased ->
                                            erased.node() != stamp.node()
                                                    && erased.compareTo(stamp) > 0);
                        });
        if (later.isEmpty()) {
            target.later(sql.insert, sql.all(row));
            return;
        }
        history.record(
                sql,
                List.of(),
                Kind.UPDATE_DELETED,
                Resolution.KEEP_LOCAL,
                Policy.Rule.LAST_UPDATE_WINS,
                null,
                later.get(),
                row,
                cause);
    }
}
