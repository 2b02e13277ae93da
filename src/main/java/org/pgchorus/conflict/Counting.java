package org.pgchorus.conflict;

import org.pgchorus.model.Row;
import org.pgchorus.model.Stamp;

import java.math.BigDecimal;
import java.util.Optional;

/**
 * What one incoming change does to the delta columns of a row, whichever version wins the others.
 * Pure.
 *
 * <p>Law: the value of a delta column is the sum of all amounts whose stamp is higher than the
 * highest delete of the key. An insert has its value as amount, an update the difference between
 * the new and the old value. So all nodes that have got the same changes agree, in whatever order
 * the streams of different nodes were mixed.
 */
public sealed interface Counting {
    /** The change was made before a delete that is known here: it adds nothing. */
    record Nothing() implements Counting {}

    /**
     * Adds the change's amounts.
     *
     * @param toLocal to the values that stand here, or else to zero
     */
    record Add(boolean toLocal) implements Counting {}

    /**
     * A delete that loses against the row takes away what was added before it: what was added under
     * higher stamps than the delete's has to be summed up again.
     */
    record Recount() implements Counting {}

    /**
     * Says what to do.
     *
     * @param erased the highest tombstone of the key, also if a row stands there now
     */
    static Counting of(
            KeyChange change, Stamp stamp, Standing standing, Optional<Stamp> erased, Sight sight) {
        boolean before =
                erased.isPresent()
                        && Referee.decide(change, stamp, new Standing.Deleted(erased.get()), sight)
                                        .verdict()
                                instanceof Verdict.Keep;
        if (before) {
            return new Nothing();
        }
        boolean stands = standing instanceof Standing.Present && !isGhost(standing, erased);
        return switch (change) {
            case KeyChange.Insert _, KeyChange.Update _ -> new Add(stands);
            case KeyChange.Delete() ->
                    stands
                                    && Referee.decide(change, stamp, standing, sight).verdict()
                                            instanceof Verdict.Keep
                            ? new Recount()
                            : new Nothing();
        };
    }

    /**
     * A row that is older than a delete of its key, which met nothing when it came: it was being
     * written, and will be removed. What is added now must not count on it.
     */
    private static boolean isGhost(Standing standing, Optional<Stamp> erased) {
        return erased.isPresent() && standing.stamp().orElseThrow().compareTo(erased.get()) < 0;
    }

    /**
     * What a change adds to one column.
     *
     * @param before the row as it was, empty for an insert or a row under a new key
     * @throws NumberFormatException if a value is no finite number
     */
    static BigDecimal amount(Row after, Optional<Row> before, int column) {
        BigDecimal now = number(after, column);
        return before.map(old -> now.subtract(number(old, column))).orElse(now);
    }

    /** A column's value; NULL counts as zero. */
    static BigDecimal number(Row row, int column) {
        return row.text(column).map(BigDecimal::new).orElse(BigDecimal.ZERO);
    }
}
