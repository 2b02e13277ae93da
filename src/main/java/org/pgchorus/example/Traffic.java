package org.pgchorus.example;

import org.pgchorus.daemon.Ending;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;

/**
 * Clients that write without a pause, each over a connection of its own, and count what the servers
 * have acknowledged.
 *
 * <p>Any thread.
 */
final class Traffic implements AutoCloseable {
    /** Servers, daemons and clients share few cores here: a client takes a breath. */
    private static final long BREATH_MILLIS = 20;

    /** What clients have to expect: not serializable, deadlock. */
    private static final Set<String> EXPECTED = Set.of("40001", "40P01");

    private final Work work;
    private final List<Thread> clients = new CopyOnWriteArrayList<>();
    private final Map<String, LongAdder> acknowledged = new ConcurrentHashMap<>();
    private final AtomicReference<RuntimeException> failure = new AtomicReference<>();
    private volatile boolean stopped;

    /** One transaction of a client. */
    @FunctionalInterface
    interface Work {
        /** Writes something; returns what kind of thing it was, to be counted. */
        String write(Session session, Random random);
    }

    Traffic(Work work) {
        this.work = work;
    }

    /** Lets clients write on a node from now on. */
    void begin(Node node, int count) {
        for (int i = 0; i < count; i++) {
            Random random = new Random(clients.size() + 1L);
            clients.add(Thread.ofVirtual().start(() -> write(node, random)));
        }
    }

    private void write(Node node, Random random) {
        try (Session session = Session.open(node.address().address(), "pgchorus example")) {
            session.execute("RESET synchronous_commit");
            while (!stopped) {
                try {
                    String kind = work.write(session, random);
                    count(kind);
                    count(node.name());
                } catch (PgError e) {
                    if (!EXPECTED.contains(e.sqlState())) {
                        throw e;
                    }
                }
                Thread.sleep(BREATH_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            failure.compareAndSet(null, e);
        }
    }

    private void count(String what) {
        acknowledged.computeIfAbsent(what, _ -> new LongAdder()).increment();
    }

    /** What has been acknowledged so far, by kind and by the node's name. */
    long acknowledged(String what) {
        LongAdder count = acknowledged.get(what);
        return count == null ? 0 : count.sum();
    }

    /** The same for several nodes. */
    Map<String, Long> byNode(List<Node> nodes) {
        Map<String, Long> counts = new TreeMap<>();
        nodes.forEach(node -> counts.put(node.name(), acknowledged(node.name())));
        return counts;
    }

    /** What a client could not go on after. */
    Optional<RuntimeException> failure() {
        return Optional.ofNullable(failure.get());
    }

    @Override
    public void close() {
        stop();
    }

    /** Ends the clients, each after its transaction; returns when they have ended. */
    void stop() {
        stopped = true;
        clients.forEach(Ending::await);
    }
}
