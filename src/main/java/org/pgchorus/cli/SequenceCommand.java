package org.pgchorus.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code pgchorus sequence}: holds the commands below it. */
@Command(
        name = "sequence",
        description = "Numbers for rows: which may collide, and disjoint ones for every node.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            SequenceListCommand.class,
            SequenceSpreadCommand.class,
        },
        footer = {
            "  pgchorus sequence list",
            "  pgchorus sequence spread",
        })
final class SequenceCommand implements Runnable {
    @Spec private CommandSpec spec;

    @Override
    public void run() {
        throw Failures.missingCommand(spec.commandLine());
    }
}
