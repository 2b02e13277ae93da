package org.pgchorus.link;

import org.pgchorus.pgoutput.Message;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The messages between who reads a stream and who applies it, bounded by their bytes and not by
 * their number, so that memory does not depend on the size of a transaction.
 */
final class Inbox {
    /**
     * Enough to keep the applier busy over a pause of the network; small enough that many links fit
     * into a small heap. One message may be larger and is then alone.
     */
    private static final long CAPACITY_BYTES = 8L << 20;

    /**
     * A transaction is taken when its commit has come, or when so much of it has: until then there
     * is little to do, and a thread that is woken for each message delays them all.
     */
    private static final long WORTH_TAKING_BYTES = 64L << 10;

    /** What a message costs beside its bytes. */
    private static final int OVERHEAD_BYTES = 200;

    /**
     * A message and when it came, by {@link System#nanoTime}.
     *
     * @param bytes what it counts for here
     */
    record Item(Message message, long cameNanos, long bytes) {}

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition room = lock.newCondition();
    private final Deque<Item> items = new ArrayDeque<>();
    private long bytes;
    private boolean closed;

    /**
     * Puts a message in.
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
                nanos = room.awaitNanos(nanos);
            }
            items.add(new Item(message, cameNanos, cost));
            bytes += cost;
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Takes the next message, if there is one. */
    Optional<Item> poll() {
        lock.lock();
        try {
            Item item = items.poll();
            if (item == null) {
                return Optional.empty();
            }
            bytes -= item.bytes;
            room.signal();
            return Optional.of(item);
        } finally {
            lock.unlock();
        }
    }

    /** Whether so much waits that it should not wait for its end. */
    boolean isWorthTaking() {
        lock.lock();
        try {
            return bytes >= WORTH_TAKING_BYTES;
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

    /** Nobody takes any more: lets a waiting reader go. */
    void close() {
        lock.lock();
        try {
            closed = true;
            room.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
