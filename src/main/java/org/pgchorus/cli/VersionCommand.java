package org.pgchorus.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

import java.util.concurrent.Callable;

/** {@code pgchorus version}. */
@Command(
        name = "version",
        description = "Prints the version.",
        footer = {"  pgchorus version", "  pgchorus version --json | jq -r .version"})
final class VersionCommand implements Callable<Integer> {
    @Mixin private Output output;

    @Override
    public Integer call() {
        output.print(
                () -> Version.line() + "\n",
                () ->
                        Json.object(
                                "version", Version.number(),
                                "java", Runtime.version().toString()));
        return Exit.WELL;
    }
}
