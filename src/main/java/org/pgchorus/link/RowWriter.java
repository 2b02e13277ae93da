package org.pgchorus.link;

import org.pgchorus.conflict.Decision;
import org.pgchorus.conflict.KeyChange;
import org.pgchorus.conflict.Kind;
import org.pgchorus.conflict.Policy;
import org.pgchorus.conflict.Referee;
import org.pgchorus.conflict.Resolution;
import org.pgchorus.conflict.Sight;
import org.pgchorus.conflict.Standing;
import org.pgchorus.conflict.Verdict;
import org.pgchorus.model.Row;
import org.pgchorus.model.Stamp;
import org.pgchorus.pg.Asked;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.RowSql;
import org.pgchorus.sql.UniqueSql;

import java.util.List;
import java.util.Optional;

/**
 * Makes a version the one that stands under its key: the row, its stamp, its tombstone.
 *
 * <p>One thread, the session's. The caller begins and ends the database's transaction.
 */
final class RowWriter {
    private final Session target;
    private final RowReader reader;
    private final History history;
    private final Displacer displacer;

    /** Whether this transaction has given a row another stamp than its own. */
    private boolean restamped;

    private Stamp stamp;
    private Sight sight;
    private History.Cause cause;

    RowWriter(Session target, RowReader reader, History history) {
        this.target = target;
        this.reader = reader;
        this.history = history;
        displacer = new Displacer(target, reader, history);
    }

    /**
     * A transaction begins.
     *
     * @param transactionSight what its writer had seen; null if there is no writer to ask about
     */
    void begin(History.Cause transaction, Sight transactionSight) {
        restamped = false;
        stamp = transaction.stamp();
        sight = transactionSight;
        cause = transaction;
        displacer.begin(transaction, transactionSight);
    }

    /** Removes the row if there is one; leaves a tombstone in any case. */
    void erase(RowSql sql, List<String> key, Standing standing) {
        erase(sql, key, standing, null);
    }

    /**
     * The same for a delete that came by another path.
     *
     * @param given the delete's stamp if it is not this transaction's
     */
    void erase(RowSql sql, List<String> key, Standing standing, Stamp given) {
        boolean wasHere = standing instanceof Standing.Present;
        if (wasHere) {
            target.later(sql.delete, key);
            reader.unique(sql).ifPresent(unique -> displacer.forget(unique, key));
        }
        bury(sql, key, !wasHere, given);
    }

    /** Leaves a tombstone beneath a row that stays. */
    void bury(RowSql sql, List<String> key) {
        bury(sql, key, false, null);
    }

    private void bury(RowSql sql, List<String> key, boolean provisional, Stamp given) {
        Long micros = given == null ? null : (Long) given.micros();
        Integer node = given == null ? null : (Integer) given.node();
        target.later(sql.bury, key, key, key, provisional, micros, node);
    }

    /**
     * Writes a row.
     *
     * @param standing what was found under its key
     * @param version the stamp of the row to write, this transaction's or another
     * @return false if somebody else was faster and the change has to be decided again
     */
    boolean write(RowSql sql, List<String> key, Standing standing, Row after, Stamp version) {
        Optional<UniqueSql> unique = reader.unique(sql);
        return unique.isEmpty()
                ? put(sql, key, standing, after, version)
                : placed(unique.get(), sql, key, standing, after, version);
    }

    private boolean placed(
            UniqueSql unique,
            RowSql sql,
            List<String> key,
            Standing standing,
            Row after,
            Stamp version) {
        Optional<Displaced> kept = reader.displaced(unique, key);
        Optional<Standing.Present> beside =
                kept.isEmpty() ? Optional.empty() : reader.live(sql, key, stamp);
        if (beside.isPresent()) {
            return beside(unique, sql, beside.get(), kept.get(), key, after, version);
        }
        if (!displacer.makeRoom(unique, sql, key, standing, after, version, kept)) {
            return true;
        }
        if (kept.isEmpty()) {
            return put(sql, key, standing, after, version);
        }
        // Back in the table first, as it was kept: it may have columns that do not come.
        Displaced whole = kept.get().with(sql.columnNames(), after);
        List<String> columns = List.copyOf(whole.image().keySet());
        RowSql rows = RowSql.of(sql.table(), columns);
        Standing without = standing instanceof Standing.Present ? new Standing.Absent() : standing;
        return put(rows, key, without, whole.row(columns), version);
    }

    /**
     * A key has a row in the table and a displaced version as well: a client that could not see
     * that wrote the key, or two links wrote it at once. If the displaced one is the newest of all,
     * {@link Returns} puts it in its place.
     */
    private boolean beside(
            UniqueSql unique,
            RowSql sql,
            Standing.Present live,
            Displaced kept,
            List<String> key,
            Row after,
            Stamp version) {
        if (kept.stamp().compareTo(version) > 0) {
            return true;
        }
        target.update(UniqueSql.FORGET, kept.seq());
        return !displacer.makeRoom(unique, sql, key, live, after, version, Optional.empty())
                || put(sql, key, live, after, version);
    }

    private boolean put(RowSql sql, List<String> key, Standing standing, Row after, Stamp version) {
        if (standing instanceof Standing.Present && sql.canUpdate()) {
            target.later(sql.update, sql.settable(after), key);
        } else if (standing instanceof Standing.Present) {
            target.later(sql.delete, key);
            target.later(sql.insert, sql.all(after));
        } else {
            Asked<Void> insert = Asked.change(sql.insert, sql.all(after));
            Asked<Stamp> graves = reader.askGraves(sql, key, stamp);
            target.together(insert, graves);
            if (insert.count() == 0) {
                return false;
            }
            Optional<Standing> grave =
                    RowReader.highest(graves.rows()).filter(found -> !isKnown(found, standing));
            if (grave.isPresent() && buriedMeanwhile(sql, key, after, version, grave.get())) {
                return true;
            }
        }
        if (restamped) {
            target.later(sql.unstamp, key, key);
        }
        if (!version.equals(stamp)) {
            target.later(sql.restamp, key, key, version.micros(), version.node());
            restamped = true;
        }
        return true;
    }

    /** Whether a tombstone was there when it was decided that the row is to be written. */
    private static boolean isKnown(Standing grave, Standing decidedOn) {
        return decidedOn instanceof Standing.Deleted(Stamp known)
                && grave.stamp().orElseThrow().compareTo(known) <= 0;
    }

    /**
     * Takes the new row away again if its key was inserted and deleted since we looked.
     *
     * @param grave what the key's tombstones said once the row held it
     */
    private boolean buriedMeanwhile(
            RowSql sql, List<String> key, Row after, Stamp version, Standing grave) {
        if (!version.equals(stamp)) {
            // A live row with the stamp of a delete was written after it, by one transaction.
            Stamp erased = grave.stamp().orElseThrow();
            if (version.compareTo(erased) >= 0) {
                return false;
            }
            target.later(sql.delete, key);
            return true;
        }
        KeyChange insert = new KeyChange.Insert(after);
        Decision decision = Referee.decide(insert, version, grave, sight);
        if (!(decision.verdict() instanceof Verdict.Keep)) {
            return false;
        }
        target.later(sql.delete, key);
        if (decision.conflict().isPresent()) {
            Kind kind = decision.conflict().get();
            Stamp erased = grave.stamp().orElse(null);
            history.record(
                    sql,
                    key,
                    kind,
                    Resolution.KEEP_LOCAL,
                    Policy.Rule.LAST_UPDATE_WINS,
                    null,
                    erased,
                    after,
                    cause);
        }
        return true;
    }
}
