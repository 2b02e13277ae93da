package org.pgchorus.conflict;

import org.pgchorus.model.Row;
import org.pgchorus.model.Stamp;

import java.util.Optional;

/**
 * Decides what one incoming change does to one key: by default the last update wins. Pure: no
 * clock, no connection, no log.
 *
 * <p>Law: who wins depends on the two stamps alone, never on which version is here already nor on
 * which node asks. So all nodes that have got the same changes agree, in whatever order the streams
 * of different nodes were mixed. What the nodes had seen of each other decides two other things
 * only: whether the meeting is recorded as a conflict, and whether a row that was sent without its
 * large unchanged values can be completed from the row that stands here.
 *
 * <p>Expects each writer's changes in the order of that writer's stream. A version may also come by
 * another path, read from any node that holds it, and again by its stream later: {@link #isNewer}
 * says whether it counts, and until its stream has brought it, no older one of its writer undoes
 * it. Commit wait holds on every path.
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
        boolean beaten = standing.stamp().filter(held -> beats(held, stamp, sight)).isPresent();
        Optional<Kind> conflict = conflict(change, stamp, standing, sight);
        return beaten
                ? new Decision(new Verdict.Keep(), conflict, Resolution.KEEP_LOCAL)
                : applied(change, stamp, standing, sight, conflict);
    }

    /**
     * The same under a table's rule. Rules other than {@link Policy.Rule#LAST_UPDATE_WINS} are
     * asked only where a change conflicts with something that stands here; everything else goes by
     * stamps, whatever the rule.
     */
    public static Decision decide(
            KeyChange change, Stamp stamp, Standing standing, Sight sight, Policy.Rule rule) {
        Decision byStamps = decide(change, stamp, standing, sight);
        if (byStamps.conflict().isEmpty() || isHarmless(change, standing)) {
            return byStamps;
        }
        return switch (rule) {
            case LAST_UPDATE_WINS -> byStamps;
            case APPLY_REMOTE -> applied(change, stamp, standing, sight, byStamps.conflict());
            case KEEP_LOCAL ->
                    new Decision(new Verdict.Keep(), byStamps.conflict(), Resolution.KEEP_LOCAL);
            case ERROR ->
                    new Decision(new Verdict.Halt(), byStamps.conflict(), Resolution.UNDECIDED);
            case FUNCTION ->
                    standing instanceof Standing.Present && !(change instanceof KeyChange.Delete)
                            ? new Decision(
                                    new Verdict.Combine(), byStamps.conflict(), Resolution.COMBINED)
                            : byStamps;
        };
    }

    /** Nothing stands here that could lose, or both sides deleted. */
    private static boolean isHarmless(KeyChange change, Standing standing) {
        return switch (standing) {
            case Standing.Absent() -> true;
            case Standing.Deleted _ -> change instanceof KeyChange.Delete;
            case Standing.Present _ -> false;
        };
    }

    /** What it does if it wins, whatever the stamps say. */
    private static Decision applied(
            KeyChange change,
            Stamp stamp,
            Standing standing,
            Sight sight,
            Optional<Kind> conflict) {
        return new Decision(
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
     * The whole row of a change to another key, if what stood under the old key is provably the row
     * that the writer moved.
     *
     * <p>A row that the same transaction wrote before it moved it proves nothing here: it may have
     * come by another path, and then it is what stands under the old key <i>after</i> the
     * transaction, perhaps another row that was moved there.
     *
     * @param after as it came, without some large unchanged values
     * @param replaced what stood here under the old key before the move took it away
     * @param sight what the writer, {@code incoming.node()}, had seen, and what is applied here
     */
    public static Optional<Row> completedByMove(
            Row after, Standing replaced, Stamp incoming, Sight sight) {
        return replaced instanceof Standing.Present(Row row, Stamp written)
                        && !written.equals(incoming)
                        && sight.writersVersionIsHere(written, incoming)
                ? Optional.of(after.completedFrom(row))
                : Optional.empty();
    }

    /**
     * What becomes of a change whose verdict was {@link Verdict.Complete}, now that its writer was
     * asked. Whatever it is, what stands here afterwards is no older than the change.
     *
     * <p>A change that its writer does not show yet is completed from what the writer does show,
     * the row that it replaced; but only if the transaction did nothing to that row before, for
     * that would not be shown either. What stands here tells: had it, no older stamp would stand.
     *
     * @param after as it came, without some large unchanged values
     * @param incoming its stamp
     * @param standing what stands here under its key
     * @param replaced what stood here under the key that the row had before, when this change came
     *     to it; {@code standing} unless the change is to another key
     */
    public static Completion complete(
            Row after, Stamp incoming, Standing standing, Standing replaced, AtWriter shown) {
        if (!shown.includesChange()) {
            return shown.standing() instanceof Standing.Present(Row row, _)
                            && isNewer(incoming, replaced)
                    ? new Completion.Write(after.completedFrom(row), incoming)
                    : new Completion.Wait();
        }
        return switch (shown.standing()) {
            case Standing.Present(Row row, Stamp version)
                    when version.equals(incoming) || isNewer(version, standing) ->
                    new Completion.Write(row, version);
            case Standing.Deleted(Stamp erased) when isNewer(erased, standing) ->
                    new Completion.Erase(erased);
            case Standing.Present _, Standing.Deleted _, Standing.Absent _ -> new Completion.Keep();
        };
    }

    /**
     * Stamps decide; they are never equal for two nodes. But a node's versions come in the order it
     * made them, so the incoming one is later than a held one of the same node, whatever a clock
     * that stepped back says: unless the held one came by another path, ahead of the stream.
     */
    private static boolean beats(Stamp held, Stamp incoming, Sight sight) {
        boolean inOrder = held.node() == incoming.node() && !sight.isAheadOfStream(held);
        return !inOrder && held.compareTo(incoming) > 0;
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
    private static Optional<Kind> conflict(
            KeyChange change, Stamp stamp, Standing standing, Sight sight) {
        return switch (standing) {
            case Standing.Absent() ->
                    sight.nothingInFlight(stamp) ? meetsNothing(change) : Optional.empty();
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
