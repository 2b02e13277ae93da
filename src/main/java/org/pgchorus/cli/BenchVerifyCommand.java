package org.pgchorus.cli;

import org.pgchorus.bench.Comparison;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;

/** {@code pgchorus bench verify}: how fast are nodes compared? */
@Command(
        name = "verify",
        description = {
            "Compares two nodes on two throw-away servers, as pgchorus verify does. With --against"
                    + " hash both servers sum up hashes of the same rows by one plain query each,"
                    + " both at once, in turns with it. Nobody writes meanwhile.",
            "",
            "Only the ratios of one run say something: machines differ, and are noisy. Exit"
                    + " status: 0 if the nodes were found equal, 1 if not."
        },
        footer = {
            "  pgchorus bench verify --against hash --rounds 3",
            "  pgchorus bench verify --scale 10",
            "  pgchorus bench verify --json | jq '.[].ratio'"
        })
final class BenchVerifyCommand implements Callable<Integer> {
    /** A daemon that has nothing to do. */
    private static final int HEAP_MEGABYTES = 256;

    @Option(
            names = "--against",
            paramLabel = "WHAT",
            description = "hash: one plain query over the whole table.")
    private Optional<String> against;

    @Option(
            names = "--scale",
            paramLabel = "F",
            defaultValue = "1",
            description = "Part of 2,000,000 rows, such as 0.1 (default: ${DEFAULT-VALUE}).")
    private double scale;

    @Mixin private BenchOptions bench;
    @Mixin private Output output;

    @Override
    public Integer call() throws InterruptedException {
        Comparison.Result result = new Comparison(options(), bench.progress()).run();
        output.print(() -> text(result), () -> json(result));
        return result.equal() ? Exit.WELL : Exit.DIFFERS;
    }

    private Comparison.Options options() {
        return bench.checked(() ->
                new Comparison.Options(
                        bench.terms(HEAP_MEGABYTES),
                        bench.rounds(),
                        scale,
                        bench.isAgainst(against, "hash")));
    }

    /** One line for each contestant. */
    static String text(Comparison.Result result) {
        Grid grid = new Grid("WHO", ">ROWS", ">PER SECOND", ">RATIO", "ENDS");
        grid.row(
                row(
                        "ours",
                        result,
                        result.ours(),
                        result.ratio().map("%.2f"::formatted).orElse(""),
                        result.equal() ? "equal" : "DIFFER"));
        result.reference()
                .ifPresent(reference -> grid.row(row("hash", result, reference, "1", "")));
        return grid.text();
    }

    private static String[] row(
            String who,
            Comparison.Result result,
            Comparison.Figure figure,
            String ratio,
            String ends) {
        return new String[] {
            who, "%,d".formatted(result.rows()), "%,.0f".formatted(figure.perSecond()), ratio, ends
        };
    }

    /** A list of one, as every bench has it. */
    static List<Map<String, Object>> json(Comparison.Result result) {
        return List.of(
                Json.object(
                        "work", "W8",
                        "title", "comparing two nodes",
                        "unit", "rows/s",
                        "units", result.rows(),
                        "ours", result.ours().perSecond(),
                        "native", result.reference().map(Comparison.Figure::perSecond),
                        "ratio", result.ratio(),
                        "ours_rounds", result.ours().rounds(),
                        "native_rounds", result.reference().map(Comparison.Figure::rounds),
                        "equal", result.equal()));
    }
}
