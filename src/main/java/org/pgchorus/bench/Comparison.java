package org.pgchorus.bench;

import org.pgchorus.config.Address;
import org.pgchorus.daemon.Verification;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * How fast two nodes are compared, and beside it how fast their servers hash the same rows by one
 * plain query each, both at once, in turns.
 *
 * <p>Nobody writes meanwhile. One thread, besides those that ask.
 */
public final class Comparison {
    private static final long ROWS = 2_000_000;

    private static final String TABLE = "work";

    /** The sum as it is: made a numeric one by one it takes the server half as long again. */
    private static final String HASH =
            "SELECT sum(hashtextextended(t::text, 0)) FROM %s t".formatted(TABLE);

    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private final Options options;
    private final Consumer<String> progress;

    /**
     * @param rounds how often each is measured; the median counts
     * @param scale of the rows, 1 for the whole
     */
    public record Options(Terms terms, int rounds, double scale, boolean againstHash) {
        /** Refuses what cannot be. */
        public Options {
            Limits.rounds(rounds);
            Limits.scale(scale);
        }

        private long rows() {
            return Math.max(100, Math.round(ROWS * scale));
        }
    }

    /**
     * One contestant's rounds.
     *
     * @param perSecond rows of each node, the median of the rounds
     */
    public record Figure(double perSecond, List<Double> rounds) {
        private static Figure of(List<Double> rounds) {
            return new Figure(rounds.stream().sorted().toList().get(rounds.size() / 2), rounds);
        }
    }

    /**
     * What came out.
     *
     * @param rows of each node
     * @param reference the plain query, if it was asked for
     * @param equal whether the nodes were found equal each time
     */
    public record Result(long rows, Figure ours, Optional<Figure> reference, boolean equal) {
        /** Above 1 ours is faster. */
        public Optional<Double> ratio() {
            return reference.map(r -> ours.perSecond / r.perSecond);
        }
    }

    /**
     * @param progress hears what is being done
     */
    public Comparison(Options options, Consumer<String> progress) {
        this.options = options;
        this.progress = progress;
    }

    /** Measures; servers start at the beginning and are gone at the end. */
    public Result run() throws InterruptedException {
        List<Double> our = new ArrayList<>();
        List<Double> their = new ArrayList<>();
        boolean equal = true;
        try (Databases databases = new Databases(options.terms.major());
                Ours group = new Ours(databases, options.terms, "verify", fill())) {
            Direction nodes = group.there();
            for (int round = 1; round <= options.rounds; round++) {
                long began = System.nanoTime();
                equal &= isEqual(nodes.source());
                our.add(told("ours", round, began));
                if (options.againstHash) {
                    began = System.nanoTime();
                    SideBySide.run(List.of(() -> hash(nodes.source()), () -> hash(nodes.target())));
                    their.add(told("hash", round, began));
                }
            }
        }
        return new Result(
                options.rows(),
                Figure.of(our),
                their.isEmpty() ? Optional.empty() : Optional.of(Figure.of(their)),
                equal);
    }

    private double told(String who, int round, long beganNanos) {
        double seconds = (System.nanoTime() - beganNanos) / 1e9;
        progress.accept("%s, round %d: %.2f s".formatted(who, round, seconds));
        return options.rows() / seconds;
    }

    private List<String> fill() {
        return List.of(
                ("CREATE TABLE %s (id bigint PRIMARY KEY, at timestamptz, amount numeric, n int,"
                                + " v text)")
                        .formatted(TABLE),
                ("INSERT INTO %s SELECT i, timestamptz '2026-01-01' + i * interval '1 s', i / 7.0,"
                     + " i %% 100, repeat(md5(i::text), 2) FROM generate_series(1, %d) i")
                        .formatted(TABLE, options.rows()),
                // Hint bits would otherwise be written by whoever reads first.
                "VACUUM ANALYZE " + TABLE);
    }

    private static boolean isEqual(Address any) throws InterruptedException {
        Verification.Request request = new Verification.Request(List.of(), List.of(), PATIENCE, 1);
        return Verification.of(any, request).isEqual();
    }

    private static void hash(Address server) {
        Databases.ask(server, HASH);
    }
}
