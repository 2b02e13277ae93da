package org.pgchorus.member;

import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.function.UnaryOperator;

/** Leads a COPY out of one database into another, without a file in between. One thread. */
final class Pipe {
    /** Between reading and writing: a few network packets, so that neither waits for the other. */
    private static final int PIPE_BYTES = 1 << 20;

    private final Session source;
    private final Session target;
    private final ExecutorService readers;

    Pipe(Session source, Session target, ExecutorService readers) {
        this.source = source;
        this.target = target;
        this.readers = readers;
    }

    /**
     * Copies; both sessions are in their transactions.
     *
     * @param on what to wrap around the stream of bytes
     * @return rows
     */
    long copy(String out, String in, UnaryOperator<OutputStream> on)
            throws IOException, InterruptedException {
        PipedInputStream end = new PipedInputStream(PIPE_BYTES);
        OutputStream begin = on.apply(new PipedOutputStream(end));
        Future<Long> reading =
                readers.submit(() -> {
                    try (begin) {
                        return source.copyOut(out, begin);
                    }
                });
        long rows;
        try (end) {
            rows = target.copyIn(in, end);
        } catch (PgError | IOException e) {
            // The reader's own failure is the likelier cause of a broken pipe.
            try {
                reading.get();
            } catch (ExecutionException cause) {
                e.addSuppressed(cause.getCause());
            }
            throw e;
        }
        return sameRows(reading, rows);
    }

    /** A reader that failed looks to the writer like the end of the rows. */
    private static long sameRows(Future<Long> reading, long written) throws InterruptedException {
        try {
            long read = reading.get();
            if (read != written) {
                throw PgError.busy("%d rows were read and %d written".formatted(read, written));
            }
            return written;
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException cause
                    ? cause
                    : new IllegalStateException(e.getCause());
        }
    }
}
