package org.pgchorus.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code pgchorus table}: holds the commands below it. */
@Command(
        name = "table",
        description = "Which tables take part, and what decides their conflicts.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            TableListCommand.class,
            TableAddCommand.class,
            TableRemoveCommand.class,
            TablePolicyCommand.class,
        },
        footer = {
            "  pgchorus table list",
            "  pgchorus table add public.invoice",
            "  pgchorus table remove public.scratch",
            "  pgchorus table policy public.account last_update_wins --column balance=delta"
        })
final class TableCommand implements Runnable {
    @Spec private CommandSpec spec;

    @Override
    public void run() {
        throw Failures.missingCommand(spec.commandLine());
    }
}
