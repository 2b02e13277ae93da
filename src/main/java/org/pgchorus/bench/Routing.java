package org.pgchorus.bench;

import org.pgchorus.config.Address;
import org.pgchorus.demo.EmbeddedServer;
import org.pgchorus.demo.HaproxyProgram;
import org.pgchorus.demo.ServerOptions;

import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * What a way through a router costs: clients read single rows by key, directly, through our router
 * and through HAProxy, in turns. One thread, besides the clients'.
 */
public final class Routing {
    private static final int ROWS = 100_000;
    private static final String QUESTION = "SELECT v FROM work WHERE id = $1";

    /** Compilers and caches are warm by then. */
    private static final int WARM_SECONDS = 4;

    private static final Duration START_LIMIT = Duration.ofSeconds(30);

    private final Options options;
    private final Consumer<String> progress;

    /**
     * @param mainClass whose {@code main} takes {@code route ...}
     * @param rounds how often each is measured; the median counts
     * @param clients at the same time
     * @param seconds that a round is measured
     */
    public record Options(int major, String mainClass, int rounds, int clients, int seconds) {
        /** Refuses what cannot be. */
        public Options {
            Limits.rounds(rounds);
            if (clients < 1 || clients > 500) {
                throw new IllegalArgumentException(
                        "--clients must be from 1 to 500, not " + clients);
            }
            if (seconds < 1 || seconds > 3600) {
                throw new IllegalArgumentException(
                        "--seconds must be from 1 to 3600, not " + seconds);
            }
        }
    }

    /**
     * One way's rounds.
     *
     * @param perSecond transactions, the median of the rounds
     * @param delay of one transaction, column by column
     * @param cpuMicros that the router used for a transaction
     */
    public record Figure(
            double perSecond, List<Double> rounds, Quantiles delay, double cpuMicros) {}

    /**
     * What came out.
     *
     * @param haproxy empty if it is not installed
     */
    public record Result(Figure direct, Figure ours, Optional<Figure> haproxy) {
        /** Above 1 ours is faster than HAProxy. */
        public Optional<Double> ratio() {
            return haproxy.map(it -> ours.perSecond / it.perSecond);
        }
    }

    private record Round(double perSecond, Quantiles delay, double cpuMicros) {}

    /**
     * @param progress hears what is being done
     */
    public Routing(Options options, Consumer<String> progress) {
        this.options = options;
        this.progress = progress;
    }

    /** Measures; everything starts at the beginning and is gone at the end. */
    public Result run() throws InterruptedException {
        ServerOptions server =
                ServerOptions.of(options.major)
                        .setting("fsync", "off")
                        .setting("max_connections", Integer.toString(2 * options.clients + 20))
                        .setting("autovacuum", "off");
        try (EmbeddedServer started = EmbeddedServer.start(server)) {
            Address address = started.address("postgres");
            Databases.run(
                    address,
                    List.of(
                            "CREATE TABLE work (id int PRIMARY KEY, v int)",
                            "INSERT INTO work SELECT i, i FROM generate_series(1, %d) i"
                                    .formatted(ROWS),
                            "VACUUM ANALYZE work"));
            return measure(address);
        }
    }

    private Result measure(Address server) throws InterruptedException {
        List<Waypoint> ways = new ArrayList<>(List.of(Waypoint.direct(server)));
        try {
            ways.add(Waypoint.ours(server, options.mainClass));
            HaproxyProgram.find()
                    .map(program -> Waypoint.haproxy(server, program))
                    .ifPresent(ways::add);
            if (ways.size() < 3) {
                progress.accept("haproxy is not installed: nothing to compare with");
            }
            List<List<Round>> rounds = new ArrayList<>();
            for (Waypoint way : ways) {
                awaitOpen(way);
                round(way, Math.min(WARM_SECONDS, options.seconds));
                rounds.add(new ArrayList<>());
            }
            for (int number = 1; number <= options.rounds; number++) {
                for (int i = 0; i < ways.size(); i++) {
                    Round round = round(ways.get(i), options.seconds);
                    rounds.get(i).add(round);
                    tell(ways.get(i), number, round);
                }
            }
            return new Result(
                    figure(rounds.get(0)),
                    figure(rounds.get(1)),
                    rounds.size() < 3 ? Optional.empty() : Optional.of(figure(rounds.get(2))));
        } finally {
            ways.forEach(Waypoint::close);
        }
    }

    private void tell(Waypoint way, int number, Round round) {
        progress.accept(
                "%s, round %d: %,.0f/s, p50 %.3f ms, p99 %.3f ms, %.1f us of CPU each"
                        .formatted(
                                way.name(),
                                number,
                                round.perSecond,
                                round.delay.p50(),
                                round.delay.p99(),
                                round.cpuMicros));
    }

    private static void awaitOpen(Waypoint way) throws InterruptedException {
        long deadline = System.nanoTime() + START_LIMIT.toNanos();
        while (true) {
            try (Asker asker = Asker.open(way.address(), QUESTION)) {
                asker.ask(ROWS, System.nanoTime());
                return;
            } catch (UncheckedIOException notYet) {
                if (System.nanoTime() - deadline > 0) {
                    throw notYet;
                }
                TimeUnit.MILLISECONDS.sleep(100);
            }
        }
    }

    private Round round(Waypoint way, int seconds) {
        List<List<Long>> delays = new ArrayList<>();
        List<Asker> askers =
                IntStream.range(0, options.clients)
                        .mapToObj(_ -> Asker.open(way.address(), QUESTION))
                        .toList();
        Duration cpuBefore = way.cpu();
        long began = System.nanoTime();
        long until = began + TimeUnit.SECONDS.toNanos(seconds);
        SideBySide.run(
                askers.stream()
                        .map(asker ->
                                (Runnable)
                                        () -> {
                                            List<Long> own = asker.ask(ROWS, until);
                                            synchronized (delays) {
                                                delays.add(own);
                                            }
                                        })
                        .toList());
        double took = (System.nanoTime() - began) / 1e9;
        Duration cpu = way.cpu().minus(cpuBefore);
        askers.forEach(Asker::close);
        List<Long> all = delays.stream().flatMap(List::stream).toList();
        return new Round(
                all.size() / took, Quantiles.ofMicros(all), cpu.toNanos() / 1e3 / all.size());
    }

    private static Figure figure(List<Round> rounds) {
        List<Double> rates = rounds.stream().map(Round::perSecond).toList();
        return new Figure(
                middle(rates),
                rates,
                Quantiles.median(rounds.stream().map(Round::delay).toList()),
                middle(rounds.stream().map(Round::cpuMicros).toList()));
    }

    private static double middle(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }
}
