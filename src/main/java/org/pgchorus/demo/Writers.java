package org.pgchorus.demo;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Clients that write, each on a thread of its own. One thread starts them; any may ask; {@link
 * #close} returns when none writes any more.
 */
final class Writers implements AutoCloseable {
    /** A transaction takes milliseconds; one that waits for a lock, a second. */
    private static final Duration STOP_LIMIT = Duration.ofSeconds(10);

    private final List<Client> clients = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();

    /** What writes. */
    interface Client extends Runnable {
        /** No new transaction from now on. */
        void stop();

        /** Breaks the transaction under way. */
        void abort();
    }

    /** When to write: first after a while, then once a period. */
    record Pace(long firstAfterNanos, long periodNanos) {}

    /** Starts them. */
    void start(String name, List<? extends Client> some) {
        clients.addAll(some);
        some.forEach(it -> threads.add(Thread.ofVirtual().name(name).start(it)));
    }

    /** Whether somebody still writes. */
    boolean isRunning() {
        return threads.stream().anyMatch(Thread::isAlive);
    }

    /** Stops writing; no effect if it has stopped. */
    @Override
    public void close() {
        clients.forEach(Client::stop);
        boolean interrupted = false;
        long deadline = System.nanoTime() + STOP_LIMIT.toNanos();
        for (int i = 0; i < threads.size(); i++) {
            while (threads.get(i).isAlive()) {
                try {
                    Duration left = Duration.ofNanos(Math.max(1, deadline - System.nanoTime()));
                    if (!threads.get(i).join(left)) {
                        clients.get(i).abort();
                        threads.get(i).join();
                    }
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
