package org.pgchorus.route;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;

/**
 * One thread that moves the bytes of many sessions. Only {@link #execute} and {@link #close} may
 * come from others; both sides of a session are at the same loop.
 */
final class Loop implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Loop.class);

    /** Half of what a socket takes at once, and enough for most answers. */
    private static final int BUFFER_BYTES = 32 << 10;

    /** Buffers kept for the next that stall; more are left to the collector. */
    private static final int SPARE_BUFFERS = 64;

    /** How exactly deadlines are kept. */
    private static final long TICK_MILLIS = 250;

    /** Connections that have not said yet what they want; the oldest make room for new ones. */
    static final int MOST_WAITING = 1000;

    private final Selector selector;
    private final Thread thread;
    private final Queue<Runnable> orders = new ConcurrentLinkedQueue<>();
    private final Set<Passage> passages = new LinkedHashSet<>();
    private final Set<Passage> limited = new LinkedHashSet<>();
    private final Deque<ByteBuffer> spare = new ArrayDeque<>();
    private ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
    private long nextTickNanos = System.nanoTime();
    private volatile boolean closed;

    private Loop(int number) throws IOException {
        selector = Selector.open();
        thread = Thread.ofPlatform().name("route-" + number).daemon().unstarted(this::run);
    }

    /** What waits for a channel. */
    @FunctionalInterface
    interface Listener {
        /**
         * @param operations that are ready
         */
        void ready(int operations) throws IOException;
    }

    /** A listener, and whose it is. */
    private record Attachment(Passage passage, Listener listener) {}

    static Loop start(int number) {
        try {
            Loop loop = new Loop(number);
            loop.thread.start();
            return loop;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Does something in the loop's thread, soon; nothing once it is closed. */
    void execute(Runnable order) {
        orders.add(order);
        selector.wakeup();
    }

    private void run() {
        try {
            while (!closed) {
                selector.select(this::ready, TICK_MILLIS);
                for (Runnable order = orders.poll(); order != null; order = orders.poll()) {
                    obey(order);
                }
                obey(this::tick);
            }
            List.copyOf(passages).forEach(Passage::close);
            selector.close();
        } catch (IOException | RuntimeException e) {
            LOG.error("a loop of the router broke", e);
            List.copyOf(passages).forEach(Passage::close);
        }
    }

    /** A supervisor's catch: what breaks ends its own session only. */
    private void ready(SelectionKey key) {
        Attachment attachment = (Attachment) key.attachment();
        try {
            attachment.listener.ready(key.readyOps());
        } catch (IOException lost) {
            LOG.debug("{} ends: {}", attachment.passage, lost.getMessage());
            attachment.passage.close();
        } catch (RuntimeException e) {
            LOG.error("{} broke", attachment.passage, e);
            attachment.passage.close();
        }
    }

    /** A supervisor's catch, too: one order that breaks must not end all sessions. */
    private static void obey(Runnable order) {
        try {
            order.run();
        } catch (RuntimeException e) {
            LOG.error("an order to a loop broke", e);
        }
    }

    private void tick() {
        long now = System.nanoTime();
        if (now - nextTickNanos < 0) {
            return;
        }
        nextTickNanos = now + TimeUnit.MILLISECONDS.toNanos(TICK_MILLIS);
        for (Passage passage : List.copyOf(limited)) {
            passage.tick(now);
        }
    }

    /** Takes a session in; the one that has waited longest goes if there are too many. */
    void take(Passage passage) {
        passages.add(passage);
        if (limited.size() >= MOST_WAITING) {
            limited.iterator().next().late();
        }
        try {
            passage.arrive();
        } catch (IOException lost) {
            LOG.debug("{} ends: {}", passage, lost.getMessage());
            passage.close();
        }
    }

    SelectionKey register(SocketChannel channel, int operations, Passage passage, Listener listener)
            throws IOException {
        return channel.register(selector, operations, new Attachment(passage, listener));
    }

    /** Whether a session has a deadline to keep. */
    void limit(Passage passage, boolean hasDeadline) {
        if (hasDeadline) {
            limited.add(passage);
        } else {
            limited.remove(passage);
        }
    }

    void forget(Passage passage) {
        passages.remove(passage);
        limited.remove(passage);
    }

    /** Ends the sessions of a node, or leads them elsewhere if they have not begun. */
    void cut(Destination destination) {
        for (Passage passage : List.copyOf(passages)) {
            if (passage.isAt(destination)) {
                passage.cut();
            }
        }
    }

    /** The buffer that all share, empty. */
    ByteBuffer buffer() {
        return buffer.clear();
    }

    /** Somebody keeps a buffer; if it is the shared one, another takes its place. */
    @SuppressWarnings("ReferenceEquality") // that very buffer, whatever it holds
    void lend(ByteBuffer kept) {
        if (kept == buffer) {
            ByteBuffer next = spare.poll();
            buffer = next == null ? ByteBuffer.allocateDirect(BUFFER_BYTES) : next;
        }
    }

    /** A buffer that was kept is free again. */
    void takeBack(ByteBuffer kept) {
        if (kept.isDirect() && spare.size() < SPARE_BUFFERS) {
            spare.add(kept);
        }
    }

    @Override
    public void close() {
        closed = true;
        selector.wakeup();
        try {
            thread.join(TimeUnit.SECONDS.toMillis(5));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
