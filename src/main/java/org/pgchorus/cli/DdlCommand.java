package org.pgchorus.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code pgchorus ddl}: holds the commands below it. */
@Command(
        name = "ddl",
        description = "Schema changes for all nodes, in order with the rows.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {DdlExecCommand.class, DdlListCommand.class},
        footer = {
            "  pgchorus ddl list",
            "  pgchorus ddl exec 'ALTER TABLE public.invoice ADD COLUMN note text'",
        })
final class DdlCommand implements Runnable {
    @Spec private CommandSpec spec;

    @Override
    public void run() {
        throw Failures.missingCommand(spec.commandLine());
    }
}
