package org.pgchorus.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code pgchorus orphan}: holds the commands below it. */
@Command(
        name = "orphan",
        description = "Rows whose parent is missing, and what is done about them.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            OrphanListCommand.class,
            OrphanPolicyCommand.class,
        },
        footer = {
            "  pgchorus orphan list",
            "  pgchorus orphan policy",
            "  pgchorus orphan policy invoice_customer_fkey restore-parent",
        })
final class OrphanCommand implements Runnable {
    @Spec private CommandSpec spec;

    @Override
    public void run() {
        throw Failures.missingCommand(spec.commandLine());
    }
}
