package org.pgchorus.link;

import org.pgchorus.conflict.AtWriter;
import org.pgchorus.conflict.Completion;
import org.pgchorus.conflict.Counting;
import org.pgchorus.conflict.Decision;
import org.pgchorus.conflict.KeyChange;
import org.pgchorus.conflict.Policy;
import org.pgchorus.conflict.Referee;
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
import org.pgchorus.sql.Sql;

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
 * <p>A write whose result nobody asks about waits for the next statement, be it the next change's
 * or the last one of the transaction, and saves a round trip. If the server refuses what was sent
 * so, nobody knows whose fault it was; the session calls it a rollback, and the transaction comes
 * again. A transaction that comes again is applied change by change, as is the first one after a
 * start: too large to be kept, it is asked for again by a link that starts anew.
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
    private final RowWriter writer;
    private final Counters counters;
    private final Combiner combiner;
    private final Halts halts;

    /** By table: whether rows of a keyless table are kept, looked up under the table's lock. */
    private final Map<Long, Boolean> kept = new HashMap<>();

    private Lsn lastCommitLsn;
    private boolean alone;
    private long changeNumber;
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
        writer = new RowWriter(target, reader, history);
        counters = new Counters(target);
        combiner = new Combiner(target);
        halts = new Halts(target);
    }

    /** A transaction of the source begins. */
    void begin(Stamp transaction, int xid, Lsn sourceCommitLsn, Sight transactionSight) {
        alone = lastCommitLsn == null || lastCommitLsn.equals(sourceCommitLsn);
        lastCommitLsn = sourceCommitLsn;
        kept.clear();
        stamp = transaction;
        sight = transactionSight;
        cause = new History.Cause(transaction, xid, sourceCommitLsn);
        writer.begin(cause, sight);
    }

    /** Each change of the transaction under way is complete, or has failed, when it returns. */
    void alone() {
        alone = true;
    }

    /** The next change is that one of its transaction, counted from 1. */
    void at(long change) {
        changeNumber = change;
    }

    void insert(Message.Insert insert) {
        RowSql sql = tables.statements(insert.relation());
        if (!sql.table().hasKey()) {
            append(sql, insert.after());
        } else {
            merge(sql, sql.key(insert.after()), Incoming.of(new KeyChange.Insert(insert.after())));
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
        merge(sql, sql.key(after), new Incoming(change, whole, Optional.empty()));
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
        merge(
                sql,
                sql.key(after),
                new Incoming(
                        new KeyChange.Update(whole, true),
                        Optional.empty(),
                        Optional.of(new Replaced(oldKey, old))));
    }

    /** What stood here under the key that a moved row had, before it was erased. */
    private record Replaced(List<String> key, Standing standing) {}

    /**
     * A change to one key with what came along.
     *
     * @param before the row as it was at the writer under the same key, if that was sent in full
     * @param replaced for a row that was moved here from another key
     */
    private record Incoming(KeyChange change, Optional<Row> before, Optional<Replaced> replaced) {
        static Incoming of(KeyChange change) {
            return new Incoming(change, Optional.empty(), Optional.empty());
        }

        /** Whether the key came into being at the writer. */
        boolean isNewKey() {
            return switch (change) {
                case KeyChange.Insert _ -> true;
                case KeyChange.Update(_, boolean moved) -> moved;
                case KeyChange.Delete() -> false;
            };
        }
    }

    void delete(Message.Delete delete) {
        RowSql sql = keyed(delete.relation());
        erase(sql, sql.key(delete.before()));
        done();
    }

    void truncate(Message.Truncate truncate) {
        for (int relation : truncate.relations()) {
            emptying.empty(tables.statements(relation), stamp, sight, this::erase);
        }
        done();
    }

    /** Deletes one key of a truncated table by the ordinary rules. */
    void erase(RowSql sql, List<String> key) {
        merge(sql, key, Incoming.of(new KeyChange.Delete()));
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
            target.later(sql.insert, sql.all(row));
        }
    }

    private void merge(RowSql sql, List<String> key, Incoming incoming) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            boolean likelyNew = attempt == 0 && incoming.isNewKey();
            if (attempt(sql, key, incoming, likelyNew)) {
                return;
            }
        }
        throw PgError.busy("key " + key + " of " + sql.table().name() + " keeps changing");
    }

    /** Returns false if somebody else was faster and the change has to be decided again. */
    private boolean attempt(RowSql sql, List<String> key, Incoming incoming, boolean likelyNew) {
        Policy policy = policies.of(sql.table().name());
        Standing standing =
                likelyNew ? reader.lockNew(sql, key, stamp) : reader.lock(sql, key, stamp);
        KeyChange change = incoming.change;
        Decision decision = decide(sql, key, change, standing, policy.rule());
        boolean done =
                policy.deltaColumns().isEmpty()
                        ? obey(sql, key, incoming, standing, decision, policy)
                        : count(sql, key, incoming, standing, decision, policy);
        if (done && decision.conflict().isPresent()) {
            record(sql, key, change, decision, standing, policy);
        }
        return done;
    }

    private Decision decide(
            RowSql sql, List<String> key, KeyChange change, Standing standing, Policy.Rule rule) {
        Decision decision = Referee.decide(change, stamp, standing, sight, rule);
        if (!(decision.verdict() instanceof Verdict.Halt)) {
            return decision;
        }
        Optional<Policy.Rule> chosen = halts.choice(cause, changeNumber);
        if (chosen.isPresent()) {
            return Referee.decide(change, stamp, standing, sight, chosen.get());
        }
        throw halts.stand(
                sql,
                key,
                decision.conflict().orElseThrow(),
                standing,
                change instanceof KeyChange.Delete ? null : rowOf(change),
                cause,
                changeNumber);
    }

    private boolean obey(
            RowSql sql,
            List<String> key,
            Incoming incoming,
            Standing standing,
            Decision decision,
            Policy policy) {
        return switch (decision.verdict()) {
            case Verdict.Keep() -> true;
            case Verdict.Erase() -> {
                writer.erase(sql, key, standing);
                yield true;
            }
            case Verdict.Write(Row after) -> writer.write(sql, key, standing, after, stamp);
            case Verdict.Complete() -> complete(sql, key, incoming, standing);
            case Verdict.Combine() -> {
                Standing.Present local = (Standing.Present) standing;
                yield combined(sql, key, incoming, local, policy)
                        .map(row -> writer.write(sql, key, local, row, higher(local.written())))
                        .orElse(true);
            }
            case Verdict.Halt() -> throw new IllegalStateException("halted already");
        };
    }

    private Stamp higher(Stamp other) {
        return stamp.compareTo(other) > 0 ? stamp : other;
    }

    /**
     * What a change does to a row with delta columns, whichever version wins the others.
     *
     * @return as {@link #attempt}
     */
    private boolean count(
            RowSql sql,
            List<String> key,
            Incoming incoming,
            Standing standing,
            Decision decision,
            Policy policy) {
        Optional<Stamp> erased = reader.grave(sql, key, stamp).flatMap(Standing::stamp);
        KeyChange change = incoming.change;
        return switch (Counting.of(change, stamp, standing, erased, sight)) {
            case Counting.Nothing() ->
                    !(change instanceof KeyChange.Delete)
                            || obey(sql, key, incoming, standing, decision, policy);
            case Counting.Add(boolean toLocal) ->
                    add(sql, key, incoming, standing, decision, policy, toLocal);
            case Counting.Recount() -> {
                Standing.Present local = (Standing.Present) standing;
                writer.bury(sql, key);
                Row row = counters.recounted(sql, key, policy, local.row(), stamp);
                yield writer.write(sql, key, local, row, local.written());
            }
        };
    }

    private boolean add(
            RowSql sql,
            List<String> key,
            Incoming incoming,
            Standing standing,
            Decision decision,
            Policy policy,
            boolean toLocal) {
        Optional<Standing.Present> local =
                standing instanceof Standing.Present present
                        ? Optional.of(present)
                        : Optional.empty();
        Row after = rowOf(incoming.change);
        boolean isUpdate = incoming.change instanceof KeyChange.Update(_, boolean moved) && !moved;
        if (isUpdate && incoming.before.isEmpty()) {
            throw PgError.refused(
                    ("table %s has delta columns, but its updates come without the old row:"
                                    + " ALTER TABLE %s REPLICA IDENTITY FULL on the node that sends"
                                    + " them")
                            .formatted(sql.table().name(), Sql.name(sql.table().name())));
        }
        var amounts = counters.amounts(sql, policy, after, incoming.before);
        Row base =
                switch (decision.verdict()) {
                    case Verdict.Write(Row row) -> row;
                    case Verdict.Combine() ->
                            combined(sql, key, incoming, local.orElseThrow(), policy)
                                    .orElse(local.orElseThrow().row());
                    case Verdict.Keep() -> local.map(Standing.Present::row).orElse(after);
                    case Verdict.Complete(), Verdict.Erase(), Verdict.Halt() ->
                            throw new IllegalStateException("a whole row that is not: " + after);
                };
        Stamp version =
                decision.verdict() instanceof Verdict.Keep
                                || decision.verdict() instanceof Verdict.Combine
                        ? local.map(l -> higher(l.written())).orElse(stamp)
                        : stamp;
        Optional<Row> onto = local.filter(_ -> toLocal).map(Standing.Present::row);
        Row row = Counters.add(base, onto, amounts);
        if (!writer.write(sql, key, standing, row, version)) {
            return false;
        }
        counters.note(sql, key, amounts);
        return true;
    }

    /** What the policy's function makes of both rows; empty if what stands here stays. */
    private Optional<Row> combined(
            RowSql sql,
            List<String> key,
            Incoming incoming,
            Standing.Present local,
            Policy policy) {
        Optional<Row> remote = Optional.of(rowOf(incoming.change));
        if (!remote.get().isComplete()) {
            remote = fromWriter(sql, key, incoming);
        }
        Optional<Row> result =
                remote.flatMap(row ->
                        combiner.ask(
                                sql,
                                policy.function().orElseThrow(),
                                key,
                                local.row(),
                                local.written(),
                                row,
                                stamp));
        if (result.isPresent() || remote.isEmpty()) {
            return result;
        }
        return stamp.compareTo(local.written()) > 0 ? remote : Optional.empty();
    }

    /** The incoming row with its large values; empty if its writer has deleted it since. */
    private Optional<Row> fromWriter(RowSql sql, List<String> key, Incoming incoming) {
        AtWriter shown = ask(sql, key, incoming);
        if (!shown.includesChange()) {
            throw notVisible(sql, key);
        }
        return shown.standing() instanceof Standing.Present(Row row, _)
                ? Optional.of(row)
                : Optional.empty();
    }

    private AtWriter ask(RowSql sql, List<String> key, Incoming incoming) {
        List<String> replaced = incoming.replaced.map(Replaced::key).orElse(key);
        return writerRows.read(sql.relation(), key, replaced, cause.xid());
    }

    private static PgError notVisible(RowSql sql, List<String> key) {
        return PgError.busy(
                "the row of %s under key %s is not visible at its writer yet"
                        .formatted(sql.table().name(), key));
    }

    /**
     * The change lacks values that no row here can supply. What the writer holds now is that
     * change's version or a later one; either is merged, under its own stamp.
     */
    private boolean complete(RowSql sql, List<String> key, Incoming incoming, Standing standing) {
        Completion completion =
                Referee.complete(
                        rowOf(incoming.change),
                        stamp,
                        standing,
                        incoming.replaced.map(Replaced::standing).orElse(standing),
                        ask(sql, key, incoming));
        return switch (completion) {
            case Completion.Keep() -> true;
            case Completion.Wait() -> throw notVisible(sql, key);
            case Completion.Write(Row row, Stamp version) -> {
                clock.await(version.micros());
                yield writer.write(sql, key, standing, row, version);
            }
            case Completion.Erase(Stamp erased) -> {
                clock.await(erased.micros());
                writer.erase(sql, key, standing, erased);
                yield true;
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
            Decision decision,
            Standing standing,
            Policy policy) {
        history.record(
                sql,
                key,
                decision.conflict().orElseThrow(),
                decision.resolution(),
                policy.rule(),
                standing instanceof Standing.Present(Row row, _) ? row : null,
                standing.stamp().orElse(null),
                change instanceof KeyChange.Delete ? null : rowOf(change),
                cause);
    }
}
