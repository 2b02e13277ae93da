package org.pgchorus.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code pgchorus conflict}: holds the commands below it. */
@Command(
        name = "conflict",
        description = "The history of conflicts, over all nodes.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            ConflictListCommand.class,
            ConflictShowCommand.class,
            ConflictStatsCommand.class,
            ConflictUndoCommand.class,
        },
        footer = {
            "  pgchorus conflict list --since 1h",
            "  pgchorus conflict show n2.15",
            "  pgchorus conflict stats",
            "  pgchorus conflict undo n2.15"
        })
final class ConflictCommand implements Runnable {
    @Spec private CommandSpec spec;

    @Override
    public void run() {
        throw Failures.missingCommand(spec.commandLine());
    }
}
