package org.pgchorus.bench;

import org.pgchorus.config.Address;
import org.pgchorus.config.NodeAddress;
import org.pgchorus.daemon.NodeOrders;
import org.pgchorus.daemon.Orders;
import org.pgchorus.member.JoinProgress;
import org.pgchorus.member.JoinRequest;
import org.pgchorus.model.NodeName;
import org.pgchorus.pg.PgError;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * How fast a joining node gets its rows, and a plain parallel COPY beside it, from the same
 * database to the same server, with as many connections, in turns.
 *
 * <p>Both begin with empty tables that have their keys already. One thread, besides those that
 * copy.
 */
public final class Copy {
    /** Of the same size, so that a pipe that takes whole tables is not the last to end. */
    private static final int TABLES_PER_JOB = 2;

    private static final long ROWS = 4_000_000;

    /**
     * A join gives rows written in the ten seconds before it their true stamps, one by one; most
     * rows of a database are older than that.
     */
    private static final long AGE_SECONDS = 12;

    private final Options options;
    private final Consumer<String> progress;

    /**
     * @param major PostgreSQL's major version
     * @param rounds how often each is measured; the median counts
     * @param scale of the rows, 1 for the whole
     * @param jobs connections to each server
     */
    public record Options(int major, int rounds, double scale, int jobs, boolean againstPipe) {
        /** Refuses what cannot be. */
        public Options {
            Limits.rounds(rounds);
            Limits.scale(scale);
            if (jobs < 1 || jobs > 64) {
                throw new IllegalArgumentException("--jobs must be from 1 to 64, not " + jobs);
            }
        }

        private List<String> tables() {
            return IntStream.range(0, jobs * TABLES_PER_JOB).mapToObj(i -> "work" + i).toList();
        }

        private long rowsPerTable() {
            return Math.max(100, Math.round(ROWS * scale) / tables().size());
        }
    }

    /**
     * One contestant's rounds.
     *
     * @param perSecond rows, the median of the rounds
     * @param joinSeconds how long the whole join took in that round; empty for what is no join
     */
    public record Figure(double perSecond, List<Double> rounds, Optional<Double> joinSeconds) {
        private static Figure of(long rows, List<Round> rounds) {
            List<Round> sorted =
                    rounds.stream().sorted(Comparator.comparingDouble(Round::copySeconds)).toList();
            Round median = sorted.get(sorted.size() / 2);
            return new Figure(
                    rows / median.copySeconds,
                    rounds.stream().map(round -> rows / round.copySeconds).toList(),
                    median.joinSeconds);
        }
    }

    /**
     * What came out.
     *
     * @param rows copied in a round
     * @param bytes of their tables, without indexes
     * @param reference the pipe, if it was asked for
     * @param equal whether all copies held the same rows as the source
     */
    public record Result(
            long rows, long bytes, Figure ours, Optional<Figure> reference, boolean equal) {
        /** Above 1 ours is faster. */
        public Optional<Double> ratio() {
            return reference.map(r -> ours.perSecond / r.perSecond);
        }
    }

    private record Round(double copySeconds, Optional<Double> joinSeconds, boolean equal) {}

    /**
     * @param progress hears what is being done
     */
    public Copy(Options options, Consumer<String> progress) {
        this.options = options;
        this.progress = progress;
    }

    /** Measures; servers start at the beginning and are gone at the end. */
    public Result run() throws InterruptedException {
        List<Round> our = new ArrayList<>();
        List<Round> their = new ArrayList<>();
        try (Databases databases = new Databases(options.major)) {
            databases.create("copy", schema());
            Address source = databases.source("copy");
            Databases.run(source, fill());
            TimeUnit.SECONDS.sleep(AGE_SECONDS);
            warmUp(databases);
            for (int round = 1; round <= options.rounds; round++) {
                our.add(round(databases, "ours", round));
                if (options.againstPipe) {
                    their.add(round(databases, "pipe", round));
                }
            }
            long rows = options.rowsPerTable() * options.tables().size();
            String bytes =
                    Databases.ask(
                            source,
                            "SELECT sum(pg_table_size(oid)) FROM pg_class WHERE relname ~"
                                    + " '^work[0-9]+$'");
            return new Result(
                    rows,
                    Long.parseLong(bytes),
                    Figure.of(rows, our),
                    their.isEmpty() ? Optional.empty() : Optional.of(Figure.of(rows, their)),
                    our.stream().allMatch(Round::equal) && their.stream().allMatch(Round::equal));
        }
    }

    private List<String> schema() {
        return options.tables().stream()
                .map(table ->
                        ("CREATE TABLE %s (id bigint PRIMARY KEY, at timestamptz, amount numeric,"
                                        + " n int, v text)")
                                .formatted(table))
                .toList();
    }

    private List<String> fill() {
        List<String> statements = new ArrayList<>();
        for (String table : options.tables()) {
            statements.add(
                    ("INSERT INTO %s SELECT i, now(), i / 7.0, i %% 100, repeat(md5(i::text), 2)"
                                    + " FROM generate_series(1, %d) i")
                            .formatted(table, options.rowsPerTable()));
            // Hint bits would otherwise be written by whoever reads first.
            statements.add("VACUUM ANALYZE " + table);
        }
        return statements;
    }

    /**
     * A round that does not count: Java compiles what both run, for some seconds, which is much of
     * these copies and little of those that take long.
     */
    private void warmUp(Databases databases) throws InterruptedException {
        round(databases, "ours", 0);
        if (options.againstPipe) {
            round(databases, "pipe", 0);
        }
    }

    private Round round(Databases databases, String who, int number) throws InterruptedException {
        String database = who + "_w7_" + number;
        databases.createTarget(database, schema());
        Address source = databases.source("copy");
        Address target = databases.target(database);
        Databases.run(target, List.of("CHECKPOINT"));
        Round round = who.equals("ours") ? join(source, target) : pipe(source, target);
        progress.accept(
                "%s, round %d%s: %.2f s, %s"
                        .formatted(
                                who,
                                number,
                                number == 0 ? ", does not count" : "",
                                round.copySeconds,
                                round.equal ? "equal" : "NOT EQUAL"));
        databases.dropTarget(database);
        return round;
    }

    private Round pipe(Address source, Address target) {
        long began = System.nanoTime();
        Pipe.copy(source, target, options.tables(), options.jobs);
        double seconds = (System.nanoTime() - began) / 1e9;
        return new Round(
                seconds, Optional.empty(), Fingerprint.isEqual(source, target, options.tables()));
    }

    private Round join(Address source, Address target) throws InterruptedException {
        Orders.createGroup(new NodeAddress(new NodeName("a"), source), List.of());
        JoinRequest request =
                new JoinRequest(
                        new NodeAddress(new NodeName("b"), target),
                        source,
                        JoinRequest.Schema.EXISTING,
                        true,
                        options.jobs);
        StopWatch watch = new StopWatch(Orders.planJoin(request, JoinProgress.SILENT));
        long began = System.nanoTime();
        Orders.join(request, watch);
        double joinSeconds = (System.nanoTime() - began) / 1e9;
        boolean equal = Fingerprint.isEqual(source, target, options.tables());
        NodeOrders.remove(target, true);
        NodeOrders.remove(source, true);
        return new Round(watch.copySeconds(), Optional.of(joinSeconds), equal);
    }

    /** Takes the time of the step that copies, until the next one begins. */
    private static final class StopWatch implements JoinProgress {
        private final String copying;
        private final String next;
        private volatile long beganNanos;
        private volatile long endedNanos;

        StopWatch(List<String> plan) {
            int at =
                    IntStream.range(0, plan.size())
                            .filter(i -> plan.get(i).startsWith("copy the rows"))
                            .findFirst()
                            .orElseThrow();
            copying = plan.get(at);
            next = plan.get(at + 1);
        }

        @Override
        public void step(String text) {
            if (text.equals(copying)) {
                beganNanos = System.nanoTime();
            } else if (text.equals(next)) {
                endedNanos = System.nanoTime();
            }
        }

        @Override
        public void copied(String table, long bytesDone, long bytesTotal, long rows) {}

        double copySeconds() {
            if (beganNanos == 0 || endedNanos == 0) {
                throw PgError.refused("the join did not copy as planned");
            }
            return (endedNanos - beganNanos) / 1e9;
        }
    }
}
