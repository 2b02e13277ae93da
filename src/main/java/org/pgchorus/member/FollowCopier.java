package org.pgchorus.member;

import org.pgchorus.config.Address;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.CopySql;
import org.pgchorus.sql.FollowSql;
import org.pgchorus.sql.LinkSql;
import org.pgchorus.sql.Sql;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Copies the rows of followed tables under a snapshot of the provider, several tables at once, the
 * largest first. Needs nothing of ours there.
 */
final class FollowCopier {
    /** How many bytes go by between two reports of progress. */
    private static final int REPORT_BYTES = 1 << 20;

    private static final String NAME = "pgchorus follow";

    private final Address provider;
    private final Address follower;
    private final String snapshot;
    private final JoinProgress progress;
    private final AtomicLong bytesDone = new AtomicLong();
    private long bytesTotal;

    FollowCopier(Address provider, Address follower, String snapshot, JoinProgress progress) {
        this.provider = provider;
        this.follower = follower;
        this.snapshot = snapshot;
        this.progress = progress;
    }

    private record Piece(Followed table, long bytes) {}

    /** Copies the tables; the first failure of any stops all. */
    void copy(List<Followed> tables, int jobs, ThreadFactory threads) throws InterruptedException {
        Queue<Piece> queue = new ConcurrentLinkedQueue<>(bySize(tables));
        bytesTotal = queue.stream().mapToLong(Piece::bytes).sum();
        try (ExecutorService workers = Executors.newThreadPerTaskExecutor(threads)) {
            List<Future<?>> running = new ArrayList<>();
            for (int job = 0; job < Math.min(jobs, Math.max(1, tables.size())); job++) {
                running.add(workers.submit(() -> work(queue, workers)));
            }
            for (Future<?> worker : running) {
                await(worker, queue);
            }
        }
    }

    private static void await(Future<?> worker, Queue<Piece> queue) throws InterruptedException {
        try {
            worker.get();
        } catch (ExecutionException e) {
            queue.clear();
            throw e.getCause() instanceof RuntimeException cause
                    ? cause
                    : new IllegalStateException(e.getCause());
        }
    }

    private List<Piece> bySize(List<Followed> tables) {
        try (Session session = Session.open(provider, NAME)) {
            return tables.stream()
                    .map(t ->
                            new Piece(
                                    t,
                                    Long.parseLong(
                                            session.value(CopySql.SIZE, Sql.name(t.name())))))
                    .sorted(Comparator.comparingLong(Piece::bytes).reversed())
                    .toList();
        }
    }

    private Void work(Queue<Piece> queue, ExecutorService workers)
            throws IOException, InterruptedException {
        try (Session source = Session.open(provider, NAME);
                Session target = Session.open(follower, NAME)) {
            source.begin();
            source.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
            source.execute(CopySql.useSnapshot(snapshot));
            target.execute(LinkSql.APPLYING);
            for (Piece piece = queue.poll(); piece != null; piece = queue.poll()) {
                copyTable(source, target, piece, workers);
            }
            source.rollback();
            return null;
        }
    }

    private void copyTable(Session source, Session target, Piece piece, ExecutorService workers)
            throws IOException, InterruptedException {
        Followed table = piece.table;
        String name = table.name().toString();
        target.begin();
        long rows;
        try {
            rows =
                    new Pipe(source, target, workers)
                            .copy(
                                    FollowSql.copyOut(
                                            table.name(), table.columns(), table.filter()),
                                    FollowSql.copyIn(table.name(), table.columns()),
                                    out -> counting(out, name));
        } catch (PgError.Refused e) {
            throw PgError.refused("copying table %s: %s".formatted(name, e.getMessage()), e);
        }
        target.commit();
        progress.copied(name, bytesDone.get(), bytesTotal, rows);
    }

    private OutputStream counting(OutputStream out, String table) {
        return new FilterOutputStream(out) {
            private long told;

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                out.write(bytes, offset, length);
                long done = bytesDone.addAndGet(length);
                if (done - told > REPORT_BYTES) {
                    told = done;
                    progress.copied(table, done, bytesTotal, 0);
                }
            }
        };
    }
}
