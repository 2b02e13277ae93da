package org.pgchorus.cli;

import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.util.Locale;
import java.util.concurrent.Callable;

/** {@code pgchorus completion}: what a shell needs to complete words. */
@Command(
        name = "completion",
        description = "Prints a script for a shell to complete words.",
        footer = {
            "  source <(pgchorus completion bash)",
            "  pgchorus completion bash > /etc/bash_completion.d/pgchorus",
            "  source <(pgchorus completion zsh)    # in ~/.zshrc, after compinit",
        })
final class CompletionCommand implements Callable<Integer> {
    /** Shells there is a script for. */
    enum Shell {
        BASH,
        ZSH;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Spec private CommandSpec spec;

    @Parameters(paramLabel = "SHELL", description = "${COMPLETION-CANDIDATES}.")
    private Shell shell;

    @Override
    public Integer call() {
        String script = AutoComplete.bash("pgchorus", spec.root().commandLine());
        // One script serves both: it loads zsh's layer for bash's functions when zsh reads it.
        String loading =
                shell == Shell.ZSH
                        ? "autoload -Uz compinit && (( $+functions[compdef] )) || compinit\n"
                        : "";
        spec.commandLine().getOut().print(loading + script);
        return Exit.WELL;
    }
}
