package org.pgchorus.bench;

import org.pgchorus.config.Address;
import org.pgchorus.pg.Session;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * A client that inserts single rows at an even rate into a table with {@code id} and {@code v},
 * each in a transaction that is on disk when it answers.
 *
 * <p>Decoding only sees what is on disk: with {@code synchronous_commit = off} everybody would wait
 * for the server's WAL writer first.
 */
final class Pen {
    /** So that two of them can write one table, one the odd ids, one the even. */
    static final int STEP = 2;

    private final Address server;
    private final String table;
    private final int perSecond;

    Pen(Address server, String table, int perSecond) {
        this.server = server;
        this.table = table;
        this.perSecond = perSecond;
    }

    /**
     * Writes one row, and more until told to stop; one that is late catches up.
     *
     * @param firstId of the rows, which go up by {@link #STEP}
     * @return the id that would come next
     */
    long write(long firstId, BooleanSupplier goOn) {
        long id = firstId;
        String insert = "INSERT INTO %s (id, v) VALUES (?, 'row')".formatted(table);
        try (Session session = Session.open(server, "pgchorus bench")) {
            session.execute("SET synchronous_commit = on");
            long periodNanos = TimeUnit.SECONDS.toNanos(1) / perSecond;
            long next = System.nanoTime();
            do {
                while (next - System.nanoTime() > 0) {
                    LockSupport.parkNanos(next - System.nanoTime());
                }
                session.update(insert, id);
                id += STEP;
                next += periodNanos;
            } while (goOn.getAsBoolean());
        }
        return id;
    }

    /** As {@link #write}, for so many rows. */
    void write(long firstId, long rows) {
        long[] left = {rows};
        write(firstId, () -> --left[0] > 0);
    }
}
