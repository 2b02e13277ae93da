package org.pgchorus.cli;

import org.pgchorus.daemon.NodeOrders;
import org.pgchorus.model.NodeName;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.util.concurrent.Callable;

/** {@code pgchorus node pause}: stops delivery on all links of a node. */
@Command(
        name = "pause",
        description = {
            "Stops delivery on all links into and out of a node until it is resumed.",
            "Its clients go on reading and writing. Meanwhile it and its peers keep what is not"
                    + " delivered. Returns when the links stand."
        },
        footer = {
            "  pgchorus node pause n2",
            "  pgchorus node pause n2 --group postgresql://postgres@db1/app",
        })
final class NodePauseCommand implements Callable<Integer> {
    @Parameters(paramLabel = "NAME", description = "The node.")
    private NodeName node;

    @Spec private CommandSpec spec;
    @Mixin private GroupOption group;
    @Mixin private Output output;

    @Override
    public Integer call() throws InterruptedException {
        return PauseView.tell(
                NodeOrders.pause(group.address(), node, true),
                node,
                true,
                output,
                spec.commandLine().getErr());
    }
}
