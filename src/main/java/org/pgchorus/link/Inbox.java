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

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Deque<Item> items = new ArrayDeque<>();
    private long bytes;
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
            while (!closed && bytes > 0 && bytes + cost > CAPACITY_BYTES) {
                if (nanos <= 0) {
                    return false;
                }
                nanos = changed.awaitNanos(nanos);
            }
            items.add(new Item(message, cameNanos, cost));
            bytes += cost;
            if (message instanceof Message.Commit || bytes >= WORTH_WAKING_BYTES) {
                changed.signalAll();
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
        lock.lockInterruptibly();
        try {
            long nanos = TimeUnit.MILLISECONDS.toNanos(waitMillis);
            while (items.isEmpty()) {
                if (failure != null) {
                    throw failure;
                }
                if (nanos <= 0) {
                    return Optional.empty();
                }
                nanos = changed.awaitNanos(nanos);
            }
            Item item = items.remove();
            bytes -= item.bytes;
            changed.signalAll();
            return Optional.of(item);
        } finally {
            lock.unlock();
        }
    }

    boolean isEmpty() {
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
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Nobody takes any more: lets a waiting reader go. */
    void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
