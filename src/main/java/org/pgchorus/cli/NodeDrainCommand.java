package org.pgchorus.cli;

import org.pgchorus.config.Durations;
import org.pgchorus.daemon.NodeOrders;
import org.pgchorus.daemon.NodeOrders.Drained;
import org.pgchorus.http.Outcomes;
import org.pgchorus.model.NodeName;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.Callable;

/** {@code pgchorus node drain}: makes a node ready to be stopped or detached. */
@Command(
        name = "drain",
        description = {
            "Makes a node read-only and waits until all others have all that it wrote.",
            "Then it can be stopped or detached without loss. Ends with 1 when the time is over"
                    + " first, and says who lacks what; the node stays read-only."
        },
        footer = {
            "  pgchorus node drain n2 && pgchorus node detach n2",
            "  pgchorus node drain n2 --timeout 5min",
            "  pgchorus node read-only n2 off    # takes it back",
        })
final class NodeDrainCommand implements Callable<Integer> {
    @Parameters(paramLabel = "NAME", description = "The node.")
    private NodeName node;

    @Option(
            names = "--timeout",
            paramLabel = "DURATION",
            defaultValue = "60s",
            description = "How long to wait for the others. Default: ${DEFAULT-VALUE}.")
    private Duration timeout;

    @Spec private CommandSpec spec;
    @Mixin private GroupOption group;
    @Mixin private Output output;

    @Override
    public Integer call() throws InterruptedException {
        Drained drained = NodeOrders.drain(group.address(), node, timeout);
        output.print(() -> text(node, drained), () -> Outcomes.drained(node, drained));
        PrintWriter err = spec.commandLine().getErr();
        NodeReadOnlyCommand.warn(drained.untold(), err);
        if (drained.lacking().isEmpty()) {
            return Exit.WELL;
        }
        Failures.print(err, unfinished(node, drained, timeout));
        return Exit.DIFFERS;
    }

    /** The answer for people when all went well. */
    static String text(NodeName node, Drained drained) {
        return drained.lacking().isEmpty()
                ? """
                node %s is read-only, and all others have what it wrote, after %s
                it can be stopped or detached; to take writes again: pgchorus node read-only %s off
                """
                        .formatted(node, Words.seconds(drained.seconds()), node)
                : "";
    }

    /** Who lacks what, and how to take it back. */
    static String unfinished(NodeName node, Drained drained, Duration timeout) {
        return ("node %s is not drained within %s:%n  %s%nit stays read-only; say it again to go"
                        + " on waiting, or pgchorus node read-only %s off to take writes again")
                .formatted(
                        node,
                        Durations.text(timeout),
                        String.join("\n  ", drained.lacking().values()),
                        node);
    }
}
