package org.pgchorus.link;

import org.pgchorus.pgoutput.Message;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The messages between the thread that reads a stream and the one that applies it, bounded by their
 * bytes and not by their number, so that memory does not depend on the size of a transaction.
 */
final class Inbox {
    /**
     * Enough to keep the applier busy over a pause of the network; small enough that many links fit
     * into a small heap. One message may be larger and is then alone.
     */
    private static final long CAPACITY_BYTES = 8L << 20;

    /**
     * Whoever applies is woken by a commit, or when so much has come: until then there is little to
     * do, and a thread that is woken for each message delays them all.
     */
    private static final long WORTH_WAKING_BYTES = 64L << 10;

    /** What a message costs beside its bytes. */
    private static final int OVERHEAD_BYTES = 200;

    /**
     * A message and when it came, by {@link System#nanoTime}.
     *
     * @param bytes what it counts for here
     */
    record Item(Message message, long cameNanos, long bytes) {}

    /** Taken at once, so that the two threads do not meet at every message. */
    private static final long TAKEN_BYTES = 64L << 10;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition filled = lock.newCondition();
    private final Condition emptied = lock.newCondition();
    private final Deque<Item> items = new ArrayDeque<>();
    private long bytes;
    private boolean isFull;

    /** The applying thread's alone; they count until it comes for more. */
    private final Deque<Item> taken = new ArrayDeque<>();

    private long takenBytes;
    private RuntimeException failure;
    private boolean closed;

    /**
     * Puts a message in. One that is no commit may be taken only after the time that {@link #poll}
     * waits at most.
     *
     * @return false if there was no room within the time; try again
     */
    boolean offer(Message message, int messageBytes, long waitMillis) throws InterruptedException {
        long cameNanos = System.nanoTime();
        long cost = (long) messageBytes + OVERHEAD_BYTES;
        lock.lockInterruptibly();
        try {
            long nanos = TimeUnit.MILLISECONDS.toNanos(waitMillis);
            while (!closed && (isFull || bytes > 0 && bytes + cost > CAPACITY_BYTES)) {
                isFull = true;
                if (nanos <= 0) {
                    return false;
                }
                nanos = emptied.awaitNanos(nanos);
            }
            items.add(new Item(message, cameNanos, cost));
            bytes += cost;
            if (message instanceof Message.Commit || bytes >= WORTH_WAKING_BYTES) {
                filled.signal();
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes the next message, waiting for one at most that long.
     *
     * @throws RuntimeException the reader's failure, once everything before it is taken
     */
    Optional<Item> poll(long waitMillis) throws InterruptedException {
        if (taken.isEmpty()) {
            take(TimeUnit.MILLISECONDS.toNanos(waitMillis));
        }
        return Optional.ofNullable(taken.poll());
    }

    private void take(long waitNanos) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            bytes -= takenBytes;
            takenBytes = 0;
            // A reader that had to wait is woken for a good piece, not for one message.
            if (isFull && bytes <= CAPACITY_BYTES / 2) {
                isFull = false;
                emptied.signal();
            }
            long nanos = waitNanos;
            while (items.isEmpty()) {
                if (failure != null) {
                    throw failure;
                }
                if (nanos <= 0) {
                    return;
                }
                nanos = filled.awaitNanos(nanos);
            }
            while (!items.isEmpty() && takenBytes < TAKEN_BYTES) {
                Item item = items.remove();
                takenBytes += item.bytes;
                taken.add(item);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Whether there is nothing to take; for the applying thread. */
    boolean isEmpty() {
        if (!taken.isEmpty()) {
            return false;
        }
        lock.lock();
        try {
            return items.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    /** The reader ends with this; nothing comes after. */
    void fail(RuntimeException reason) {
        lock.lock();
        try {
            failure = reason;
            filled.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Nobody takes any more: lets a waiting reader go. */
    void close() {
        lock.lock();
        try {
            closed = true;
            emptied.signal();
        } finally {
            lock.unlock();
        }
    }
}
