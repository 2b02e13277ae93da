package org.pgchorus.link;

import org.pgchorus.pg.LogStream;
import org.pgchorus.pg.Patience;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;

import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;

/**
 * Lets go of a server that shuts down, or says nothing any more. A fast shutdown ends ordinary
 * sessions first, and then waits for its senders; one whose log ends in the middle of a record, as
 * transactions leave it that were broken off, never thinks that it has sent all, and the server
 * would wait for ever. So an ordinary session stands beside the stream: when the server ends it,
 * the stream is broken too. The slot keeps what was not sent.
 *
 * <p>On a stream alone, silence tells nothing: nobody may have written. Beside it something is
 * asked all the time, so that a network that loses everything is noticed.
 *
 * <p>A thread of its own, from its beginning to soon after {@link #close}.
 */
final class SourceWatch implements AutoCloseable {
    private static final long EVERY_MILLIS = 500;

    private final LinkPlan plan;
    private final LogStream stream;
    private final Thread thread;
    private volatile Session session;
    private volatile boolean closed;

    private SourceWatch(LinkPlan plan, LogStream stream, ThreadFactory threads) {
        this.plan = plan;
        this.stream = stream;
        thread = threads.newThread(this::watch);
    }

    /** Begins. */
    static SourceWatch start(LinkPlan plan, LogStream stream, ThreadFactory threads) {
        SourceWatch watch = new SourceWatch(plan, stream, threads);
        watch.thread.start();
        return watch;
    }

    private void watch() {
        boolean stood = false;
        try (Session opened = Session.open(plan.from(), plan.applicationName())) {
            session = opened;
            Patience.bound(opened);
            stood = true;
            while (!closed) {
                opened.value("SELECT 1");
                TimeUnit.MILLISECONDS.sleep(EVERY_MILLIS);
            }
        } catch (PgError e) {
            // A session that could not be had, for want of connections, say, tells nothing.
            if (stood && !closed) {
                stream.abort();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends it soon, and does not wait for that. */
    @Override
    public void close() {
        closed = true;
        Session open = session;
        if (open != null) {
            open.abort();
        }
        thread.interrupt();
    }
}
