package org.pgchorus.member;

import org.pgchorus.config.Address;
import org.pgchorus.model.Stamp;
import org.pgchorus.model.Table;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.CopySql;
import org.pgchorus.sql.LinkSql;
import org.pgchorus.sql.ObjectNames;
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
 * Copies the rows of the provider's tables under one snapshot, several tables at once, the largest
 * first.
 *
 * <p>Copied rows carry the horizon as their stamp, under an origin of the copy; those written later
 * than the horizon get their true stamp afterwards. What is remembered of a table's keys comes with
 * it: additions to delta columns, and displaced rows.
 */
final class Copier {
    /** How many bytes go by between two reports of progress. */
    private static final int REPORT_BYTES = 1 << 20;

    private final Address provider;
    private final Address newcomer;
    private final Snapshot snapshot;
    private final String groupId;
    private final int newcomerId;
    private final JoinProgress progress;
    private final AtomicLong bytesDone = new AtomicLong();
    private long bytesTotal;

    Copier(
            Address provider,
            Address newcomer,
            Snapshot snapshot,
            String groupId,
            int newcomerId,
            JoinProgress progress) {
        this.provider = provider;
        this.newcomer = newcomer;
        this.snapshot = snapshot;
        this.groupId = groupId;
        this.newcomerId = newcomerId;
        this.progress = progress;
    }

    private record Piece(TableName table, long bytes) {}

    /** Copies the tables; the first failure of any stops all. */
    void copy(List<TableName> tables, int jobs, ThreadFactory threads) throws InterruptedException {
        Queue<Piece> queue = new ConcurrentLinkedQueue<>(bySize(tables));
        bytesTotal = queue.stream().mapToLong(Piece::bytes).sum();
        try (ExecutorService workers = Executors.newThreadPerTaskExecutor(threads)) {
            List<Future<?>> running = new ArrayList<>();
            for (int job = 0; job < Math.min(jobs, Math.max(1, tables.size())); job++) {
                int number = job;
                running.add(workers.submit(() -> work(number, queue, workers)));
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

    private List<Piece> bySize(List<TableName> tables) {
        try (Session session = Session.open(provider, "pgchorus join")) {
            return tables.stream()
                    .map(t ->
                            new Piece(t, Long.parseLong(session.value(CopySql.SIZE, Sql.name(t)))))
                    .sorted(Comparator.comparingLong(Piece::bytes).reversed())
                    .toList();
        }
    }

    private Void work(int job, Queue<Piece> queue, ExecutorService workers)
            throws IOException, InterruptedException {
        try (Session source = Session.open(provider, "pgchorus join");
                Session target = Session.open(newcomer, "pgchorus join")) {
            source.begin();
            source.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
            source.execute(CopySql.useSnapshot(snapshot.exported()));
            target.execute(LinkSql.APPLYING);
            target.value(LinkSql.SETUP_ORIGIN, ObjectNames.copyOrigin(groupId, newcomerId, job));
            for (Piece piece = queue.poll(); piece != null; piece = queue.poll()) {
                long rows = copyTable(source, target, piece, workers);
                progress.copied(piece.table.toString(), bytesDone.get(), bytesTotal, rows);
            }
            source.rollback();
            return null;
        }
    }

    private long copyTable(Session source, Session target, Piece piece, ExecutorService workers)
            throws IOException, InterruptedException {
        Table from = describe(source, piece.table);
        Table to = describe(target, piece.table);
        target.begin();
        Pipe pipe = new Pipe(source, target, workers);
        long rows = pipe.copy(CopySql.out(from), CopySql.in(to), out -> counting(out, piece));
        if (from.hasKey()) {
            // Rows written after the horizon keep the stamp they have at the provider.
            target.execute(CopySql.recentTable(to));
            pipe.copy(
                    CopySql.recentOut(from, snapshot.horizonMicros()),
                    CopySql.RECENT_IN,
                    out -> out);
            target.execute(CopySql.restamp(to));
            target.execute(CopySql.ENTRY_TABLES);
            pipe.copy(CopySql.deltasOut(from), CopySql.DELTAS_IN, out -> out);
            pipe.copy(CopySql.displacedOut(from), CopySql.DISPLACED_IN, out -> out);
            target.execute(CopySql.keepEntries(to));
        }
        target.query(LinkSql.STAMP, row -> 0, Stamp.instantOf(snapshot.horizonMicros()));
        target.commit();
        return rows;
    }

    private static Table describe(Session session, TableName name) {
        return Catalog.describe(session, name)
                .orElseThrow(() ->
                        PgError.refused(
                                "table %s is missing at %s".formatted(name, session.where())))
                .table();
    }

    private OutputStream counting(OutputStream out, Piece piece) {
        return new FilterOutputStream(out) {
            private long told;

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                out.write(bytes, offset, length);
                long done = bytesDone.addAndGet(length);
                if (done - told > REPORT_BYTES) {
                    told = done;
                    progress.copied(piece.table.toString(), done, bytesTotal, 0);
                }
            }
        };
    }
}
