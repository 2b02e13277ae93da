package org.pgchorus.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code pgchorus node}: holds the commands below it. */
@Command(
        name = "node",
        description = "Joins nodes to a group, lists them, orders them about, and takes them out.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            NodeDetachCommand.class,
            NodeJoinCommand.class,
            NodeFollowCommand.class,
            NodeTakeOverCommand.class,
            NodeListCommand.class,
            NodePauseCommand.class,
            NodeResumeCommand.class,
            NodeReadOnlyCommand.class,
            NodeDrainCommand.class,
            NodeRemoveCommand.class,
            NodeResyncCommand.class,
        },
        footer = {
            "  pgchorus node join n2=postgresql://postgres@db2/app \\",
            "      --via postgresql://postgres@db1/app",
            "  pgchorus node list --group postgresql://postgres@db1/app"
        })
final class NodeCommand implements Runnable {
    @Spec private CommandSpec spec;

    @Override
    public void run() {
        throw Failures.missingCommand(spec.commandLine());
    }
}
