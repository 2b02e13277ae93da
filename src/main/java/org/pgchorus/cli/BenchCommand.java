package org.pgchorus.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code pgchorus bench}: holds the commands below it. */
@Command(
        name = "bench",
        description = "Measures, on throw-away servers.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            BenchApplyCommand.class,
            BenchDelayCommand.class,
            BenchCopyCommand.class,
            BenchVerifyCommand.class,
            BenchRouteCommand.class,
        },
        footer = {
            "  pgchorus bench apply --against native",
            "  pgchorus bench delay --against native",
            "  pgchorus bench copy --against pipe",
            "  pgchorus bench verify --against hash",
            "  pgchorus bench route"
        })
final class BenchCommand implements Runnable {
    @Spec private CommandSpec spec;

    @Override
    public void run() {
        throw Failures.missingCommand(spec.commandLine());
    }
}
