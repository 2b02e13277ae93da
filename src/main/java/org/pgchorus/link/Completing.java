package org.pgchorus.link;

import org.pgchorus.conflict.AtWriter;
import org.pgchorus.conflict.Completion;
import org.pgchorus.conflict.Referee;
import org.pgchorus.conflict.Standing;
import org.pgchorus.model.Row;
import org.pgchorus.model.Stamp;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;

import java.util.Optional;

/**
 * Makes whole rows of changes that came without their large values, and new rows of two: what takes
 * more than the change and the row that stands here.
 *
 * <p>One thread, the session's.
 */
final class Completing {
    private final WriterRows writerRows;
    private final TargetClock clock;
    private final RowWriter writer;
    private final Combiner combiner;

    private History.Cause cause;

    Completing(Session target, WriterRows writerRows, TargetClock clock, RowWriter writer) {
        this.writerRows = writerRows;
        this.clock = clock;
        this.writer = writer;
        combiner = new Combiner(target);
    }

    /** A transaction begins. */
    void begin(History.Cause transaction) {
        cause = transaction;
    }

    /**
     * The change lacks values that no row here can supply. What the writer holds now is that
     * change's version or a later one; either is merged, under its own stamp.
     *
     * @return false if somebody else was faster and the change has to be decided again
     */
    boolean complete(Encounter met) {
        Incoming incoming = met.incoming();
        Standing standing = met.standing();
        Completion completion =
                Referee.complete(
                        incoming.row(),
                        cause.stamp(),
                        standing,
                        incoming.replaced().map(Incoming.Replaced::standing).orElse(standing),
                        ask(met));
        return switch (completion) {
            case Completion.Keep() -> true;
            case Completion.Wait() -> throw notVisible(met);
            case Completion.Write(Row row, Stamp version) -> {
                clock.await(version.micros());
                yield writer.write(met.sql(), met.key(), standing, row, version);
            }
            case Completion.Erase(Stamp erased) -> {
                clock.await(erased.micros());
                writer.erase(met.sql(), met.key(), standing, erased);
                yield true;
            }
        };
    }

    /** What the policy's function makes of both rows; empty if what stands here stays. */
    Optional<Row> combined(Encounter met, Standing.Present local) {
        Optional<Row> remote = Optional.of(met.incoming().row());
        if (!remote.get().isComplete()) {
            remote = fromWriter(met);
        }
        Optional<Row> result =
                remote.flatMap(row ->
                        combiner.ask(
                                met.sql(),
                                met.policy().function().orElseThrow(),
                                met.key(),
                                local.row(),
                                local.written(),
                                row,
                                cause.stamp()));
        if (result.isPresent() || remote.isEmpty()) {
            return result;
        }
        return cause.stamp().compareTo(local.written()) > 0 ? remote : Optional.empty();
    }

    /** The incoming row with its large values; empty if its writer has deleted it since. */
    private Optional<Row> fromWriter(Encounter met) {
        AtWriter shown = ask(met);
        if (!shown.includesChange()) {
            throw notVisible(met);
        }
        return shown.standing() instanceof Standing.Present(Row row, _)
                ? Optional.of(row)
                : Optional.empty();
    }

    private AtWriter ask(Encounter met) {
        return writerRows.read(
                met.sql().relation(),
                met.key(),
                met.incoming().replaced().map(Incoming.Replaced::key).orElse(met.key()),
                cause.xid());
    }

    private static PgError notVisible(Encounter met) {
        return PgError.busy(
                "the row of %s under key %s is not visible at its writer yet"
                        .formatted(met.sql().table().name(), met.key()));
    }
}
