package org.pgchorus.cli;

import org.pgchorus.config.Address;
import org.pgchorus.config.Durations;
import org.pgchorus.config.NodeAddress;
import org.pgchorus.daemon.Orders;
import org.pgchorus.member.JoinRequest;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** {@code pgchorus node join}: one more node, while all others go on working. */
@Command(
        name = "join",
        description = {
            "Makes a database a node of a group.",
            "Creates the tables, copies the rows, catches up and waits until the node is ready. The"
                    + " other nodes go on working meanwhile. A daemon has to serve the new node, so"
                    + " start pgchorus run NAME=ADDRESS, before or after.",
            "A join that fails takes back all that it made. One that was killed is gone on with by"
                    + " the same command: where it was if all rows were copied, otherwise from the"
                    + " beginning, after what is left has been cleaned up."
        },
        footer = {
            "  pgchorus node join n2=postgresql://postgres@db2/app \\",
            "      --via postgresql://postgres@db1/app",
            "  pgchorus node join n3=postgresql://postgres@db3/app \\",
            "      --via postgresql://postgres@db1/app --jobs 8 --no-wait",
            "  # what would be done, step by step",
            "  pgchorus node join n3=postgresql://postgres@db3/app \\",
            "      --via postgresql://postgres@db1/app --dry-run",
            "  # a join was killed and is not to go on",
            "  pgchorus node join n3=postgresql://postgres@db3/app \\",
            "      --via postgresql://postgres@db1/app --undo",
            "  # restored from a backup of an idle group: tables and rows are there",
            "  pgchorus node join n4=postgresql://postgres@db4/app \\",
            "      --via postgresql://postgres@db1/app --schema existing --data none",
        })
final class NodeJoinCommand implements Callable<Integer> {
    /** Where the tables come from; spelled for the command line. */
    enum SchemaSource {
        COPY,
        EXISTING;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** What happens to the rows; spelled for the command line. */
    enum DataSource {
        COPY,
        NONE;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Spec private CommandSpec spec;

    @Parameters(
            paramLabel = "NAME=ADDRESS",
            description = "The new node's name (a-z, 0-9, _) and its database.")
    private NodeAddress node;

    @Option(
            names = "--via",
            required = true,
            paramLabel = "ADDRESS",
            description = "Any node of the group; rows are copied from it.")
    private Address via;

    @Option(
            names = "--schema",
            paramLabel = "FROM",
            defaultValue = "copy",
            description = {
                "copy: create the tables as they are at --via; existing: they are there."
                        + " Default: ${DEFAULT-VALUE}."
            })
    private SchemaSource schema;

    @Option(
            names = "--data",
            paramLabel = "FROM",
            defaultValue = "copy",
            description = {
                "copy: copy the rows; none: they are there, and the same."
                        + " Default: ${DEFAULT-VALUE}."
            })
    private DataSource data;

    @Option(
            names = "--jobs",
            paramLabel = "N",
            defaultValue = "4",
            description = {
                "How many tables, or pieces of large ones, to copy at once, and indexes to build."
                        + " Default: ${DEFAULT-VALUE}."
            })
    private int jobs;

    @Option(
            names = "--no-wait",
            description = "Returns when the rows are there, before the node is ready.")
    private boolean noWait;

    @Option(
            names = "--timeout",
            paramLabel = "DURATION",
            defaultValue = "1h",
            description = {
                "How long at most to wait, after the copy, until the node is ready."
                        + " Default: ${DEFAULT-VALUE}."
            })
    private Duration timeout;

    @Option(
            names = "--dry-run",
            description = "Examines both sides, prints the plan and changes nothing.")
    private boolean dryRun;

    @Option(
            names = "--undo",
            description = {
                "Takes back what a join of this node that was killed has left behind, and does not"
                        + " begin again. Works also when the new node is gone."
            })
    private boolean undo;

    @Mixin private Output output;

    @Override
    public Integer call() throws InterruptedException {
        JoinRequest request =
                new JoinRequest(
                        node,
                        via,
                        schema == SchemaSource.COPY
                                ? JoinRequest.Schema.COPY
                                : JoinRequest.Schema.EXISTING,
                        data == DataSource.COPY,
                        jobs);
        Meter meter =
                new Meter(
                        spec.commandLine().getErr(),
                        Program.surroundings(spec).interactive(),
                        System::nanoTime);
        if (dryRun) {
            return tellPlan(Orders.planJoin(request, meter));
        }
        if (undo) {
            return tellUndone(Orders.undoJoin(request, meter));
        }
        Orders.join(request, meter);
        meter.finish();
        boolean ready =
                !noWait
                        && Orders.awaitReady(
                                via,
                                node.name(),
                                timeout.toMillis(),
                                missing -> meter.step("waiting: " + missing));
        tell(meter, ready);
        if (noWait || ready) {
            return Exit.WELL;
        }
        Failures.print(
                spec.commandLine().getErr(),
                ("node %s has its rows but is not ready after %s; it becomes so by itself while"
                                + " a daemon serves it; look with: pgchorus status --group %s")
                        .formatted(node.name(), Durations.text(timeout), via.text()));
        return Exit.DIFFERS;
    }

    private int tellPlan(List<String> steps) {
        output.print(
                () ->
                        IntStream.range(0, steps.size())
                                .mapToObj(i -> "%2d. %s%n".formatted(i + 1, steps.get(i)))
                                .collect(Collectors.joining()),
                () -> Json.object("node", node.name().text(), "plan", steps));
        return Exit.WELL;
    }

    private int tellUndone(boolean found) {
        output.print(
                () ->
                        found
                                ? "the join of node %s is taken back%n".formatted(node.name())
                                : "nothing is left of a join of node %s%n".formatted(node.name()),
                () -> Json.object("node", node.name().text(), "taken_back", found));
        return Exit.WELL;
    }

    private void tell(Meter meter, boolean ready) {
        String copied =
                "%s, %s in %s"
                        .formatted(
                                Words.count(meter.rows(), "row"),
                                Words.size(meter.bytes()),
                                Words.seconds(meter.seconds()));
        output.print(
                () ->
                        "node %s %s (%s)%n"
                                .formatted(node.name(), ready ? "is ready" : "has joined", copied),
                () ->
                        Json.object(
                                "node", node.name().text(),
                                "address", node.address().text(),
                                "state", ready ? "ready" : "joining",
                                "rows", meter.rows(),
                                "bytes", meter.bytes(),
                                "seconds", Words.rounded(meter.seconds())));
    }
}
