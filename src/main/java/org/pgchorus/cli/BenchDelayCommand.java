package org.pgchorus.cli;

import org.pgchorus.bench.Delay;
import org.pgchorus.bench.Quantiles;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;

/** {@code pgchorus bench delay}: how long until a commit is there? */
@Command(
        name = "delay",
        description = {
            "Lets both of two throw-away servers write single-row transactions at an even rate, and"
                    + " takes the time from each commit to the commit at the other server, from"
                    + " their logs, to the microsecond. With --against native the same is done with"
                    + " PostgreSQL's own logical replication, on the same servers, in turns."
                    + " Afterwards both ends have to hold the same rows.",
            "",
            "Only the ratios of one run say something: machines differ, and are noisy. Exit"
                    + " status: 0 if all ends are equal, 1 if not."
        },
        footer = {
            "  pgchorus bench delay --against native --rounds 3",
            "  pgchorus bench delay --rate 1000 --seconds 30",
            "  pgchorus bench delay --json | jq '.[].ours'"
        })
final class BenchDelayCommand implements Callable<Integer> {
    @Option(
            names = "--against",
            paramLabel = "WHAT",
            description = "native: PostgreSQL's own logical replication.")
    private Optional<String> against;

    @Option(
            names = "--rate",
            paramLabel = "N",
            defaultValue = "200",
            description = "Transactions a second of each server (default: ${DEFAULT-VALUE}).")
    private int perSecond;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            defaultValue = "10",
            description = "How long a round is measured (default: ${DEFAULT-VALUE}).")
    private int seconds;

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
        Delay.Result result = new Delay(options(), bench.progress()).run();
        output.print(() -> text(result), () -> json(result));
        return result.equal() ? Exit.WELL : Exit.DIFFERS;
    }

    private Delay.Options options() {
        return bench.checked(() ->
                new Delay.Options(
                        bench.terms(heapMegabytes),
                        bench.rounds(),
                        perSecond,
                        seconds,
                        bench.isAgainst(against, "native")));
    }

    /** One line for each contestant. */
    static String text(Delay.Result result) {
        Grid grid = new Grid("WHO", ">COMMITS", ">P50", ">P95", ">P99", ">MAX", "ENDS");
        row(grid, "ours", result.ours().median(), result.equal() ? "equal" : "DIFFER");
        result.reference()
                .ifPresent(reference -> {
                    row(grid, "native", reference.median(), "");
                    grid.row(
                            "ratio",
                            "",
                            ratio(result, Quantiles::p50),
                            ratio(result, Quantiles::p95),
                            ratio(result, Quantiles::p99),
                            ratio(result, Quantiles::max),
                            "");
                });
        return grid.text();
    }

    private static void row(Grid grid, String who, Quantiles quantiles, String ends) {
        grid.row(
                who,
                "%,d".formatted(quantiles.count()),
                millis(quantiles.p50()),
                millis(quantiles.p95()),
                millis(quantiles.p99()),
                millis(quantiles.max()),
                ends);
    }

    private static String millis(double millis) {
        return "%.3f ms".formatted(millis);
    }

    private static String ratio(Delay.Result result, ToDoubleFunction<Quantiles> column) {
        return ratioOf(result, column).map("%.2f"::formatted).orElse("");
    }

    /** A list of one, as every bench has it; {@code ratio} is above 1 where ours is faster. */
    static List<Map<String, Object>> json(Delay.Result result) {
        return List.of(
                Json.object(
                        "work", "W4",
                        "title", "commit to commit",
                        "unit", "ms, median",
                        "units", result.ours().median().count(),
                        "ours", result.ours().median().p50(),
                        "native", result.reference().map(r -> r.median().p50()),
                        "ratio", ratioOf(result, Quantiles::p50).map(ratio -> 1 / ratio),
                        "ratio_p50", ratioOf(result, Quantiles::p50),
                        "ratio_p99", ratioOf(result, Quantiles::p99),
                        "ours_figure", figure(result.ours()),
                        "native_figure", result.reference().map(BenchDelayCommand::figure),
                        "equal", result.equal()));
    }

    /** Below 1 ours is faster. */
    private static Optional<Double> ratioOf(
            Delay.Result result, ToDoubleFunction<Quantiles> column) {
        double ours = column.applyAsDouble(result.ours().median());
        return result.reference().map(r -> ours / column.applyAsDouble(r.median()));
    }

    private static Map<String, Object> figure(Delay.Figure figure) {
        List<Map<String, Object>> rounds =
                figure.rounds().stream().map(BenchDelayCommand::quantiles).toList();
        return Json.object(
                "commits", figure.median().count(),
                "p50_ms", figure.median().p50(),
                "p95_ms", figure.median().p95(),
                "p99_ms", figure.median().p99(),
                "max_ms", figure.median().max(),
                "rounds", rounds);
    }

    private static Map<String, Object> quantiles(Quantiles quantiles) {
        return Json.object(
                "p50_ms", quantiles.p50(),
                "p95_ms", quantiles.p95(),
                "p99_ms", quantiles.p99(),
                "max_ms", quantiles.max());
    }
}
