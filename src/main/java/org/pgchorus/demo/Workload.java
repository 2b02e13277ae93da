package org.pgchorus.demo;

import org.pgchorus.config.Address;
import org.pgchorus.config.NodeAddress;
import org.pgchorus.model.NodeName;
import org.pgchorus.pg.Session;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;

/**
 * Clients that write on every node at once, and take care to be in each other's way: a small shop.
 *
 * <p>What they do is listed in {@link WorkloadClient}. A few clients on each node, each at its
 * share of the rate; a client that falls behind does not hurry to catch up. Any thread may ask;
 * {@link #close} returns when no client writes any more.
 */
public final class Workload implements AutoCloseable {
    /** The tables: a key of one column, of one random value, of two columns, and none. */
    private static final String SCHEMA =
            """
            CREATE TABLE accounts (
                id         integer PRIMARY KEY,
                name       text NOT NULL,
                balance    numeric(12,2) NOT NULL,
                updated_by text NOT NULL,
                note       text
            );
            CREATE TABLE orders (
                id      uuid PRIMARY KEY,
                account integer NOT NULL,
                amount  numeric(10,2) NOT NULL,
                state   text NOT NULL,
                placed  timestamptz NOT NULL DEFAULT now()
            );
            CREATE TABLE seats (
                flight    text,
                seat      text,
                passenger text NOT NULL,
                PRIMARY KEY (flight, seat)
            );
            CREATE TABLE events (
                node     text NOT NULL,
                happened timestamptz NOT NULL DEFAULT now(),
                what     text NOT NULL
            )\
            """;

    static final int ACCOUNTS = 1000;

    private static final String FIRST_ROWS =
            """
            INSERT INTO accounts
            SELECT i, 'customer ' || i, 100, 'n1', 'since the beginning'
            FROM generate_series(1, %d) i\
            """
                    .formatted(ACCOUNTS);

    /** Enough that clients on one node meet each other too, and wait for each other's locks. */
    private static final int CLIENTS_PER_NODE = 4;

    /** Orders that clients of any node may change; older ones are left in peace. */
    private static final int SHARED_ORDERS = 64;

    private final Map<NodeName, LongAdder> committed = new LinkedHashMap<>();
    private final LongAdder refused = new LongAdder();
    private final AtomicReference<String> failure = new AtomicReference<>();
    private final AtomicReferenceArray<String> orders = new AtomicReferenceArray<>(SHARED_ORDERS);
    private final Writers writers = new Writers();

    private Workload() {}

    /** Creates the empty tables. */
    public static void createTables(Address node) {
        try (Session session = Session.open(node, "pgchorus demo")) {
            session.execute(SCHEMA);
        }
    }

    /** Puts the first rows in, on one node: the others are to get them as they join. */
    public static void fill(Address node) {
        try (Session session = Session.open(node, "pgchorus demo")) {
            session.execute(FIRST_ROWS);
        }
    }

    /**
     * Starts writing.
     *
     * @param ratePerSecond transactions a second, in all
     * @param seed of all dice; two runs with one seed try the same things, but never in one order
     */
    public static Workload start(List<NodeAddress> nodes, int ratePerSecond, long seed) {
        Workload load = new Workload();
        int count = nodes.size() * CLIENTS_PER_NODE;
        long periodNanos = count * 1_000_000_000L / ratePerSecond;
        List<WorkloadClient> clients = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            NodeAddress node = nodes.get(i % nodes.size());
            load.committed.putIfAbsent(node.name(), new LongAdder());
            WorkloadClient client =
                    new WorkloadClient(
                            load,
                            node,
                            new Writers.Pace(periodNanos * i / count, periodNanos),
                            seed + i);
            clients.add(client);
        }
        load.writers.start("demo client", clients);
        return load;
    }

    /** Transactions committed so far, by node; each has changed something. */
    public Map<NodeName, Long> committed() {
        Map<NodeName, Long> counts = new LinkedHashMap<>();
        committed.forEach((node, count) -> counts.put(node, count.sum()));
        return counts;
    }

    /** Transactions that their own node refused: key taken, deadlock, could not serialize. */
    public long refused() {
        return refused.sum();
    }

    /** Why a client gave up, the first one that did; empty as long as all go on. */
    public Optional<String> failure() {
        return Optional.ofNullable(failure.get());
    }

    /** Stops writing; no effect if it has stopped. */
    @Override
    public void close() {
        writers.close();
    }

    void committed(NodeName node) {
        committed.get(node).increment();
    }

    void refusedOne() {
        refused.increment();
    }

    void failed(String why) {
        failure.compareAndSet(null, why);
    }

    /** Remembers an order as one that others may change. */
    void share(int place, String order) {
        orders.set(Math.floorMod(place, SHARED_ORDERS), order);
    }

    /** An order placed lately on any node. */
    Optional<String> sharedOrder(int place) {
        return Optional.ofNullable(orders.get(Math.floorMod(place, SHARED_ORDERS)));
    }
}
