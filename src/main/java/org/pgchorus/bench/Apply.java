package org.pgchorus.bench;

import org.pgchorus.model.Lsn;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * How long it takes to take in what was written while delivery was held: ours, and native
 * replication beside it, on the same two servers, in turns.
 *
 * <p>The clock runs from when somebody reads the source's log again until the source knows that all
 * is at the target for good. Afterwards both ends have to hold the same rows. One round of each
 * comes first and does not count: Java compiles in it, which takes up to half of a core.
 *
 * <p>One thread.
 */
public final class Apply {
    private static final Duration EQUAL_LIMIT = Duration.ofMinutes(2);

    /** Of the other node, while it takes a large transaction in. */
    private static final int OTHERS_PER_SECOND = 50;

    private final Options options;
    private final Consumer<String> progress;

    /**
     * @param works names such as W1; empty for all
     * @param rounds how often each is measured; the median counts
     * @param scale of every work, 1 for the whole
     */
    public record Options(
            Terms terms, List<String> works, int rounds, double scale, boolean againstNative) {
        /** Refuses what cannot be. */
        public Options {
            Limits.rounds(rounds);
            Limits.scale(scale);
            List<String> known = Work.all(1).stream().map(Work::name).toList();
            for (String name : works) {
                if (!known.contains(name)) {
                    throw new IllegalArgumentException(
                            "there is no work %s; there are %s"
                                    .formatted(name, String.join(", ", known)));
                }
            }
        }
    }

    /**
     * One contestant's measured rounds of one work.
     *
     * @param perSecond the median of the rounds
     * @param usage of the round that is the median
     * @param perCpuSecond units of that round by what all processes used for them
     * @param othersMillis the longest that a small transaction of the other node took to come here
     *     meanwhile, in any round; empty if there were none
     */
    public record Figure(
            double perSecond,
            List<Double> rounds,
            Usage usage,
            double perCpuSecond,
            OptionalDouble othersMillis) {
        private static Figure of(long units, List<Round> rounds) {
            List<Round> sorted =
                    rounds.stream().sorted(Comparator.comparingDouble(Round::perSecond)).toList();
            Round median = sorted.get((sorted.size() - 1) / 2);
            return new Figure(
                    median.perSecond,
                    rounds.stream().map(Round::perSecond).toList(),
                    median.usage,
                    units * 1e3 / Math.max(1, median.usage.all().toMillis()),
                    rounds.stream()
                            .flatMap(round -> round.others.stream())
                            .mapToDouble(Quantiles::max)
                            .max());
        }
    }

    /**
     * What came out for one work.
     *
     * @param reference native replication, if it was asked for and can do this at all
     * @param conflicts recorded in the rounds that count
     * @param equal whether source and target hold the same rows, at every contestant
     */
    public record Result(
            Work work, Figure ours, Optional<Figure> reference, long conflicts, boolean equal) {
        /** Above 1 ours is faster. */
        public Optional<Double> ratio() {
            return reference.map(r -> ours.perSecond / r.perSecond);
        }
    }

    private record Round(double perSecond, Usage usage, Optional<Quantiles> others) {}

    /**
     * @param progress hears what is being done
     */
    public Apply(Options options, Consumer<String> progress) {
        this.options = options;
        this.progress = progress;
    }

    /** Measures every work; servers start at the beginning and are gone at the end. */
    public List<Result> run() throws InterruptedException {
        List<Result> results = new ArrayList<>();
        Terms terms = options.terms;
        try (Databases databases = new Databases(terms.major(), terms.latency(), terms.durable())) {
            if (isAskingTheLog()) {
                CommitLog.prepare(databases);
            }
            for (Work work : Work.all(options.scale)) {
                if (isAsked(work)) {
                    results.add(measure(databases, work));
                }
            }
        }
        return results;
    }

    private boolean isAsked(Work work) {
        return options.works.isEmpty() || options.works.contains(work.name());
    }

    private boolean isAskingTheLog() {
        return options.terms.major() >= CommitLog.SINCE;
    }

    private Result measure(Databases databases, Work work) throws InterruptedException {
        progress.accept("%s: %,d %s".formatted(work.name(), work.units(), work.title()));
        try (Ours ours = new Ours(databases, options.terms, work.database("ours"), work.schema())) {
            if (!options.againstNative || work.kind() == Work.Kind.CONFLICTING) {
                return measure(databases, work, ours, Optional.empty());
            }
            boolean bothWays =
                    work.kind() == Work.Kind.BESIDE_OTHERS
                            && options.terms.major() >= Native.BOTH_WAYS_SINCE;
            try (Native reference =
                    new Native(databases, work.database("native"), work.schema(), bothWays)) {
                return measure(databases, work, ours, Optional.of(reference));
            }
        }
    }

    private Result measure(Databases databases, Work work, Ours ours, Optional<Native> reference)
            throws InterruptedException {
        List<Round> our = new ArrayList<>();
        List<Round> their = new ArrayList<>();
        ours.hold(ours.there());
        if (reference.isPresent()) {
            reference.get().hold(reference.get().there());
        }
        long conflictsBefore = 0;
        for (int number = 0; number <= options.rounds; number++) {
            our.add(round(databases, work, ours, number));
            if (reference.isPresent()) {
                their.add(round(databases, work, reference.get(), number));
            }
            if (number == 0) {
                our.clear();
                their.clear();
                conflictsBefore = conflicts(ours);
            }
        }
        boolean equal =
                isEqual(work, ours) && (reference.isEmpty() || isEqual(work, reference.get()));
        return new Result(
                work,
                Figure.of(work.units(), our),
                their.isEmpty() ? Optional.empty() : Optional.of(Figure.of(work.units(), their)),
                conflicts(ours) - conflictsBefore,
                equal);
    }

    private static long conflicts(Ours ours) {
        return Long.parseLong(
                Databases.ask(ours.there().target(), "SELECT count(*) FROM pgchorus.conflict"));
    }

    private Round round(Databases databases, Work work, Contestant one, int number)
            throws InterruptedException {
        Direction there = one.there();
        one.catchUp(there);
        // A sender begins where the last checkpoint before it stopped was, so that it would read
        // the round before this one again.
        Databases.run(there.source(), List.of("CHECKPOINT"));
        one.catchUp(there);
        one.hold(there);
        if (work.kind() == Work.Kind.CONFLICTING) {
            Direction back = one.back().orElseThrow();
            one.catchUp(back);
            one.hold(back);
        }
        Databases.run(there.source(), work.load(number));
        Databases.run(there.target(), work.conflicting(number));
        Lsn end = Slots.end(there.source());
        Optional<Others> others =
                work.kind() == Work.Kind.BESIDE_OTHERS && isAskingTheLog()
                        ? one.back().map(back -> Others.start(databases, back, OTHERS_PER_SECOND))
                        : Optional.empty();
        Usage before = one.usage();
        one.release(there);
        Slots.awaitRead(there);
        long began = System.nanoTime();
        Slots.awaitConfirmed(there, end);
        double seconds = (System.nanoTime() - began) / 1e9;
        Usage after = one.usage();
        Optional<Quantiles> delays = Optional.empty();
        if (others.isPresent()) {
            delays = Optional.of(others.get().stop());
        }
        progress.accept(
                "  %s, round %d: %,.0f %s/s in %.2f s%s"
                        .formatted(
                                one.name(),
                                number,
                                work.units() / seconds,
                                work.unit(),
                                seconds,
                                number == 0 ? ", does not count" : ""));
        if (work.kind() == Work.Kind.CONFLICTING) {
            one.release(one.back().orElseThrow());
        }
        one.hold(there);
        return new Round(work.units() / seconds, after.since(before), delays);
    }

    private boolean isEqual(Work work, Contestant one) throws InterruptedException {
        one.catchUp(one.there());
        if (work.kind() != Work.Kind.ALONE && one.back().isPresent()) {
            one.catchUp(one.back().get());
            awaitEqual(work, one.there());
        }
        boolean equal = Fingerprint.isEqual(one.there(), work.tables());
        progress.accept("  %s: %s".formatted(one.name(), equal ? "equal" : "NOT EQUAL"));
        return equal;
    }

    /** Here both directions have something to bring. */
    private static void awaitEqual(Work work, Direction there) throws InterruptedException {
        long deadline = System.nanoTime() + EQUAL_LIMIT.toNanos();
        while (System.nanoTime() < deadline && !Fingerprint.isEqual(there, work.tables())) {
            TimeUnit.MILLISECONDS.sleep(100);
        }
    }
}
