package org.pgchorus.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code pgchorus link}: holds the commands below it. */
@Command(
        name = "link",
        description = "Stops, resumes, shows and unblocks one direction between two nodes.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            LinkPauseCommand.class,
            LinkResumeCommand.class,
            LinkShowCommand.class,
            LinkSkipCommand.class,
        },
        footer = {
            "  pgchorus link pause n1 n2",
            "  pgchorus link show n1 n2",
            "  pgchorus link resume n1 n2"
        })
final class LinkCommand implements Runnable {
    @Spec private CommandSpec spec;

    @Override
    public void run() {
        throw Failures.missingCommand(spec.commandLine());
    }
}
