package org.pgchorus.member;

import org.pgchorus.config.Address;
import org.pgchorus.member.CopyPlanner.Piece;
import org.pgchorus.model.Stamp;
import org.pgchorus.model.Table;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.CopySql;
import org.pgchorus.sql.JoinSql;
import org.pgchorus.sql.LinkSql;
import org.pgchorus.sql.ObjectNames;
import org.pgchorus.sql.Sql;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Copies the rows of the provider's tables under one snapshot, in pieces, several at once.
 *
 * <p>Copied rows carry the horizon as their stamp, under an origin of the copy; those written later
 * than the horizon get their true stamp. When all pieces of a table are there, what is remembered
 * of its keys follows: additions to delta columns, and displaced rows.
 *
 * <p>Each piece is a transaction at the newcomer that gives stamps and notes the piece. So a piece
 * whose connections broke is tried again, and is not copied twice if it was committed after all. No
 * lock stays at the provider between pieces.
 */
final class Copier {
    /** How many bytes go by between two reports of progress. */
    private static final long REPORT_BYTES = 1 << 20;

    /** A server that crashed is back by then, if it comes back by itself. */
    private static final long RETRY_SECONDS = 30;

    private static final long RETRY_MILLIS = 500;

    /** A killed session needs a moment to give its origin back. */
    private static final long ORIGIN_SECONDS = 30;

    private final Address provider;
    private final Address newcomer;
    private final Snapshot snapshot;
    private final String groupId;
    private final int newcomerId;
    private final JoinProgress progress;
    private final long pieceBytes;
    private final AtomicLong bytesDone = new AtomicLong();
    private final Map<TableName, Counts> counts = new TreeMap<>();
    private long bytesTotal;

    /** What is left to do of a table, and how much of it there is. Any thread. */
    private static final class Counts {
        private final Set<Integer> pieces = new HashSet<>();
        private final AtomicLong bytesDone = new AtomicLong();
        private long bytesTotal;

        synchronized void expect(Piece piece) {
            pieces.add(piece.number());
            bytesTotal += piece.bytes();
        }

        /** Whether no piece is missing any more; the same answer when asked again. */
        synchronized boolean isLast(Piece done) {
            pieces.remove(done.number());
            return pieces.isEmpty();
        }
    }

    /**
     * @param pieceBytes larger tables are cut
     */
    Copier(
            Address provider,
            Address newcomer,
            Snapshot snapshot,
            String groupId,
            int newcomerId,
            JoinProgress progress,
            long pieceBytes) {
        this.provider = provider;
        this.newcomer = newcomer;
        this.snapshot = snapshot;
        this.groupId = groupId;
        this.newcomerId = newcomerId;
        this.progress = progress;
        this.pieceBytes = pieceBytes;
    }

    /** Copies the tables; the first failure of any stops all. */
    void copy(List<TableName> tables, int jobs, ThreadFactory threads) throws InterruptedException {
        List<Piece> pieces = pieces(tables);
        CopyTurns turns = new CopyTurns(pieces);
        bytesTotal = pieces.stream().mapToLong(Piece::bytes).sum();
        int workers = Math.min(jobs, Math.max(1, pieces.size()));
        try (ExecutorService executor = Executors.newThreadPerTaskExecutor(threads)) {
            List<Future<?>> running = new ArrayList<>();
            for (int job = 0; job < workers; job++) {
                int number = job;
                running.add(executor.submit(() -> work(number, turns)));
            }
            RuntimeException failure = null;
            for (Future<?> worker : running) {
                try {
                    worker.get();
                } catch (ExecutionException e) {
                    turns.stop();
                    RuntimeException cause =
                            e.getCause() instanceof RuntimeException known
                                    ? known
                                    : new IllegalStateException(e.getCause());
                    failure = failure == null ? cause : failure;
                }
            }
            if (failure != null) {
                throw failure;
            }
        }
    }

    private List<Piece> pieces(List<TableName> tables) {
        try (Session session = Session.open(provider, JoinSql.WORKER)) {
            List<CopyPlanner.Extent> extents = new ArrayList<>();
            for (TableName table : tables) {
                extents.addAll(
                        session.query(
                                JoinSql.EXTENT,
                                row ->
                                        new CopyPlanner.Extent(
                                                table, row.number(1), row.number(2), row.text(3)),
                                Sql.name(table)));
            }
            List<Piece> pieces = CopyPlanner.pieces(extents, pieceBytes);
            for (Piece piece : pieces) {
                counts.computeIfAbsent(piece.table(), _ -> new Counts()).expect(piece);
            }
            return pieces;
        }
    }

    /** Takes pieces until none is left; new connections when they break. */
    private Void work(int job, CopyTurns turns) throws InterruptedException {
        Optional<Piece> piece = turns.first();
        long wellNanos = System.nanoTime();
        while (piece.isPresent()) {
            try (Session source = Session.open(provider, JoinSql.WORKER);
                    Session target = Session.open(newcomer, JoinSql.WORKER)) {
                begin(job, target);
                while (piece.isPresent()) {
                    piece(source, target, piece.get());
                    piece = turns.after(piece.get());
                    wellNanos = System.nanoTime();
                }
            } catch (PgError.Busy e) {
                long badNanos = System.nanoTime() - wellNanos;
                if (!isConnectionLost(e) || badNanos > TimeUnit.SECONDS.toNanos(RETRY_SECONDS)) {
                    turns.stop();
                    throw e;
                }
                progress.step(
                        "copying %s again: %s".formatted(piece.get().table(), e.getMessage()));
                TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS);
            } catch (PgError e) {
                turns.stop();
                throw e;
            }
        }
        return null;
    }

    /** Also when an administrator ended it, or the server crashed. */
    private static boolean isConnectionLost(PgError e) {
        return e.sqlState().startsWith("08") || e.sqlState().startsWith("57P");
    }

    private void begin(int job, Session target) throws InterruptedException {
        target.execute(LinkSql.APPLYING);
        // A piece that is done must be so also after a crash of the newcomer: it is not tried
        // again.
        target.execute("SET enable_seqscan = on; SET synchronous_commit = local");
        String origin = ObjectNames.copyOrigin(groupId, newcomerId, job);
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(ORIGIN_SECONDS);
        while (true) {
            try {
                target.value(LinkSql.SETUP_ORIGIN, origin);
                return;
            } catch (PgError.Busy e) {
                if (System.nanoTime() > deadline || isConnectionLost(e)) {
                    throw e;
                }
                TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS);
            }
        }
    }

    private void piece(Session source, Session target, Piece piece) {
        see(source);
        Table from =
                Catalog.describe(source, piece.table())
                        .orElseThrow(() ->
                                PgError.refused(
                                        "table %s is gone at %s"
                                                .formatted(piece.table(), source.where())))
                        .table();
        Table to = twin(target, from);
        if (!isDone(target, piece.number())) {
            copyRows(source, target, piece, from, to);
        }
        source.rollback();
        int afterwards = -1 - piece.number();
        if (counts.get(piece.table()).isLast(piece)
                && from.hasKey()
                && !isDone(target, afterwards)) {
            see(source);
            if (source.value(CopySql.hasEntries(from)).equals("t")) {
                target.begin();
                copyEntries(source, target, from, to);
                commit(target, afterwards);
            }
            source.rollback();
        }
    }

    private static boolean isDone(Session target, int number) {
        return target.value(JoinSql.IS_PIECE_DONE, number).equals("t");
    }

    private void commit(Session target, int number) {
        target.update(JoinSql.PIECE_DONE, number);
        target.query(LinkSql.STAMP, row -> 0, Stamp.instantOf(snapshot.horizonMicros()));
        target.commit();
    }

    /** Makes the session see the snapshot, in a transaction that holds no locks yet. */
    private void see(Session source) {
        source.rollback();
        source.begin();
        source.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
        try {
            source.execute(CopySql.useSnapshot(snapshot.exported()));
        } catch (PgError.Refused e) {
            throw PgError.refused(
                    ("the snapshot at %s is gone with the session that held it (%s), and rows of"
                                    + " another one would not fit; join again")
                            .formatted(source.where(), e.getMessage()),
                    e);
        }
    }

    private void copyRows(Session source, Session target, Piece piece, Table from, Table to) {
        boolean binary = CopySql.canBeBinary(from, to);
        Telling telling = new Telling(piece);
        target.begin();
        try {
            long rows =
                    source.copyTo(
                            target,
                            CopySql.out(from, piece.fromBlock(), piece.toBlock(), binary),
                            CopySql.in(from, binary),
                            telling::passed);
            requireSameFile(source, piece, from);
            if (from.hasKey()) {
                restamp(source, target, piece, from, to);
            }
            commit(target, piece.number());
            telling.done(rows);
        } catch (PgError.Refused e) {
            throw PgError.refused(
                    "copying table %s: %s".formatted(piece.table(), e.getMessage()), e);
        } catch (PgError.Busy e) {
            telling.nothing();
            throw e;
        }
    }

    /** Counts what goes by of one piece; bytes of the stream stand for bytes of the table. */
    private final class Telling {
        private final Piece piece;
        private long passedBytes;
        private long toldBytes;

        Telling(Piece piece) {
            this.piece = piece;
        }

        void passed(long bytes) {
            passedBytes += bytes;
            long known = Math.min(passedBytes, piece.bytes());
            if (known - toldBytes >= REPORT_BYTES) {
                tell(known, 0);
            }
        }

        void done(long rows) {
            tell(piece.bytes(), rows);
        }

        /** It is to be copied again. */
        void nothing() {
            tell(0, 0);
        }

        private void tell(long bytes, long rows) {
            long more = bytes - toldBytes;
            toldBytes = bytes;
            String name = piece.table().toString();
            Counts count = counts.get(piece.table());
            progress.table(name, count.bytesDone.addAndGet(more), count.bytesTotal);
            progress.copied(name, bytesDone.addAndGet(more), bytesTotal, rows);
        }
    }

    /**
     * Blocks are only the same between pieces while the table stays in its file. One that was
     * emptied shows no row any more, and its TRUNCATE will come by the stream.
     */
    private static void requireSameFile(Session source, Piece piece, Table from) {
        record State(String file, boolean hasRows) {}
        State now =
                source.first(JoinSql.fileAndRows(from), row -> new State(row.text(1), row.truth(2)))
                        .orElseThrow();
        if (!piece.whole() && !now.file.equals(piece.file()) && now.hasRows) {
            throw PgError.refused(
                    ("table %s was rewritten at %s while it was copied (VACUUM FULL, CLUSTER, ALTER"
                                    + " TABLE); join again when that is over")
                            .formatted(piece.table(), source.where()));
        }
    }

    /**
     * Rows of the piece written after the horizon keep the stamp they have at the provider. Right
     * behind the copy, while its blocks are in memory and all its rows have this transaction's
     * xmin.
     */
    private void restamp(Session source, Session target, Piece piece, Table from, Table to) {
        long recent =
                source.copyTo(
                        target,
                        CopySql.recentOut(
                                from, piece.fromBlock(), piece.toBlock(), snapshot.horizonMicros()),
                        () -> {
                            target.execute(CopySql.recentTable(to));
                            return CopySql.RECENT_IN;
                        },
                        _ -> {});
        if (recent > 0) {
            target.execute(CopySql.restamp(to));
        }
    }

    private static void copyEntries(Session source, Session target, Table from, Table to) {
        target.execute(CopySql.ENTRY_TABLES);
        source.copyTo(target, CopySql.deltasOut(from), CopySql.DELTAS_IN, _ -> {});
        source.copyTo(target, CopySql.displacedOut(from), CopySql.DISPLACED_IN, _ -> {});
        target.execute(CopySql.keepEntries(to));
    }

    /** The newcomer's table with the provider's key, whose index may not be there yet. */
    static Table twin(Session newcomer, Table from) {
        Table own =
                Catalog.describe(newcomer, from.name())
                        .orElseThrow(() ->
                                PgError.refused(
                                        "table %s is missing at %s"
                                                .formatted(from.name(), newcomer.where())))
                        .table();
        return new Table(own.oid(), from.name(), own.columns(), from.key());
    }
}
