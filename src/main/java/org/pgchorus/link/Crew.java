package org.pgchorus.link;

import org.pgchorus.model.Lsn;
import org.pgchorus.pg.LogStream;
import org.pgchorus.pgoutput.Decoder;
import org.pgchorus.pgoutput.MalformedMessage;
import org.pgchorus.pgoutput.Message;

import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The two threads of a connection. One reads the stream, so that the source is answered however
 * long applying takes; one applies. Who has just read a commit while nobody applies does so itself,
 * and the other goes on reading: a transaction that comes alone waits for no other thread to wake
 * up, which on an idle machine would take longer than all the rest of the daemon's work.
 *
 * <p>At any time one thread reads at most, and one applies at most; what they share is handed over
 * under a lock. {@link #run} belongs to one thread and makes the other.
 */
final class Crew {
    /** How long at most nobody looks after what else has to be done. */
    private static final long IDLE_MILLIS = 50;

    /** How long reading waits for room before it tells the source that we live. */
    private static final long ROOM_MILLIS = 1000;

    private final LogStream source;
    private final Duty duty;
    private final Inbox inbox = new Inbox();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private boolean isRead;
    private boolean isApplied;
    private boolean ended;

    /** Why there is nothing more to read; thrown when everything before it is applied. */
    private RuntimeException endOfStream;

    private Throwable failure;

    /** What applying means. By one thread at a time, not always the same. */
    interface Duty {
        /** Whether there is still anything to do; any thread. */
        boolean goesOn();

        /**
         * One step.
         *
         * @param item the next message, if one has come
         * @param sourceReceivedLsn a position that was received before that was looked for
         * @param isLast whether nothing waits behind it
         */
        void step(Optional<Inbox.Item> item, Lsn sourceReceivedLsn, boolean isLast)
                throws InterruptedException;
    }

    private enum Role {
        READ,
        APPLY,
        NONE
    }

    Crew(LogStream source, Duty duty) {
        this.source = source;
        this.duty = duty;
    }

    /**
     * Works until there is nothing more to do, or something fails. Both threads have ended then.
     *
     * @param threads makes the second thread
     */
    void run(ThreadFactory threads) throws InterruptedException {
        Thread other = threads.newThread(this::work);
        other.start();
        try {
            work();
        } finally {
            end(null);
            other.join();
        }
        if (failure instanceof RuntimeException e) {
            throw e;
        }
        if (failure instanceof Error e) {
            throw e;
        }
        if (failure instanceof InterruptedException) {
            throw new InterruptedException("interrupted");
        }
    }

    private void work() {
        try {
            Role role = next();
            while (role != Role.NONE) {
                if (role == Role.READ) {
                    role = read() ? Role.APPLY : next();
                } else {
                    apply();
                    role = next();
                }
            }
        } catch (RuntimeException | Error | InterruptedException e) {
            // Thrown again by the first thread, as its own.
            end(e);
        }
    }

    /** Ends the other one too, wherever it waits. */
    private void end(Throwable because) {
        lock.lock();
        try {
            failure = failure == null ? because : failure;
            ended = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        inbox.close();
        source.abort();
    }

    private Role next() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long nanos = TimeUnit.MILLISECONDS.toNanos(IDLE_MILLIS);
            while (!ended && duty.goesOn()) {
                if (!isApplied && (nanos <= 0 || inbox.isWorthTaking())) {
                    isApplied = true;
                    return Role.APPLY;
                }
                if (endOfStream != null && !isApplied) {
                    if (inbox.isEmpty()) {
                        throw endOfStream;
                    }
                    isApplied = true;
                    return Role.APPLY;
                }
                if (endOfStream == null && !isRead) {
                    isRead = true;
                    return Role.READ;
                }
                nanos =
                        nanos <= 0
                                ? TimeUnit.MILLISECONDS.toNanos(IDLE_MILLIS)
                                : changed.awaitNanos(nanos);
            }
            ended = true;
            changed.signalAll();
            return Role.NONE;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Reads until something came that nobody applies: returns true, and it is this thread's to
     * apply. Returns false at the end of the stream.
     */
    private boolean read() throws InterruptedException {
        try {
            while (true) {
                ByteBuffer bytes = source.read();
                int size = bytes.remaining();
                Message message = Decoder.decode(bytes);
                while (!inbox.offer(message, size, ROOM_MILLIS)) {
                    source.answer();
                }
                if ((message instanceof Message.Commit || inbox.isWorthTaking()) && takesOver()) {
                    return true;
                }
            }
        } catch (MalformedMessage e) {
            noMore(Applier.nonsense(e));
        } catch (RuntimeException e) {
            noMore(e);
        } catch (Error e) {
            noMore(new IllegalStateException("the thread that reads broke", e));
        }
        return false;
    }

    private boolean takesOver() {
        lock.lock();
        try {
            if (isApplied) {
                return false;
            }
            isApplied = true;
            isRead = false;
            changed.signal();
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void noMore(RuntimeException because) {
        lock.lock();
        try {
            endOfStream = because;
            isRead = false;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void apply() throws InterruptedException {
        do {
            // Asked before the inbox is: a message received later lies further on.
            Lsn received = source.receivedLsn();
            Optional<Inbox.Item> item = inbox.poll();
            duty.step(item, received, inbox.isEmpty());
        } while (!isDone());
    }

    private boolean isDone() {
        lock.lock();
        try {
            if (!inbox.isEmpty() && !ended && duty.goesOn()) {
                return false;
            }
            isApplied = false;
            return true;
        } finally {
            lock.unlock();
        }
    }
}
