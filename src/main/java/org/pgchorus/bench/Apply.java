package org.pgchorus.bench;

import org.pgchorus.model.Lsn;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * How long it takes to take in what was written while delivery was held: ours, and native
 * replication beside it, on the same two servers, in turns.
 *
 * <p>The clock runs from when somebody reads the source's log again until the source knows that all
 * is at the target for good. Afterwards both ends have to hold the same rows.
 *
 * <p>One thread.
 */
public final class Apply {
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
     */
    public record Figure(double perSecond, List<Double> rounds, Usage usage) {
        private static Figure of(List<Round> rounds) {
            List<Round> sorted =
                    rounds.stream().sorted(Comparator.comparingDouble(Round::perSecond)).toList();
            Round median = sorted.get((sorted.size() - 1) / 2);
            return new Figure(
                    median.perSecond, rounds.stream().map(Round::perSecond).toList(), median.usage);
        }
    }

    /**
     * What came out for one work.
     *
     * @param reference native replication, if it was asked for and can do this at all
     * @param conflicts recorded in all rounds
     * @param equal whether source and target hold the same rows, at every contestant
     */
    public record Result(
            Work work, Figure ours, Optional<Figure> reference, long conflicts, boolean equal) {
        /** Above 1 ours is faster. */
        public Optional<Double> ratio() {
            return reference.map(r -> ours.perSecond / r.perSecond);
        }
    }

    private record Round(double perSecond, Usage usage) {}

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
        try (Databases databases = new Databases(options.terms.major())) {
            for (Work work : Work.all(options.scale)) {
                if (options.works.isEmpty() || options.works.contains(work.name())) {
                    results.add(measure(databases, work));
                }
            }
        }
        return results;
    }

    private Result measure(Databases databases, Work work) throws InterruptedException {
        progress.accept("%s: %,d %s".formatted(work.name(), work.units(), work.title()));
        try (Ours ours = new Ours(databases, options.terms, work.database("ours"), work.schema())) {
            if (!options.againstNative || work.conflicting()) {
                return measure(work, ours, Optional.empty());
            }
            try (Native reference =
                    new Native(databases, work.database("native"), work.schema(), false)) {
                return measure(work, ours, Optional.of(reference));
            }
        }
    }

    private Result measure(Work work, Ours ours, Optional<Native> reference)
            throws InterruptedException {
        List<Round> our = new ArrayList<>();
        List<Round> their = new ArrayList<>();
        ours.hold(ours.there());
        if (reference.isPresent()) {
            reference.get().hold(reference.get().there());
        }
        for (int round = 0; round < options.rounds; round++) {
            our.add(round(work, ours, round));
            if (reference.isPresent()) {
                their.add(round(work, reference.get(), round));
            }
        }
        boolean equal =
                isEqual(work, ours) && (reference.isEmpty() || isEqual(work, reference.get()));
        long conflicts =
                Long.parseLong(
                        Databases.ask(
                                ours.there().target(), "SELECT count(*) FROM pgchorus.conflict"));
        return new Result(
                work,
                Figure.of(our),
                their.isEmpty() ? Optional.empty() : Optional.of(Figure.of(their)),
                conflicts,
                equal);
    }

    private Round round(Work work, Contestant one, int round) throws InterruptedException {
        Direction there = one.there();
        one.catchUp(there);
        one.hold(there);
        if (work.conflicting()) {
            one.hold(one.back().orElseThrow());
        }
        Databases.run(there.source(), work.load(round));
        if (work.conflicting()) {
            Databases.run(there.target(), work.conflicting("b", round));
        }
        Lsn end = Slots.end(there.source());
        Usage before = one.usage();
        one.release(there);
        Slots.awaitRead(there);
        long began = System.nanoTime();
        Slots.awaitConfirmed(there, end);
        double seconds = (System.nanoTime() - began) / 1e9;
        Usage after = one.usage();
        Round measured =
                new Round(
                        work.units() / seconds,
                        new Usage(
                                after.sender(),
                                after.applier(),
                                after.daemon().minus(before.daemon()),
                                after.daemonBytes()));
        progress.accept(
                "  %s, round %d: %,.0f %s/s in %.2f s"
                        .formatted(
                                one.name(), round + 1, measured.perSecond, work.unit(), seconds));
        if (work.conflicting()) {
            one.release(one.back().orElseThrow());
        }
        one.hold(there);
        return measured;
    }

    private boolean isEqual(Work work, Contestant one) throws InterruptedException {
        one.catchUp(one.there());
        if (work.conflicting()) {
            awaitEqual(work, one);
        }
        String source = Databases.ask(one.there().source(), work.fingerprint());
        String target = Databases.ask(one.there().target(), work.fingerprint());
        progress.accept(
                "  %s: %s".formatted(one.name(), source.equals(target) ? "equal" : "NOT EQUAL"));
        return source.equals(target);
    }

    /** Here both directions have something to bring. */
    private static void awaitEqual(Work work, Contestant one) throws InterruptedException {
        Duration limit = Duration.ofMinutes(2);
        long deadline = System.nanoTime() + limit.toNanos();
        while (System.nanoTime() < deadline
                && !Databases.ask(one.there().source(), work.fingerprint())
                        .equals(Databases.ask(one.there().target(), work.fingerprint()))) {
            Thread.sleep(100);
        }
    }
}
