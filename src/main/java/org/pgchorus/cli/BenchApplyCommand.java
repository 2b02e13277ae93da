package org.pgchorus.cli;

import org.pgchorus.bench.Apply;
import org.pgchorus.bench.Usage;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;

/** {@code pgchorus bench apply}: how fast is what was written elsewhere taken in? */
@Command(
        name = "apply",
        description = {
            "Writes on one of two throw-away servers while delivery is held, lets it go, and takes"
                    + " the time until the other has it all for good. With --against native the"
                    + " same is done with PostgreSQL's own logical replication, on the same"
                    + " servers, in turns. One round of each comes first and does not count:"
                    + " Java compiles in it. Afterwards both ends have to hold the same rows.",
            "",
            "W1 rows in 100 transactions, W2 TPC-B transactions, W3 single-row inserts, W5"
                + " conflicting updates, W6 rows in one transaction, W6T rows into 200 tables in"
                + " one transaction, W9 TPC-B, one in a hundred conflicting. During W6 and W6T the"
                + " other server writes small transactions; OTHERS is the longest that one of them"
                + " took.",
            "",
            "Only the ratios of one run say something: machines differ, and are noisy. Exit"
                    + " status: 0 if all ends are equal, 1 if not."
        },
        footer = {
            "  pgchorus bench apply --against native --rounds 3",
            "  pgchorus bench apply --work W1,W2 --scale 0.1",
            "  pgchorus bench apply --work W2 --against native --latency 5",
            "  pgchorus bench apply --json | jq '.[] | {work, ratio}'"
        })
final class BenchApplyCommand implements Callable<Integer> {
    @Option(
            names = "--work",
            paramLabel = "W",
            split = ",",
            description = "Which to do, such as W1,W2 (default: all).")
    private List<String> works = List.of();

    @Option(
            names = "--against",
            paramLabel = "WHAT",
            description = "native: PostgreSQL's own logical replication.")
    private Optional<String> against;

    @Option(
            names = "--scale",
            paramLabel = "F",
            defaultValue = "1",
            description = "Part of the whole, such as 0.1 (default: ${DEFAULT-VALUE}).")
    private double scale;

    @Option(
            names = "--latency",
            paramLabel = "MS",
            defaultValue = "0",
            description =
                    "Milliseconds there and back between the two servers (default:"
                            + " ${DEFAULT-VALUE}).")
    private double latencyMillis;

    @Option(
            names = "--durable",
            description = "Servers with fsync = on; without it nothing waits for a disk.")
    private boolean durable;

    @Option(
            names = "--heap",
            paramLabel = "MB",
            defaultValue = "256",
            description = "The daemon's memory in megabytes (default: ${DEFAULT-VALUE}).")
    private int heapMegabytes;

    @Mixin private BenchOptions bench;
    @Mixin private Output output;

    @Override
    public Integer call() throws InterruptedException {
        List<Apply.Result> results = new Apply(options(), bench.progress()).run();
        output.print(() -> text(results), () -> json(results));
        return results.stream().allMatch(Apply.Result::equal) ? Exit.WELL : Exit.DIFFERS;
    }

    private Apply.Options options() {
        return bench.checked(() ->
                new Apply.Options(
                        bench.terms(heapMegabytes, latencyMillis, durable),
                        works.stream().map(w -> w.toUpperCase(Locale.ROOT)).toList(),
                        bench.rounds(),
                        scale,
                        bench.isAgainst(against, "native")));
    }

    /** One line for each contestant of each work. */
    static String text(List<Apply.Result> results) {
        Grid grid =
                new Grid(
                        "WORK",
                        "WHO",
                        ">PER SECOND",
                        ">RATIO",
                        ">PER CPU SECOND",
                        ">SENDER",
                        ">APPLIER",
                        ">DAEMON",
                        ">MEMORY",
                        ">OTHERS",
                        ">CONFLICTS",
                        "ENDS");
        for (Apply.Result result : results) {
            String name = result.work().name() + " " + result.work().title();
            grid.row(
                    row(
                            name,
                            "ours",
                            result.ours(),
                            result.ratio().map("%.2f"::formatted).orElse(""),
                            Long.toString(result.conflicts()),
                            result.equal() ? "equal" : "DIFFER"));
            result.reference()
                    .ifPresent(reference -> grid.row(row(name, "native", reference, "1", "", "")));
        }
        return grid.text();
    }

    private static String[] row(
            String work,
            String who,
            Apply.Figure figure,
            String ratio,
            String conflicts,
            String ends) {
        Usage usage = figure.usage();
        return new String[] {
            work,
            who,
            "%,.0f".formatted(figure.perSecond()),
            ratio,
            "%,.0f".formatted(figure.perCpuSecond()),
            seconds(usage.sender()),
            seconds(usage.applier()),
            usage.daemon().isZero() ? "" : seconds(usage.daemon()),
            usage.daemonBytes() == 0 ? "" : (usage.daemonBytes() >> 20) + " MB",
            figure.othersMillis().isPresent()
                    ? "%.0f ms".formatted(figure.othersMillis().getAsDouble())
                    : "",
            conflicts,
            ends
        };
    }

    private static String seconds(java.time.Duration duration) {
        return "%.1f s".formatted(duration.toMillis() / 1e3);
    }

    /** One object for each work. */
    static List<Map<String, Object>> json(List<Apply.Result> results) {
        List<Map<String, Object>> list = new ArrayList<>();
        for (Apply.Result result : results) {
            list.add(
                    Json.object(
                            "work", result.work().name(),
                            "title", result.work().title(),
                            "unit", result.work().unit() + "/s",
                            "units", result.work().units(),
                            "ours", result.ours().perSecond(),
                            "native", result.reference().map(Apply.Figure::perSecond),
                            "ratio", result.ratio(),
                            "ours_rounds", result.ours().rounds(),
                            "native_rounds", result.reference().map(Apply.Figure::rounds),
                            "cpu", usage(result.ours()),
                            "native_cpu", result.reference().map(BenchApplyCommand::usage),
                            "conflicts", result.conflicts(),
                            "equal", result.equal()));
        }
        return list;
    }

    private static Map<String, Object> usage(Apply.Figure figure) {
        return Json.object(
                "sender_seconds",
                figure.usage().sender().toMillis() / 1e3,
                "applier_seconds",
                figure.usage().applier().toMillis() / 1e3,
                "daemon_seconds",
                figure.usage().daemon().toMillis() / 1e3,
                "daemon_peak_bytes",
                figure.usage().daemonBytes(),
                "units_per_cpu_second",
                figure.perCpuSecond(),
                "others_max_ms",
                figure.othersMillis());
    }
}
