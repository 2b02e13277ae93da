package org.pgchorus.demo;

import org.pgchorus.config.Address;
import org.pgchorus.config.NodeAddress;
import org.pgchorus.daemon.Orders;
import org.pgchorus.model.NodeName;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;

/**
 * Clients that write on the nodes of somebody's group, into tables of their own, with a chosen
 * share of conflicts. What they do is told at {@link LoadClient}. Any thread may ask; {@link
 * #close} returns when none writes any more.
 */
public final class Load implements AutoCloseable {
    /** Where the tables are; nobody else's are touched. */
    public static final String SCHEMA = "pgchorus_load";

    private static final String NAME = "pgchorus load";

    /** On each node by itself: schema changes that travel would come twice. */
    private static final String TABLES =
            """
            SET pgchorus.replicate_ddl = off;
            SET client_min_messages = warning;
            CREATE SCHEMA IF NOT EXISTS pgchorus_load;
            CREATE TABLE IF NOT EXISTS pgchorus_load.entry (
                id   uuid PRIMARY KEY,
                node text NOT NULL,
                made timestamptz NOT NULL DEFAULT clock_timestamp(),
                what text NOT NULL
            );
            CREATE TABLE IF NOT EXISTS pgchorus_load.contested (
                id    integer PRIMARY KEY,
                count bigint NOT NULL,
                node  text NOT NULL
            )\
            """;

    private static final List<String> NAMES = List.of("entry", "contested");

    /**
     * How much.
     *
     * @param rate transactions a second, in all
     * @param count how many, in all; without end if empty
     * @param clients on each node
     * @param conflicts in percent of the transactions
     */
    public record Plan(int rate, OptionalLong count, int clients, int conflicts) {
        /** Refuses what makes no sense. */
        public Plan {
            require(rate > 0, "--rate must be at least 1, not " + rate);
            require(clients > 0, "--clients must be at least 1, not " + clients);
            require(
                    conflicts >= 0 && conflicts <= 100,
                    "--conflicts is from 0 to 100 percent, not " + conflicts);
            require(
                    count.isEmpty() || count.getAsLong() > 0,
                    "--count must be at least 1, not " + count.orElse(0));
        }

        private static void require(boolean sound, String otherwise) {
            if (!sound) {
                throw new IllegalArgumentException(otherwise);
            }
        }
    }

    private final Map<NodeName, LongAdder> committed = new LinkedHashMap<>();
    private final LongAdder refused = new LongAdder();
    private final AtomicReference<String> failure = new AtomicReference<>();
    private final AtomicLong left;
    private final Writers writers = new Writers();

    private Load(Plan plan) {
        left = new AtomicLong(plan.count.orElse(Long.MAX_VALUE));
    }

    /** Makes the tables on all nodes and lets them take part; no effect if it was done before. */
    public static void prepare(Address any, List<NodeAddress> all) {
        for (NodeAddress node : all) {
            try (Session session = Session.open(node.address(), NAME)) {
                session.execute(TABLES);
            }
        }
        List<String> there =
                Orders.tables(any).stream().map(t -> t.schema() + "." + t.name()).toList();
        NAMES.stream()
                .map(name -> SCHEMA + "." + name)
                .filter(table -> !there.contains(table))
                .forEach(table -> Orders.addTable(any, table));
    }

    /**
     * Starts writing.
     *
     * @param seed of all dice
     */
    public static Load start(List<NodeAddress> nodes, Plan plan, long seed) {
        Load load = new Load(plan);
        int count = nodes.size() * plan.clients;
        long periodNanos = count * 1_000_000_000L / plan.rate;
        List<LoadClient> clients = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            NodeAddress node = nodes.get(i % nodes.size());
            load.committed.putIfAbsent(node.name(), new LongAdder());
            clients.add(
                    new LoadClient(
                            load,
                            node,
                            new Writers.Pace(periodNanos * i / count, periodNanos),
                            plan.conflicts,
                            seed + i));
        }
        load.writers.start("load client", clients);
        return load;
    }

    /** Transactions committed so far, by node. */
    public Map<NodeName, Long> committed() {
        Map<NodeName, Long> counts = new LinkedHashMap<>();
        committed.forEach((node, count) -> counts.put(node, count.sum()));
        return counts;
    }

    /** Transactions that their own node refused: deadlock, could not serialize. */
    public long refused() {
        return refused.sum();
    }

    /** Why a client gave up, the first one that did. */
    public Optional<String> failure() {
        return Optional.ofNullable(failure.get());
    }

    /** Whether somebody still writes. */
    public boolean isRunning() {
        return writers.isRunning();
    }

    /** Whether there is one more to be written; it counts as taken. */
    boolean takeOne() {
        return left.getAndUpdate(n -> Math.max(0, n - 1)) > 0;
    }

    /** It was not written after all. */
    void giveBack() {
        left.incrementAndGet();
    }

    void committed(NodeName node) {
        committed.get(node).increment();
    }

    void refusedOne() {
        refused.increment();
    }

    void failed(NodeName node, PgError why) {
        failure.compareAndSet(null, "node %s: %s".formatted(node, why.getMessage()));
    }

    /** Stops writing; no effect if it has stopped. */
    @Override
    public void close() {
        writers.close();
    }
}
