package org.pgchorus.cli;

import org.pgchorus.daemon.Conflicts;
import org.pgchorus.daemon.Conflicts.Conflict;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

import java.util.concurrent.Callable;

/** {@code pgchorus conflict show}: one conflict, both versions side by side. */
@Command(
        name = "show",
        description = {
            "Shows one conflict, both versions side by side.",
            "Columns that differ are marked with *."
        },
        footer = {
            "  pgchorus conflict show n2.15",
            "  pgchorus conflict show n2.15 --json | jq '{local, remote}'",
        })
final class ConflictShowCommand implements Callable<Integer> {
    @Parameters(paramLabel = "ID", description = "As conflict list shows it, such as n2.15.")
    private String id;

    @Mixin private GroupOption group;
    @Mixin private Output output;

    @Override
    public Integer call() {
        Conflict conflict = Conflicts.show(group.address(), id);
        output.print(() -> ConflictView.show(conflict), () -> ConflictView.json(conflict));
        return Exit.WELL;
    }
}
