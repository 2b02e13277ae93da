package org.pgchorus.cli;

import org.pgchorus.bench.Copy;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;

/** {@code pgchorus bench copy}: how fast does a joining node get its rows? */
@Command(
        name = "copy",
        description = {
            "Joins a node with empty tables to another one on two throw-away servers, and takes the"
                    + " time until its rows are there. With --against pipe the same tables are"
                    + " copied by plain COPY TO STDOUT into COPY FROM STDIN, whole tables, as many"
                    + " at once, in turns. Every copy has to hold the same rows as the source.",
            "",
            "Only the ratios of one run say something: machines differ, and are noisy. Exit"
                    + " status: 0 if all are equal, 1 if not."
        },
        footer = {
            "  pgchorus bench copy --against pipe --rounds 3",
            "  pgchorus bench copy --jobs 8 --scale 10",
            "  pgchorus bench copy --json | jq '.[].ratio'"
        })
final class BenchCopyCommand implements Callable<Integer> {
    @Option(
            names = "--against",
            paramLabel = "WHAT",
            description = "pipe: plain COPY, in binary form.")
    private Optional<String> against;

    @Option(
            names = "--jobs",
            paramLabel = "N",
            defaultValue = "2",
            description = "Connections to each server (default: ${DEFAULT-VALUE}).")
    private int jobs;

    @Option(
            names = "--scale",
            paramLabel = "F",
            defaultValue = "1",
            description = "Part of 4,000,000 rows, such as 0.1 (default: ${DEFAULT-VALUE}).")
    private double scale;

    @Mixin private BenchOptions bench;
    @Mixin private Output output;

    @Override
    public Integer call() throws InterruptedException {
        Copy.Result result = new Copy(options(), bench.progress()).run();
        output.print(() -> text(result), () -> json(result));
        return result.equal() ? Exit.WELL : Exit.DIFFERS;
    }

    private Copy.Options options() {
        return bench.checked(() ->
                new Copy.Options(
                        bench.major(),
                        bench.rounds(),
                        scale,
                        jobs,
                        bench.isAgainst(against, "pipe")));
    }

    /** One line for each contestant. */
    static String text(Copy.Result result) {
        Grid grid = new Grid("WHO", ">ROWS", ">SIZE", ">PER SECOND", ">RATIO", ">JOIN", "ENDS");
        grid.row(
                row(
                        "ours",
                        result,
                        result.ours(),
                        result.ratio().map("%.2f"::formatted).orElse(""),
                        result.equal() ? "equal" : "DIFFER"));
        result.reference()
                .ifPresent(reference -> grid.row(row("pipe", result, reference, "1", "")));
        return grid.text();
    }

    private static String[] row(
            String who, Copy.Result result, Copy.Figure figure, String ratio, String ends) {
        return new String[] {
            who,
            "%,d".formatted(result.rows()),
            (result.bytes() >> 20) + " MB",
            "%,.0f".formatted(figure.perSecond()),
            ratio,
            figure.joinSeconds().map("%.1f s"::formatted).orElse(""),
            ends
        };
    }

    /** A list of one, as every bench has it. */
    static List<Map<String, Object>> json(Copy.Result result) {
        return List.of(
                Json.object(
                        "work", "W7",
                        "title", "copying a database",
                        "unit", "rows/s",
                        "units", result.rows(),
                        "bytes", result.bytes(),
                        "ours", result.ours().perSecond(),
                        "native", result.reference().map(Copy.Figure::perSecond),
                        "ratio", result.ratio(),
                        "ours_rounds", result.ours().rounds(),
                        "native_rounds", result.reference().map(Copy.Figure::rounds),
                        "join_seconds", result.ours().joinSeconds(),
                        "equal", result.equal()));
    }
}
