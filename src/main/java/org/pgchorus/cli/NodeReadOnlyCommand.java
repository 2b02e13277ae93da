package org.pgchorus.cli;

import org.pgchorus.daemon.NodeOrders;
import org.pgchorus.http.Outcomes;
import org.pgchorus.model.NodeName;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;

/** {@code pgchorus node read-only}: keeps clients from writing on a node. */
@Command(
        name = "read-only",
        description = {
            "Keeps clients from writing to the tables that take part, or lets them again.",
            "The node goes on applying what others write. Clients' writes fail with SQLSTATE"
                    + " 25006. Waits until transactions that are writing have ended."
        },
        footer = {
            "  pgchorus node read-only n2 on",
            "  pgchorus node read-only n2 off --group postgresql://postgres@db1/app",
        })
final class NodeReadOnlyCommand implements Callable<Integer> {
    /** The two positions of a switch. */
    enum Switch {
        ON,
        OFF;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Parameters(index = "0", paramLabel = "NAME", description = "The node.")
    private NodeName node;

    @Parameters(index = "1", paramLabel = "on|off", description = "Whether it is to be read-only.")
    private Switch wanted;

    @Spec private CommandSpec spec;
    @Mixin private GroupOption group;
    @Mixin private Output output;

    @Override
    public Integer call() throws InterruptedException {
        boolean on = wanted == Switch.ON;
        Map<NodeName, String> untold = NodeOrders.readOnly(group.address(), node, on);
        output.print(
                () ->
                        on
                                ? "node %s is read-only%n".formatted(node)
                                : "clients can write on node %s%n".formatted(node),
                () -> Outcomes.readOnly(node, on, untold));
        warn(untold, spec.commandLine().getErr());
        return Exit.WELL;
    }

    /** It counts for the node itself all the same; others show it, and choose who heals by it. */
    static void warn(Map<NodeName, String> untold, PrintWriter err) {
        untold.forEach((name, why) ->
                Failures.warn(
                        err,
                        "node %s does not know it yet: %s; say it again when it is back"
                                .formatted(name, why)));
    }
}
