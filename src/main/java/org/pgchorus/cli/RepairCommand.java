package org.pgchorus.cli;

import org.pgchorus.config.TablePattern;
import org.pgchorus.daemon.Repair;
import org.pgchorus.daemon.Verification;
import org.pgchorus.model.NodeName;
import org.pgchorus.verify.Keep;
import org.pgchorus.verify.Outcome;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;

/** {@code pgchorus repair}: makes equal what verify finds to differ. */
@Command(
        name = "repair",
        subcommands = RepairUndoCommand.class,
        description = {
            "Makes rows equal that differ, on all nodes, while they are written to. Compares first,"
                + " as verify does; a row is changed only if it still is what was compared. What is"
                + " written keeps the time and node it was first written at, and does not travel."
                + " Afterwards the same rows are compared again.",
            "",
            "Every row that is changed is kept as it was, for 30 days: repair undo ID puts it"
                    + " back.",
            "",
            "Exit status: 0 if all is equal now, 1 if something is left (with --dry-run: if there"
                    + " is something to repair), 2 if used wrongly, 3 if it could not be told."
        },
        footer = {
            "  pgchorus repair --dry-run",
            "  pgchorus repair --table invoice --keep stamp",
            "  pgchorus repair --table 'sales.*' --keep n1 --sql > plan.sql",
            "  pgchorus repair undo 20261121-200512-3fa9",
        })
final class RepairCommand implements Callable<Integer> {
    private static final String BY_STAMP = "stamp";

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
            names = "--keep",
            paramLabel = "stamp|NODE",
            defaultValue = BY_STAMP,
            description =
                    "Which rows are right: those written last, deletes among them (stamp), or those"
                            + " of one node. Default: ${DEFAULT-VALUE}.")
    private String keep;

    @Option(
            names = "--dry-run",
            description = "Show what would be done, row by row, and change nothing.")
    private boolean dryRun;

    @Option(
            names = "--sql",
            description = "The same as statements, to be read or run by hand; changes nothing.")
    private boolean sql;

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
            defaultValue = "1000",
            description =
                    "Show at most so many rows of a table; all are repaired. Default:"
                            + " ${DEFAULT-VALUE}.")
    private int limit;

    @Mixin private Output output;

    @Override
    public Integer call() throws InterruptedException {
        if (limit < 0) {
            throw new ParameterException(
                    spec.commandLine(), "--limit must be at least 0, not " + limit);
        }
        Repair.Request request = new Repair.Request(tables, keep(), timeout);
        PrintWriter err = spec.commandLine().getErr();
        VerifyMeter meter =
                new VerifyMeter(err, Program.surroundings(spec).interactive(), System::nanoTime);
        return dryRun || sql ? plan(request, meter, err) : repair(request, meter, err);
    }

    private Keep keep() {
        if (keep.equals(BY_STAMP)) {
            return new Keep.LastWritten();
        }
        try {
            return new Keep.RowsOf(new NodeName(keep));
        } catch (IllegalArgumentException e) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--keep is stamp or the name of a node, not \"%s\"".formatted(keep),
                    e);
        }
    }

    private int plan(Repair.Request request, VerifyMeter meter, PrintWriter err)
            throws InterruptedException {
        RepairPlanView view = new RepairPlanView(limit, sql);
        Verification.Found found;
        try {
            found = Repair.plan(group.address(), request, view, meter);
        } finally {
            meter.end();
        }
        output.print(() -> view.text(found), () -> view.json(found));
        warn(found.skipped(), err);
        return VerifyCommand.status(found);
    }

    private int repair(Repair.Request request, VerifyMeter meter, PrintWriter err)
            throws InterruptedException {
        Repair.Done done;
        try {
            done = Repair.of(group.address(), request, _ -> {}, meter);
        } finally {
            meter.end();
        }
        output.print(() -> RepairView.text(done, limit), () -> RepairView.json(done, limit));
        warn(done.skipped(), err);
        return status(done);
    }

    private static void warn(List<String> skipped, PrintWriter err) {
        skipped.forEach(why -> Failures.warn(err, "one node was not compared: " + why));
    }

    /** What is known to differ counts more than what could not be told. */
    private static int status(Repair.Done done) {
        if (done.isEqual()) {
            return Exit.WELL;
        }
        return done.tables().stream().anyMatch(t -> t.now() instanceof Outcome.Differs)
                ? Exit.DIFFERS
                : Exit.COULD_NOT_TELL;
    }
}
