package org.pgchorus.cli;

import org.pgchorus.config.Nearest;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/** {@code pgchorus help}: the same as {@code --help}, for those who type it this way. */
@Command(
        name = "help",
        description = "Shows the help of a command.",
        footer = {"  pgchorus help", "  pgchorus help node join"})
final class HelpCommand implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Parameters(arity = "0..*", paramLabel = "COMMAND", description = "Such as: node join.")
    private List<String> words = new ArrayList<>();

    @Override
    public Integer call() {
        CommandLine command = spec.root().commandLine();
        for (String word : words) {
            CommandLine next = command.getSubcommands().get(word);
            if (next == null) {
                throw new ParameterException(
                        spec.commandLine(),
                        "%s has no command \"%s\"%s"
                                .formatted(
                                        command.getCommandSpec().qualifiedName(),
                                        word,
                                        Nearest.hint(word, command.getSubcommands().keySet())));
            }
            command = next;
        }
        command.usage(spec.commandLine().getOut());
        return Exit.WELL;
    }
}
