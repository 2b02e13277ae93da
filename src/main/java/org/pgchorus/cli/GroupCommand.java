package org.pgchorus.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code pgchorus group}: holds the commands below it. */
@Command(
        name = "group",
        description = "Makes groups, and changes their settings.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            GroupCreateCommand.class,
            GroupShowCommand.class,
            GroupSetCommand.class,
        },
        footer = {
            "  pgchorus group create n1=postgresql://postgres@db1/app",
            "  pgchorus group set wal_budget=50GB",
        })
final class GroupCommand implements Runnable {
    @Spec private CommandSpec spec;

    @Override
    public void run() {
        throw Failures.missingCommand(spec.commandLine());
    }
}
