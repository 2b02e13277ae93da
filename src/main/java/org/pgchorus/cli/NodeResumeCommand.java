package org.pgchorus.cli;

import org.pgchorus.daemon.NodeOrders;
import org.pgchorus.model.NodeName;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.util.concurrent.Callable;

/** {@code pgchorus node resume}: lets the links of a paused node go on. */
@Command(
        name = "resume",
        description = {
            "Lets all links into and out of a paused node go on.",
            "Those that were paused one by one stay so. Returns when the others flow."
        },
        footer = {
            "  pgchorus node resume n2",
            "  pgchorus node resume n2 && pgchorus wait",
        })
final class NodeResumeCommand implements Callable<Integer> {
    @Parameters(paramLabel = "NAME", description = "The node.")
    private NodeName node;

    @Spec private CommandSpec spec;
    @Mixin private GroupOption group;
    @Mixin private Output output;

    @Override
    public Integer call() throws InterruptedException {
        return PauseView.tell(
                NodeOrders.pause(group.address(), node, false),
                node,
                false,
                output,
                spec.commandLine().getErr());
    }
}
