package org.pgchorus.bench;

import org.pgchorus.config.Address;
import org.pgchorus.model.Lsn;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * How long a commit at one node takes to be one at the other, while both write at an even rate:
 * ours, and native replication beside it, on the same two servers, in turns.
 *
 * <p>Measured from commit record to commit record ({@link CommitLog}): nobody looks while it goes
 * on. Both servers are on one machine and have one clock.
 *
 * <p>One thread, besides the two that write.
 */
public final class Delay {
    /** Plans and caches are warm by then. */
    private static final int WARM_SECONDS = 2;

    /**
     * Before the first round: Java compiles what has run often, and a daemon that has been up for a
     * minute is what counts. Not more than ten times what is measured.
     */
    private static final int WARM_UP_ROWS = 10_000;

    private static final int WARM_UP_PER_SECOND = 1_000;

    private static final List<String> SCHEMA =
            List.of("CREATE TABLE work (id bigint PRIMARY KEY, v text)");

    private static final List<String> TABLES = List.of("work");

    private final Options options;
    private final Consumer<String> progress;

    /**
     * @param rounds how often each is measured; the median counts
     * @param perSecond transactions of each node
     * @param seconds that a round is measured
     */
    public record Options(
            Terms terms, int rounds, int perSecond, int seconds, boolean againstNative) {
        /** Refuses what cannot be. */
        public Options {
            Limits.rounds(rounds);
            if (perSecond < 1 || perSecond > 10_000) {
                throw new IllegalArgumentException(
                        "--rate must be from 1 to 10000, not " + perSecond);
            }
            if (seconds < 1 || seconds > 3600) {
                throw new IllegalArgumentException(
                        "--seconds must be from 1 to 3600, not " + seconds);
            }
            if (terms.major() < Native.BOTH_WAYS_SINCE) {
                throw new IllegalArgumentException(
                        "--pg must be from %d on: before, native replication cannot go both ways"
                                .formatted(Native.BOTH_WAYS_SINCE));
            }
        }
    }

    /**
     * What came out for one contestant, both directions together.
     *
     * @param median of the rounds, column by column
     */
    public record Figure(Quantiles median, List<Quantiles> rounds) {}

    /**
     * What came out.
     *
     * @param reference native replication, if it was asked for
     * @param equal whether both ends hold the same rows, at every contestant
     */
    public record Result(Figure ours, Optional<Figure> reference, boolean equal) {}

    /**
     * @param progress hears what is being done
     */
    public Delay(Options options, Consumer<String> progress) {
        this.options = options;
        this.progress = progress;
    }

    /** Measures; servers start at the beginning and are gone at the end. */
    public Result run() throws InterruptedException {
        try (Databases databases = new Databases(options.terms.major())) {
            CommitLog.prepare(databases);
            try (Ours ours = new Ours(databases, options.terms, "ours_w4", SCHEMA)) {
                if (!options.againstNative) {
                    return measure(databases, ours, Optional.empty());
                }
                try (Native reference = new Native(databases, "native_w4", SCHEMA, true)) {
                    return measure(databases, ours, Optional.of(reference));
                }
            }
        }
    }

    private Result measure(Databases databases, Ours ours, Optional<Native> reference)
            throws InterruptedException {
        List<Contestant> all = new ArrayList<>(List.of(ours));
        reference.ifPresent(all::add);
        List<List<Quantiles>> rounds = new ArrayList<>();
        for (Contestant one : all) {
            rounds.add(new ArrayList<>());
            holdAll(one);
        }
        for (Contestant one : all) {
            warmUp(one);
        }
        for (int round = 0; round < options.rounds; round++) {
            for (int i = 0; i < all.size(); i++) {
                rounds.get(i).add(round(databases, all.get(i), round));
            }
        }
        boolean equal = all.stream().map(this::isEqual).reduce(true, Boolean::logicalAnd);
        return new Result(
                figure(rounds.getFirst()), reference.map(_ -> figure(rounds.getLast())), equal);
    }

    private static void holdAll(Contestant one) throws InterruptedException {
        for (Direction direction : directions(one)) {
            one.hold(direction);
        }
    }

    private static void catchUp(Contestant one) throws InterruptedException {
        for (Direction direction : directions(one)) {
            one.catchUp(direction);
        }
    }

    private static Figure figure(List<Quantiles> rounds) {
        return new Figure(Quantiles.median(rounds), rounds);
    }

    private static List<Direction> directions(Contestant one) {
        return List.of(one.there(), one.back().orElseThrow());
    }

    private Quantiles round(Databases databases, Contestant one, int round)
            throws InterruptedException {
        List<Direction> directions = directions(one);
        catchUp(one);
        List<Lsn> begins = directions.stream().map(d -> Slots.end(d.target())).toList();
        long warm = (long) WARM_SECONDS * options.perSecond;
        long measured = (long) options.seconds * options.perSecond;
        long firstRow = round * (warm + measured);
        write(directions, options.perSecond, firstRow, warm + measured);
        List<Long> delays = new ArrayList<>();
        for (int i = 0; i < directions.size(); i++) {
            Direction direction = directions.get(i);
            Address server = i == 0 ? databases.target("postgres") : databases.source("postgres");
            delays.addAll(
                    CommitLog.delays(
                            direction,
                            server,
                            begins.get(i),
                            Slots.end(direction.target()),
                            "work",
                            id(firstRow + warm, i),
                            id(firstRow + warm + measured, i)));
        }
        holdAll(one);
        Quantiles quantiles = Quantiles.ofMicros(delays);
        progress.accept(
                "%s, round %d: p50 %.3f ms, p99 %.3f ms, longest %.3f ms"
                        .formatted(
                                one.name(),
                                round + 1,
                                quantiles.p50(),
                                quantiles.p99(),
                                quantiles.max()));
        return quantiles;
    }

    private void warmUp(Contestant one) throws InterruptedException {
        List<Direction> directions = directions(one);
        catchUp(one);
        long rows = Math.min(WARM_UP_ROWS, 10L * options.perSecond * options.seconds);
        write(directions, WARM_UP_PER_SECOND, -rows, rows);
        holdAll(one);
        progress.accept("%s: warm after %d transactions".formatted(one.name(), 2 * rows));
    }

    /** Both nodes write at the same time, each rows of its own, until all is at the other. */
    private static void write(List<Direction> directions, int perSecond, long firstRow, long rows)
            throws InterruptedException {
        List<Runnable> writing = new ArrayList<>();
        for (int i = 0; i < directions.size(); i++) {
            Pen pen = new Pen(directions.get(i).source(), "work", perSecond);
            long firstId = id(firstRow, i);
            writing.add(() -> pen.write(firstId, rows));
        }
        SideBySide.run(writing);
        for (Direction direction : directions) {
            Slots.awaitConfirmed(direction, Slots.end(direction.source()));
        }
    }

    private static long id(long row, int side) {
        return row * Pen.STEP + side;
    }

    private boolean isEqual(Contestant one) {
        boolean equal = Fingerprint.isEqual(one.there(), TABLES);
        progress.accept("%s: %s".formatted(one.name(), equal ? "equal" : "NOT EQUAL"));
        return equal;
    }
}
