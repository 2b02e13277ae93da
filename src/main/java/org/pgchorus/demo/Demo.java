package org.pgchorus.demo;

import org.pgchorus.config.NodeAddress;
import org.pgchorus.daemon.Conflicts;
import org.pgchorus.daemon.Status;
import org.pgchorus.daemon.Survey;
import org.pgchorus.daemon.Waiting;
import org.pgchorus.http.Binding;
import org.pgchorus.http.Server;
import org.pgchorus.model.LinkName;
import org.pgchorus.model.NodeName;
import org.pgchorus.pg.PgError;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * The demonstration: starts servers, makes a group of them, writes on all nodes with conflicts on
 * purpose, and shows that all end equal.
 *
 * <p>{@link #run} belongs to one thread; {@link #endLoad} may come from any.
 */
public final class Demo {
    private static final Duration CONVERGE_LIMIT = Duration.ofSeconds(60);

    /** Enough to find one that tells something. */
    private static final int CONFLICTS_READ = 1000;

    private final DemoOptions options;
    private final Optional<Http> http;
    private final List<Integer> ports;
    private final Consumer<String> out;
    private final CountDownLatch end = new CountDownLatch(1);
    private volatile boolean writing;

    /**
     * Where to answer HTTP.
     *
     * @param asked whether just there; otherwise on a free port if that one is taken
     */
    public record Http(Binding place, boolean asked) {}

    /** One that does not answer HTTP. */
    Demo(DemoOptions options, Consumer<String> out) {
        this(options, Optional.empty(), out);
    }

    /**
     * Looks for ports; starts nothing.
     *
     * @param out takes one line at a time, of at most 80 characters but for addresses and errors
     * @throws IllegalArgumentException if an asked port is taken, or the directory to keep has a
     *     server in it already
     */
    public Demo(DemoOptions options, Optional<Http> http, Consumer<String> out) {
        this.options = options;
        this.http = http;
        this.ports = DemoGroup.ports(options);
        this.out = out;
    }

    /** Ends the load before its time; false, with no effect, if none runs to be ended. */
    public boolean endLoad() {
        boolean first = writing && end.getCount() > 0;
        end.countDown();
        return first;
    }

    /**
     * All of it, from start to clean-up.
     *
     * @return whether all nodes are equal at the end
     * @throws ServerFailed if a server cannot be started, or the group cannot be made
     */
    public boolean run() throws InterruptedException {
        try {
            return show();
        } catch (PgError e) {
            throw new ServerFailed(e.getMessage(), e);
        }
    }

    private boolean show() throws InterruptedException {
        long began = System.nanoTime();
        out.accept(
                "Starting %d throw-away PostgreSQL %d servers, database app on each ..."
                        .formatted(options.nodes(), options.major()));
        try (DemoGroup group = DemoGroup.start(options, ports)) {
            for (NodeAddress node : group.nodes()) {
                Workload.createTables(node.address());
                out.accept("  %s  psql %s".formatted(node.name(), node.address().text()));
            }
            Workload.fill(group.any());
            out.accept(joining(group.nodes()));
            group.form();
            out.accept("Every node is ready, %s after the start.".formatted(since(began)));
            Optional<Server> server = http.map(place -> serve(place, group));
            try {
                boolean equal = settle(group, write(group));
                options.keepIn().ifPresent(directory -> kept(directory, group));
                return equal;
            } finally {
                server.ifPresent(Server::close);
            }
        }
    }

    private Server serve(Http http, DemoGroup group) {
        Optional<String> token =
                http.place.token().isEmpty() ? Optional.of(Binding.newToken()) : Optional.empty();
        Binding place = token.map(http.place::withTokenForChanges).orElse(http.place);
        Server server =
                http.asked
                        ? Server.start(place, group.nodes(), group::applyTimes)
                        : Server.startThereOrElsewhere(place, group.nodes(), group::applyTimes);
        out.accept("Dashboard: %1$s/  health: %1$s/cluster".formatted(server.uri()));
        token.ifPresent(it -> out.accept("Token to change something there: " + it));
        out.accept(
                "To see %s fail there: %s. It is started again after %d s."
                        .formatted(
                                group.nodes().getLast().name(),
                                group.killing(),
                                Revival.AWAY.toSeconds()));
        return server;
    }

    private static String joining(List<NodeAddress> nodes) {
        String last = nodes.getLast().name().text();
        return switch (nodes.size()) {
            case 2 -> "Making a group of n1; n2 joins it and copies its rows ...";
            case 3 -> "Making a group of n1; n2 and n3 join it and copy its rows ...";
            default ->
                    "Making a group of n1; n2 to %s join it and copy its rows ...".formatted(last);
        };
    }

    private static String since(long nanos) {
        return DemoText.seconds(Duration.ofNanos(System.nanoTime() - nanos));
    }

    /** Writes on all nodes for the asked time; returns what was written, after the last of it. */
    private Workload write(DemoGroup group) throws InterruptedException {
        out.accept(
                "Writing %d transactions/s on all nodes, %s: orders, hot accounts,"
                        .formatted(
                                options.ratePerSecond(),
                                options.seconds() == 0
                                        ? "until Ctrl-C"
                                        : "for " + options.seconds() + " s"));
        out.accept(
                "seats booked twice, cancelled here and swapped there."
                        + (options.seconds() == 0 ? "" : " Ctrl-C ends it early."));
        DemoText.head(group.nodes().stream().map(NodeAddress::name).toList()).forEach(out);
        long began = System.nanoTime();
        Revival revival = group.revival(out);
        try (Workload load =
                Workload.start(group.nodes(), options.ratePerSecond(), new Random().nextLong())) {
            writing = true;
            long before = 0;
            int last = 0;
            int second = 1;
            while (!over(began, second) && load.failure().isEmpty()) {
                Map<NodeName, Long> written = load.committed();
                long sum = DemoText.sum(written);
                long rate = (sum - before) / (second - last);
                out.accept(DemoText.second(second, written, rate, survey(group)));
                revival.look(System.nanoTime());
                before = sum;
                last = second;
                // A busy machine may take longer than a second to answer: then one is left out.
                long passed = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - began);
                second = Math.max(second, (int) passed) + 1;
            }
            revival.end();
            return load;
        } finally {
            writing = false;
        }
    }

    /** Waits for the end of a second of the load; whether that was the last one. */
    private boolean over(long began, int second) throws InterruptedException {
        if (options.seconds() > 0 && second > options.seconds()) {
            return true;
        }
        long due = began + TimeUnit.SECONDS.toNanos(second);
        return end.await(due - System.nanoTime(), TimeUnit.NANOSECONDS);
    }

    /** Asks any node that answers. */
    private static Optional<Status> survey(DemoGroup group) {
        return group.nodes().stream().flatMap(node -> survey(node).stream()).findFirst();
    }

    private static Optional<Status> survey(NodeAddress node) {
        try {
            return Optional.of(Survey.of(node.address()));
        } catch (PgError.Busy unreachable) {
            return Optional.empty();
        }
    }

    /** Waits, compares, sums up; returns whether all are equal and nothing went wrong. */
    private boolean settle(DemoGroup group, Workload load) throws InterruptedException {
        out.accept("");
        out.accept("The load has stopped. Waiting until all is applied everywhere ...");
        long began = System.nanoTime();
        List<LinkName> late =
                Waiting.untilApplied(
                        group.any(), CONVERGE_LIMIT, Optional.empty(), Optional.empty());
        String took = since(began);
        if (late.isEmpty()) {
            out.accept("It is, after %s. Comparing every row on all nodes ...".formatted(took));
        } else {
            out.accept("After %s these links still lack something: %s".formatted(took, late));
            Survey.of(group.any()).problems().forEach(it -> out.accept("  " + it));
        }
        TableComparison comparison = TableComparison.of(group.addresses(), List.of());
        out.accept("");
        DemoText.written(load.committed(), load.refused()).forEach(out);
        out.accept(DemoText.rows(comparison.rows()));
        conflicts(group);
        out.accept("");
        comparison.differences().forEach(out);
        load.failure().ifPresent(why -> out.accept("A client could not go on: " + why));
        boolean equal = late.isEmpty() && comparison.differences().isEmpty();
        out.accept(equal ? "converged" : "not converged");
        return equal && load.failure().isEmpty();
    }

    private void conflicts(DemoGroup group) {
        DemoText.conflicts(Conflicts.stats(group.any()).found()).forEach(out);
        List<Conflicts.Conflict> newest =
                Conflicts.list(
                                group.any(),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                CONFLICTS_READ)
                        .found();
        DemoText.sample(newest).map(DemoText::conflict).ifPresent(it -> it.forEach(out));
    }

    /** How to have the same servers again. */
    private void kept(Path directory, DemoGroup group) {
        out.accept("");
        out.accept("The data stay in %s. To start the servers again:".formatted(directory));
        group.startAgain().forEach(it -> out.accept("  " + it));
        out.accept("and to serve the group: pgchorus run \\");
        String nodes =
                group.nodes().stream().map(it -> "  " + it).collect(Collectors.joining(" \\\n"));
        nodes.lines().forEach(out);
    }
}
