package org.pgchorus.conflict;

import org.pgchorus.model.Row;
import org.pgchorus.model.Stamp;

import java.util.Optional;

/**
 * Decides what one incoming change does to one key: the last update wins. Pure: no clock, no
 * connection, no log.
 *
 * <p>Law: who wins depends on the two stamps alone, never on which version is here already nor on
 * which node asks. So all nodes that have got the same changes agree, in whatever order the streams
 * of different nodes were mixed. What the nodes had seen of each other decides two other things
 * only: whether the meeting is recorded as a conflict, and whether a row that was sent without its
 * large unchanged values can be completed from the row that stands here.
 *
 * <p>Expects each writer's changes in the order of that writer's stream. Versions that come by
 * another path (a copy, a repair) must not be older than what this path brought of their writer.
 */
public final class Referee {
    private Referee() {}

    /**
     * @param change what was done at the source
     * @param stamp when and where it was first committed
     * @param standing what the target holds under the change's key, read under a row lock
     * @param sight what the writer, {@code stamp.node()}, had seen, and what is applied here
     */
    public static Decision decide(KeyChange change, Stamp stamp, Standing standing, Sight sight) {
        boolean beaten = standing.stamp().filter(held -> beats(held, stamp)).isPresent();
        Optional<Kind> conflict = conflict(change, standing, sight);
        return beaten
                ? new Decision(new Verdict.Keep(), conflict, Resolution.KEEP_LOCAL)
                : new Decision(
                        obey(change, stamp, standing, sight), conflict, Resolution.APPLY_REMOTE);
    }

    /**
     * Whether a version that came by another path than its writer's stream, read from a node that
     * holds it, is later than what stands here. Stamps alone decide: no stream gives it a place.
     */
    public static boolean isNewer(Stamp version, Standing standing) {
        return standing.stamp().filter(held -> held.compareTo(version) >= 0).isEmpty();
    }

    /**
     * A node's versions come in the order it made them, so the incoming one is later than a held
     * one of the same node, whatever a clock that stepped back says. Otherwise stamps decide; they
     * are never equal for two nodes.
     */
    private static boolean beats(Stamp held, Stamp incoming) {
        return held.node() != incoming.node() && held.compareTo(incoming) > 0;
    }

    private static Verdict obey(KeyChange change, Stamp stamp, Standing standing, Sight sight) {
        return switch (change) {
            case KeyChange.Insert(Row after) -> whole(after);
            case KeyChange.Update(Row after, boolean keyChanged)
                    when keyChanged || after.isComplete() ->
                    whole(after);
            case KeyChange.Update(Row after, _) -> completed(after, stamp, standing, sight);
            case KeyChange.Delete() -> new Verdict.Erase();
        };
    }

    /** The row that stands under a new key is never the row that was moved there. */
    private static Verdict whole(Row after) {
        return after.isComplete() ? new Verdict.Write(after) : new Verdict.Complete();
    }

    private static Verdict completed(Row after, Stamp stamp, Standing standing, Sight sight) {
        return switch (standing) {
            case Standing.Present(Row row, Stamp written)
                    when sight.writersVersionIsHere(written, stamp) ->
                    new Verdict.Write(after.completedFrom(row));
            case Standing.Present _, Standing.Absent _, Standing.Deleted _ ->
                    new Verdict.Complete();
        };
    }

    /** A change conflicts only with what its writer had not seen. */
    private static Optional<Kind> conflict(KeyChange change, Standing standing, Sight sight) {
        return switch (standing) {
            case Standing.Absent() ->
                    sight.nothingInFlight() ? meetsNothing(change) : Optional.empty();
            case Standing.Present(_, Stamp written) ->
                    sight.writerHadSeen(written) ? Optional.empty() : Optional.of(meetsRow(change));
            case Standing.Deleted(Stamp erased) ->
                    sight.writerHadSeen(erased)
                            ? Optional.empty()
                            : Optional.of(meetsDelete(change));
        };
    }

    private static Optional<Kind> meetsNothing(KeyChange change) {
        return switch (change) {
            case KeyChange.Insert _ -> Optional.empty();
            case KeyChange.Update(_, boolean keyChanged) ->
                    keyChanged ? Optional.empty() : Optional.of(Kind.UPDATE_MISSING);
            case KeyChange.Delete() -> Optional.of(Kind.DELETE_MISSING);
        };
    }

    private static Kind meetsRow(KeyChange change) {
        return switch (change) {
            case KeyChange.Insert _ -> Kind.INSERT_EXISTS;
            case KeyChange.Update(_, boolean keyChanged) ->
                    keyChanged ? Kind.UPDATE_EXISTS : Kind.UPDATE_ORIGIN_DIFFERS;
            case KeyChange.Delete() -> Kind.DELETE_ORIGIN_DIFFERS;
        };
    }

    private static Kind meetsDelete(KeyChange change) {
        return switch (change) {
            case KeyChange.Insert _, KeyChange.Update _ -> Kind.UPDATE_DELETED;
            case KeyChange.Delete() -> Kind.DELETE_MISSING;
        };
    }
}
