package org.pgchorus.link;

import org.pgchorus.conflict.Counting;
import org.pgchorus.conflict.Decision;
import org.pgchorus.conflict.KeyChange;
import org.pgchorus.conflict.Policy;
import org.pgchorus.conflict.Referee;
import org.pgchorus.conflict.Sight;
import org.pgchorus.conflict.Standing;
import org.pgchorus.conflict.Verdict;
import org.pgchorus.model.Row;
import org.pgchorus.model.Stamp;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.RowSql;
import org.pgchorus.sql.Sql;

import java.util.List;
import java.util.Optional;

/**
 * Merges one change into what stands under its key: lock the row, ask the {@link Referee}, do what
 * it says, note the conflict.
 *
 * <p>One thread, the session's. The caller begins and ends the database's transaction.
 */
final class Merging {
    /**
     * A key that is inserted and deleted by others this often between our looks is a stuck loop.
     */
    private static final int ATTEMPTS = 100;

    private final RowReader reader;
    private final History history;
    private final Policies policies;

    private final RowWriter writer;
    private final Completing completing;
    private final Counters counters;
    private final Reunion reunion;
    private final Halts halts;

    private long changeNumber;
    private Stamp stamp;
    private History.Cause cause;
    private Sight sight;

    Merging(
            Session target,
            RowReader reader,
            WriterRows writerRows,
            History history,
            TargetClock clock,
            Policies policies) {
        this.reader = reader;
        this.history = history;
        this.policies = policies;
        writer = new RowWriter(target, reader, history);
        completing = new Completing(target, writerRows, clock, writer);
        counters = new Counters(target);
        reunion = new Reunion(reader);
        halts = new Halts(target);
    }

    /** A transaction of the source begins. */
    void begin(History.Cause transaction, Sight transactionSight) {
        stamp = transaction.stamp();
        sight = transactionSight;
        cause = transaction;
        writer.begin(cause, sight);
        completing.begin(cause);
    }

    /** The next change is that one of its transaction, counted from 1. */
    void at(long change) {
        changeNumber = change;
    }

    /** Merges a change to one key. */
    void merge(RowSql sql, List<String> key, Incoming incoming) {
        boolean likelyNew = incoming.isNewKey();
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            if (attempt(sql, key, incoming, likelyNew)) {
                return;
            }
            likelyNew = false;
        }
        throw PgError.busy("key " + key + " of " + sql.table().name() + " keeps changing");
    }

    /** Returns false if somebody else was faster and the change has to be decided again. */
    private boolean attempt(RowSql sql, List<String> key, Incoming incoming, boolean likelyNew) {
        Policy policy = policies.of(sql.table().name());
        Standing standing =
                likelyNew ? reader.lockNew(sql, key, stamp) : reader.lock(sql, key, stamp);
        if (!policy.deltaColumns().isEmpty()
                && standing instanceof Standing.Present
                && reunion.make(writer, sql, key, policy, stamp)) {
            standing = reader.lock(sql, key, stamp);
        }
        Decision decision = decide(sql, key, incoming, standing, policy.rule());
        Encounter met = new Encounter(sql, key, incoming, standing, decision, policy);
        boolean done = policy.deltaColumns().isEmpty() ? obey(met) : count(met);
        if (done && decision.conflict().isPresent()) {
            record(met);
        }
        return done;
    }

    private Decision decide(
            RowSql sql, List<String> key, Incoming incoming, Standing standing, Policy.Rule rule) {
        KeyChange change = incoming.change();
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
                incoming.rowOrNull(),
                cause,
                changeNumber);
    }

    private boolean obey(Encounter met) {
        return switch (met.decision().verdict()) {
            case Verdict.Keep() -> true;
            case Verdict.Erase() -> {
                writer.erase(met.sql(), met.key(), met.standing());
                yield true;
            }
            case Verdict.Write(Row after) ->
                    writer.write(met.sql(), met.key(), met.standing(), after, stamp);
            case Verdict.Complete() -> completing.complete(met);
            case Verdict.Combine() -> {
                Standing.Present local = (Standing.Present) met.standing();
                Stamp version = higher(local.written());
                yield completing
                        .combined(met, local)
                        .map(row -> writer.write(met.sql(), met.key(), local, row, version))
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
    private boolean count(Encounter met) {
        RowSql sql = met.sql();
        KeyChange change = met.incoming().change();
        Optional<Stamp> erased = reader.grave(sql, met.key(), stamp).flatMap(Standing::stamp);
        return switch (Counting.of(change, stamp, met.standing(), erased, sight)) {
            case Counting.Nothing() ->
                    // Under some policies it may stand all the same, where nothing else does.
                    !(change instanceof KeyChange.Delete)
                                    && !(met.standing() instanceof Standing.Deleted)
                            || obey(met);
            case Counting.Add(boolean toLocal) -> add(met, toLocal);
            case Counting.Recount() -> {
                Standing.Present local = (Standing.Present) met.standing();
                writer.bury(sql, met.key());
                Row row = counters.recounted(sql, met.key(), met.policy(), local.row(), stamp);
                yield writer.write(sql, met.key(), local, row, local.written());
            }
        };
    }

    private boolean add(Encounter met, boolean toLocal) {
        Incoming incoming = met.incoming();
        requireBefore(met);
        var amounts = counters.amounts(met.sql(), met.policy(), incoming.row(), incoming.before());
        boolean incomingWins = met.decision().verdict() instanceof Verdict.Write;
        Stamp version =
                incomingWins ? stamp : met.local().map(l -> higher(l.written())).orElse(stamp);
        Optional<Row> onto = met.local().filter(_ -> toLocal).map(Standing.Present::row);
        Row row = Counters.add(base(met), onto, amounts);
        if (!writer.write(met.sql(), met.key(), met.standing(), row, version)) {
            return false;
        }
        counters.note(met.sql(), met.key(), amounts);
        return true;
    }

    private static void requireBefore(Encounter met) {
        Incoming incoming = met.incoming();
        boolean isUpdate =
                incoming.change() instanceof KeyChange.Update(_, boolean moved) && !moved;
        if (isUpdate && incoming.before().isEmpty()) {
            throw PgError.refused(
                    ("table %s has delta columns, but its updates come without the old row:"
                                    + " ALTER TABLE %s REPLICA IDENTITY FULL on the node that sends"
                                    + " them")
                            .formatted(
                                    met.sql().table().name(), Sql.name(met.sql().table().name())));
        }
    }

    /** The row whose other columns stay, or come. */
    private Row base(Encounter met) {
        Optional<Standing.Present> local = met.local();
        Row after = met.incoming().row();
        return switch (met.decision().verdict()) {
            case Verdict.Write(Row row) -> row;
            case Verdict.Combine() ->
                    completing.combined(met, local.orElseThrow()).orElse(local.orElseThrow().row());
            case Verdict.Keep() -> local.map(Standing.Present::row).orElse(after);
            case Verdict.Complete(), Verdict.Erase(), Verdict.Halt() ->
                    throw new IllegalStateException("a whole row that is not: " + after);
        };
    }

    private void record(Encounter met) {
        history.record(
                met.sql(),
                met.key(),
                met.decision().conflict().orElseThrow(),
                met.decision().resolution(),
                met.policy().rule(),
                met.localRowOrNull(),
                met.standing().stamp().orElse(null),
                met.incoming().rowOrNull(),
                cause);
    }
}
