package org.pgchorus.cli;

import org.pgchorus.bench.Quantiles;
import org.pgchorus.bench.Routing;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

/** {@code pgchorus bench route}: what does a way through the router cost? */
@Command(
        name = "route",
        description = {
            "Clients read single rows by key from a throw-away server: directly, through pgchorus"
                    + " route, and, where it is installed, through HAProxy, in turns. Prints"
                    + " transactions a second, their delay, and the CPU time that the router used"
                    + " for each.",
            "",
            "Only the ratios of one run say something: machines differ, and are noisy."
        },
        footer = {
            "  pgchorus bench route --rounds 5",
            "  pgchorus bench route --clients 100 --seconds 30",
            "  pgchorus bench route --json | jq '.[].ratio'"
        })
final class BenchRouteCommand implements Callable<Integer> {
    @Option(
            names = "--clients",
            paramLabel = "N",
            defaultValue = "16",
            description = "At the same time (default: ${DEFAULT-VALUE}).")
    private int clients;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            defaultValue = "5",
            description = "How long a round is measured (default: ${DEFAULT-VALUE}).")
    private int seconds;

    @Mixin private BenchOptions bench;
    @Mixin private Output output;

    @Override
    public Integer call() throws InterruptedException {
        Routing.Options options =
                bench.checked(() ->
                        new Routing.Options(
                                bench.major(),
                                Main.class.getName(),
                                bench.rounds(),
                                clients,
                                seconds));
        Routing.Result result = new Routing(options, bench.progress()).run();
        output.print(() -> text(result), () -> json(result));
        return Exit.WELL;
    }

    /** One line for each way. */
    static String text(Routing.Result result) {
        Grid grid = new Grid("WAY", ">PER SECOND", ">P50", ">P99", ">CPU EACH", ">RATIO");
        row(grid, "direct", result.direct(), "");
        row(grid, "ours", result.ours(), result.ratio().map("%.2f"::formatted).orElse(""));
        result.haproxy().ifPresent(haproxy -> row(grid, "haproxy", haproxy, "1"));
        return grid.text();
    }

    private static void row(Grid grid, String way, Routing.Figure figure, String ratio) {
        grid.row(
                way,
                "%,.0f".formatted(figure.perSecond()),
                "%.3f ms".formatted(figure.delay().p50()),
                "%.3f ms".formatted(figure.delay().p99()),
                "%.1f us".formatted(figure.cpuMicros()),
                ratio);
    }

    /** A list of one, as every bench has it; native is HAProxy. */
    static List<Map<String, Object>> json(Routing.Result result) {
        return List.of(
                Json.object(
                        "work", "route",
                        "title", "single rows by key through a router",
                        "unit", "transactions/s",
                        "units", result.ours().delay().count(),
                        "ours", result.ours().perSecond(),
                        "native", result.haproxy().map(Routing.Figure::perSecond),
                        "ratio", result.ratio(),
                        "direct", result.direct().perSecond(),
                        "ours_added_ms", added(result, result.ours()),
                        "native_added_ms", result.haproxy().map(it -> added(result, it)),
                        "ours_figure", figure(result.ours()),
                        "native_figure", result.haproxy().map(BenchRouteCommand::figure),
                        "direct_figure", figure(result.direct())));
    }

    /** The median delay beyond that of a direct connection. */
    private static double added(Routing.Result result, Routing.Figure figure) {
        return figure.delay().p50() - result.direct().delay().p50();
    }

    private static Map<String, Object> figure(Routing.Figure figure) {
        Quantiles delay = figure.delay();
        return Json.object(
                "per_second", figure.perSecond(),
                "rounds", figure.rounds(),
                "p50_ms", delay.p50(),
                "p99_ms", delay.p99(),
                "cpu_micros", figure.cpuMicros());
    }
}
