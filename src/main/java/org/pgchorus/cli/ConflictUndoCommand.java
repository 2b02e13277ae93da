package org.pgchorus.cli;

import org.pgchorus.daemon.Undo;
import org.pgchorus.daemon.Undo.Undone;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

import java.util.concurrent.Callable;

/** {@code pgchorus conflict undo}: makes the loser the current version. */
@Command(
        name = "undo",
        description = {
            "Makes the version that lost a conflict the current one.",
            "It is written anew, on the node that decided, and replicates like any other write.",
            "If the loser was a delete, the row is deleted."
        },
        footer = {
            "  pgchorus conflict show n2.15",
            "  pgchorus conflict undo n2.15",
        })
final class ConflictUndoCommand implements Callable<Integer> {
    @Parameters(paramLabel = "ID", description = "As conflict list shows it, such as n2.15.")
    private String id;

    @Mixin private GroupOption group;
    @Mixin private Output output;

    @Override
    public Integer call() {
        Undone undone = Undo.conflict(group.address(), id);
        output.print(() -> text(undone), () -> ConflictView.json(undone.conflict()));
        return Exit.WELL;
    }

    private static String text(Undone undone) {
        return "conflict %s undone: %s %s is %s again, as node %s had it\n"
                .formatted(
                        undone.conflict().id(),
                        undone.conflict().table(),
                        undone.conflict().key(),
                        undone.row().orElse("deleted"),
                        undone.version().node());
    }
}
