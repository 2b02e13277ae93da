package org.pgchorus.bench;

import org.pgchorus.config.Address;
import org.pgchorus.model.Lsn;
import org.pgchorus.pg.PgError;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * Small transactions on a table of their own, the other way round, while a large one is taken in:
 * do they keep flowing? One thread, besides the one that writes.
 */
final class Others {
    private final Direction direction;
    private final Address target;
    private final Lsn targetBeginLsn;
    private final long firstId;
    private final CompletableFuture<Long> writing;
    private volatile boolean stopped;

    private Others(Direction direction, Address target, int perSecond) {
        this.direction = direction;
        this.target = target;
        targetBeginLsn = Slots.end(target);
        String last =
                Databases.ask(
                        direction.source(), "SELECT coalesce(max(id), 0) FROM " + Work.OTHERS);
        firstId = Long.parseLong(last) + Pen.STEP;
        Pen pen = new Pen(direction.source(), Work.OTHERS, perSecond);
        writing =
                CompletableFuture.supplyAsync(
                        () -> pen.write(firstId, () -> !stopped),
                        task -> Thread.ofPlatform().start(task));
    }

    /** Begins to write at the source of a direction, which is the target's server. */
    static Others start(Databases databases, Direction direction, int perSecond) {
        return new Others(direction, databases.source("postgres"), perSecond);
    }

    /** Ends it; waits until all have arrived, and tells how long they took. */
    Quantiles stop() throws InterruptedException {
        stopped = true;
        long endId;
        try {
            endId = writing.get();
        } catch (ExecutionException e) {
            throw PgError.refused("writing at %s: %s".formatted(direction.source(), e.getCause()));
        }
        Slots.awaitConfirmed(direction, Slots.end(direction.source()));
        return Quantiles.ofMicros(
                CommitLog.delays(
                        direction,
                        target,
                        targetBeginLsn,
                        Slots.end(target),
                        Work.OTHERS,
                        firstId,
                        endId));
    }
}
