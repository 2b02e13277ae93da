package org.pgchorus.member;

import org.pgchorus.config.Address;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.JoinSql;

import java.util.concurrent.TimeUnit;

/**
 * Passes on how a copy goes on, and writes it down at the provider once a second, for {@code
 * status}. Any thread.
 */
final class CopyNotes implements JoinProgress, AutoCloseable {
    private static final long NOTE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final JoinProgress next;
    private final int id;
    private final Session session;
    private long notedNanos = System.nanoTime() - NOTE_NANOS;
    private long rows;
    private boolean broken;

    CopyNotes(Address provider, int id, JoinProgress next) {
        this.next = next;
        this.id = id;
        session = Session.open(provider, JoinSql.WORKER);
    }

    @Override
    public void step(String text) {
        next.step(text);
    }

    @Override
    public void table(String table, long bytesDone, long bytesTotal) {
        next.table(table, bytesDone, bytesTotal);
    }

    @Override
    public void copied(String table, long bytesDone, long bytesTotal, long rowsMore) {
        note(bytesDone, bytesTotal, rowsMore);
        next.copied(table, bytesDone, bytesTotal, rowsMore);
    }

    private synchronized void note(long bytesDone, long bytesTotal, long rowsMore) {
        rows += rowsMore;
        long now = System.nanoTime();
        if (broken || now - notedNanos < NOTE_NANOS) {
            return;
        }
        notedNanos = now;
        try {
            session.update(JoinSql.SAY_COPIED, bytesDone, bytesTotal, rows, id);
        } catch (PgError e) {
            // The copy does not need it; if the provider is gone, that is found by those who copy.
            broken = true;
            next.step("status does not hear of the copy any more: " + e.getMessage());
        }
    }

    @Override
    public synchronized void close() {
        session.close();
    }
}
