package org.pgchorus.link;

import org.pgchorus.model.Lsn;
import org.pgchorus.model.Took;
import org.pgchorus.pg.LogStream;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.pgoutput.Decoder;
import org.pgchorus.pgoutput.MalformedMessage;
import org.pgchorus.pgoutput.Message;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Keeps one direction flowing, for ever: connects, applies, and after any failure waits and begins
 * again from the position the target holds.
 *
 * <p>Its whole state is the slot at the source and the origin at the target. {@link #run} belongs
 * to one thread; everything else may be called from any.
 */
public final class Link implements Runnable, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Link.class);

    private static final long FIRST_BACKOFF_MILLIS = 100;

    /** A peer that comes back is heard again within this time. */
    private static final long LAST_BACKOFF_MILLIS = 3000;

    /** How often to look whether what stopped a link has been mended. */
    private static final long STOPPED_MILLIS = 2000;

    /** How long the applying thread waits for a message before it does other duties. */
    private static final long IDLE_MILLIS = 50;

    /** Quiet time after which a position that only keepalives told of is written down. */
    private static final long ADVANCE_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final LinkPlan plan;
    private final Way way;
    private final ApplyTimes times = new ApplyTimes();
    private final ThreadFactory readers;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    private volatile boolean paused;
    private volatile boolean closed;
    private volatile LinkReport report;
    private volatile LogStream stream;
    private volatile Session session;

    /**
     * From one node of a group to another.
     *
     * @param applied shared by all links into the same node
     * @param policies shared like that
     * @param readers makes the thread that reads the stream
     */
    public Link(
            LinkPlan plan,
            Applied applied,
            Policies policies,
            ThreadFactory readers,
            boolean paused) {
        this(plan, new PeerWay(plan, applied, policies), readers, paused);
    }

    /** From a provider to its follower; parameters as in {@link FollowWay}. */
    public static Link following(
            LinkPlan plan,
            String slot,
            List<String> publications,
            long providerSystemIdentifier,
            ThreadFactory readers) {
        return new Link(
                plan,
                new FollowWay(plan, slot, publications, providerSystemIdentifier),
                readers,
                false);
    }

    private Link(LinkPlan plan, Way way, ThreadFactory readers, boolean paused) {
        this.plan = plan;
        this.way = way;
        this.readers = readers;
        this.paused = paused;
        report =
                new LinkReport(
                        plan,
                        paused ? new LinkState.Paused() : new LinkState.Starting(),
                        Lsn.ZERO,
                        Lsn.ZERO,
                        Lsn.ZERO,
                        Long.MIN_VALUE,
                        0,
                        0,
                        0,
                        0,
                        "");
    }

    /** How it stands now. */
    public LinkReport report() {
        return report;
    }

    /** How long applying took, for each transaction since the link was made. */
    public Took applyTimes() {
        return times.soFar();
    }

    /** What it connects. */
    public LinkPlan plan() {
        return plan;
    }

    /** Stops delivery, or lets it go on; returns at once. */
    public void pause(boolean pause) {
        if (paused == pause) {
            return;
        }
        paused = pause;
        breakConnections();
        wake();
    }

    /** Ends {@link #run} soon; nothing applied is lost, nothing is applied twice. */
    @Override
    public void close() {
        closed = true;
        breakConnections();
        wake();
    }

    private void wake() {
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void breakConnections() {
        LogStream reading = stream;
        if (reading != null) {
            reading.abort();
        }
        Session applying = session;
        if (applying != null) {
            applying.abort();
        }
    }

    @Override
    public void run() {
        long backoff = FIRST_BACKOFF_MILLIS;
        while (!closed && !Thread.currentThread().isInterrupted()) {
            if (paused) {
                say(new LinkState.Paused(), "");
                rest(Long.MAX_VALUE, true);
                continue;
            }
            long transactions = report.transactions();
            try {
                streamOnce();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            } catch (PgError.Busy e) {
                fail(new LinkState.Waiting(e.getMessage()), e);
                boolean moved = report.transactions() != transactions;
                backoff = moved ? FIRST_BACKOFF_MILLIS : backoff;
                rest(backoff, false);
                backoff = Math.min(backoff * 2, LAST_BACKOFF_MILLIS);
            } catch (PgError e) {
                fail(new LinkState.Stopped(e.getMessage()), e);
                rest(STOPPED_MILLIS, false);
            } catch (RuntimeException e) {
                LOG.error("link {} broke", plan.name(), e);
                fail(new LinkState.Stopped("internal error: " + e), e);
                rest(STOPPED_MILLIS, false);
            } catch (Error e) {
                // Out of memory, say: a link that ended here would look alive for ever.
                LOG.error("link {} broke", plan.name(), e);
                fail(new LinkState.Stopped("internal error: " + e), new IllegalStateException(e));
                rest(STOPPED_MILLIS, false);
            }
        }
    }

    private void fail(LinkState state, RuntimeException cause) {
        if (paused || closed) {
            return;
        }
        boolean news = !report.state().equals(state);
        report = withState(state, report.standingAt());
        if (news) {
            LOG.warn("link {} {}: {}", plan.name(), state.word(), state.reason());
            LOG.debug("link {}", plan.name(), cause);
        }
    }

    private void say(LinkState state, String standingAt) {
        report = withState(state, standingAt);
    }

    private LinkReport withState(LinkState state, String standingAt) {
        LinkReport last = report;
        return new LinkReport(
                plan,
                state,
                last.sourceReceivedLsn(),
                last.sourceAppliedLsn(),
                last.sourceDurableLsn(),
                last.appliedMicros(),
                last.skewMicros(),
                last.transactions(),
                last.changes(),
                last.conflicts(),
                standingAt);
    }

    /** Waits until woken, the time is over, or, if {@code whilePaused}, the pause is. */
    private void rest(long millis, boolean whilePaused) {
        lock.lock();
        try {
            long nanos = TimeUnit.MILLISECONDS.toNanos(Math.min(millis, 1_000_000_000L));
            while (!closed && nanos > 0 && paused == whilePaused) {
                nanos = changed.awaitNanos(nanos);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
    }

    private void streamOnce() throws InterruptedException {
        String application = plan.applicationName();
        try (Session target = Session.open(plan.to(), application)) {
            session = target;
            try (Receiver receiver = way.arrive(target, times)) {
                way.check(target, receiver.sourceStartLsn());
                receiver.retryHeldFirst();
                try (LogStream opened = way.open(receiver.sourceStartLsn());
                        SourceWatch _ = SourceWatch.start(plan, opened, readers)) {
                    stream = opened;
                    if (paused || closed) {
                        return;
                    }
                    apply(opened, receiver);
                }
            }
        } finally {
            stream = null;
            session = null;
        }
    }

    private void apply(LogStream source, Receiver receiver) throws InterruptedException {
        Inbox inbox = new Inbox();
        Thread reader = readers.newThread(() -> read(source, inbox));
        reader.start();
        LinkReport before = report;
        say(new LinkState.Streaming(), "");
        LOG.info("link {} streaming from {}", plan.name(), receiver.sourceStartLsn());
        long quietSince = System.nanoTime();
        try {
            while (!paused && !closed) {
                // Read before the inbox is looked at: a message received later lies further on.
                Lsn received = source.receivedLsn();
                Optional<Inbox.Item> item = inbox.poll(IDLE_MILLIS);
                if (item.isPresent()) {
                    receiver.take(item.get().message(), item.get().cameNanos());
                    quietSince = System.nanoTime();
                } else if (System.nanoTime() - quietSince > ADVANCE_NANOS) {
                    receiver.advance(received);
                    quietSince = System.nanoTime();
                }
                if (!receiver.inTransaction()) {
                    receiver.retryHeld();
                    receiver.flush(inbox.isEmpty());
                    source.acknowledge(receiver.sourceDurableLsn());
                    report = sum(before, receiver.report(new LinkState.Streaming(), received, ""));
                }
            }
        } catch (RuntimeException e) {
            report =
                    sum(
                            before,
                            receiver.report(
                                    new LinkState.Streaming(),
                                    source.receivedLsn(),
                                    receiver.position()));
            throw e;
        } finally {
            inbox.close();
            source.abort();
            reader.join();
        }
    }

    /** Counters go on where the last connection left them. */
    private static LinkReport sum(LinkReport before, LinkReport now) {
        return new LinkReport(
                now.plan(),
                now.state(),
                now.sourceReceivedLsn(),
                now.sourceAppliedLsn(),
                now.sourceDurableLsn(),
                Math.max(before.appliedMicros(), now.appliedMicros()),
                now.skewMicros(),
                before.transactions() + now.transactions(),
                before.changes() + now.changes(),
                before.conflicts() + now.conflicts(),
                now.standingAt());
    }

    /** The reading thread: never waits without telling the source that we live. */
    private static void read(LogStream source, Inbox inbox) {
        try {
            while (true) {
                ByteBuffer bytes = source.read();
                int size = bytes.remaining();
                Message message = Decoder.decode(bytes);
                while (!inbox.offer(message, size, 1000)) {
                    source.answer();
                }
            }
        } catch (MalformedMessage e) {
            inbox.fail(Applier.nonsense(e));
        } catch (RuntimeException e) {
            inbox.fail(e);
        } catch (Error e) {
            // Whoever applies would wait for ever for a reader that is gone.
            inbox.fail(new IllegalStateException("the thread that reads broke", e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            inbox.fail(PgError.busy("interrupted"));
        }
    }
}
