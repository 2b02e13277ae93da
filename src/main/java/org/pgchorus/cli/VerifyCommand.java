package org.pgchorus.cli;

import org.pgchorus.config.TablePattern;
import org.pgchorus.daemon.Verification;
import org.pgchorus.daemon.Verification.Found;
import org.pgchorus.model.NodeName;
import org.pgchorus.verify.Outcome;
import org.pgchorus.verify.Pace;
import org.pgchorus.verify.VerifyProgress;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.Callable;

/** {@code pgchorus verify}: are the nodes equal? */
@Command(
        name = "verify",
        description = {
            "Compares every row of the tables that take part, on all nodes, while they are written"
                    + " to. What is on its way is waited for, and never called a difference.",
            "",
            "Verdicts: equal; differs (rows); unsettled (rows): they changed all the time, or what"
                    + " is on its way did not arrive; incomplete: not all could be compared.",
            "",
            "Exit status: 0 if all is equal, 1 if something differs, 2 if used wrongly, 3 if it"
                    + " could not be told."
        },
        footer = {
            "  pgchorus verify --watch --interval 1h --rate 50000",
            "  pgchorus verify --group postgresql://postgres@db1/app",
            "  pgchorus verify --table invoice --table 'sales.*'",
            "  pgchorus verify --between n1,n3 --timeout 5min",
            "  pgchorus verify --json | jq '.tables[] | select(.verdict != \"equal\")'",
        })
final class VerifyCommand implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private GroupOption group;

    @Option(
            names = {"-t", "--table"},
            paramLabel = "PATTERN",
            description =
                    "Only these tables: schema.table, table, 'schema.*', '!schema.table'. May be"
                            + " given several times.")
    private List<TablePattern> tables = List.of();

    @Option(
            names = "--between",
            paramLabel = "NAME",
            split = ",",
            description = "Only these nodes. Default: all.")
    private List<NodeName> between = List.of();

    @Option(
            names = "--timeout",
            paramLabel = "DURATION",
            defaultValue = "60s",
            description =
                    "How long to wait for what is on its way, for each table. Default:"
                            + " ${DEFAULT-VALUE}.")
    private Duration timeout;

    @Option(
            names = "--limit",
            paramLabel = "N",
            defaultValue = "20",
            description =
                    "Show at most so many rows of a table that differ; all are counted. Default:"
                            + " ${DEFAULT-VALUE}.")
    private int limit;

    @Option(
            names = "--rate",
            paramLabel = "ROWS",
            defaultValue = "0",
            description =
                    "Read at most so many rows a second on each node; 0: as fast as it can."
                            + " Default: ${DEFAULT-VALUE}.")
    private long rate;

    @Option(
            names = "--watch",
            description =
                    "Compare again and again, one line for each round, until Ctrl-C. With --json a"
                            + " line is an object.")
    private boolean watch;

    @Option(
            names = "--interval",
            paramLabel = "DURATION",
            defaultValue = "10s",
            description = "With --watch: the pause between rounds. Default: ${DEFAULT-VALUE}.")
    private Duration interval;

    @Mixin private Output output;

    @Override
    public Integer call() throws InterruptedException {
        if (limit < 0) {
            throw wrong("--limit must be at least 0, not " + limit);
        }
        if (rate < 0) {
            throw wrong("--rate must be at least 0, not " + rate);
        }
        if (!between.isEmpty() && new HashSet<>(between).size() < 2) {
            throw wrong("--between needs at least two nodes, such as n1,n2");
        }
        if (watch) {
            return watch();
        }
        PrintWriter err = spec.commandLine().getErr();
        Found found = find();
        output.print(() -> VerifyView.text(found), () -> VerifyView.json(found));
        found.skipped().forEach(why -> Failures.warn(err, "one node was not compared: " + why));
        return status(found);
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private Found find() throws InterruptedException {
        PrintWriter err = spec.commandLine().getErr();
        boolean interactive = Program.surroundings(spec).interactive();
        VerifyMeter meter = new VerifyMeter(err, interactive, System::nanoTime);
        try {
            return Verification.of(
                    group.address(),
                    new Verification.Request(
                            tables,
                            between.stream().distinct().toList(),
                            timeout,
                            limit,
                            new Pace(rate)),
                    watch && !interactive ? VerifyProgress.SILENT : meter);
        } finally {
            meter.end();
        }
    }

    /** Ends when it is killed, or when nobody reads any more; what is watched may be down. */
    private int watch() throws InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        int status = Exit.COULD_NOT_TELL;
        for (long round = 1; !out.checkError(); round++) {
            long now = round;
            long began = System.nanoTime();
            try {
                Found found = find();
                status = status(found);
                double seconds = (System.nanoTime() - began) / 1e9;
                Instant at = Program.surroundings(spec).clock().instant();
                output.printOnOneLine(
                        () -> VerifyView.line(found, now, at, seconds),
                        () -> VerifyView.round(found, now, at, seconds));
            } catch (IllegalArgumentException wrongUse) {
                throw wrongUse;
            } catch (RuntimeException failed) {
                status = Exit.COULD_NOT_TELL;
                Failures.print(spec.commandLine().getErr(), failed.getMessage());
            }
            Thread.sleep(interval);
        }
        return status;
    }

    /** What differs counts more than what could not be told. */
    static int status(Found found) {
        boolean differs =
                found.tables().stream().anyMatch(t -> t.outcome() instanceof Outcome.Differs);
        if (differs) {
            return Exit.DIFFERS;
        }
        return found.isEqual() ? Exit.WELL : Exit.COULD_NOT_TELL;
    }
}
