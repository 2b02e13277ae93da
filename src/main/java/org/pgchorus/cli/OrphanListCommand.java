package org.pgchorus.cli;

import org.pgchorus.daemon.Conflicts;
import org.pgchorus.daemon.Orphans;
import org.pgchorus.daemon.Orphans.Found;
import org.pgchorus.daemon.Orphans.Healed;
import org.pgchorus.model.NodeName;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import java.util.Optional;
import java.util.concurrent.Callable;

/** {@code pgchorus orphan list}: which rows lack their parent? */
@Command(
        name = "list",
        description = {
            "Lists rows whose parent is missing, on every node.",
            "Reads the tables of all foreign keys as a whole.",
            "",
            "Exit status: 0 if there are none, 1 if there are, 2 if used wrongly, 3 if a node"
                    + " could not be asked."
        },
        footer = {
            "  pgchorus orphan list --group postgresql://postgres@db1/app",
            "  pgchorus orphan list --node n2 --json | jq '.orphans[].key'",
            "  pgchorus orphan list --healed --limit 10",
        })
final class OrphanListCommand implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private GroupOption group;

    @Option(names = "--node", paramLabel = "NAME", description = "Only those of this node.")
    private NodeName node;

    @Option(names = "--healed", description = "What was healed instead, the newest first.")
    private boolean healed;

    @Option(
            names = "--limit",
            paramLabel = "N",
            defaultValue = "50",
            description = "With --healed: at most so many. Default: ${DEFAULT-VALUE}.")
    private int limit;

    @Mixin private Output output;

    @Override
    public Integer call() {
        if (limit < 1) {
            throw new ParameterException(
                    spec.commandLine(), "--limit must be at least 1, not " + limit);
        }
        return healed ? healed() : found();
    }

    private int found() {
        Found found = Orphans.list(group.address(), Optional.ofNullable(node));
        output.print(() -> OrphanView.list(found), () -> OrphanView.json(found));
        found.unreachable()
                .forEach(why ->
                        Failures.warn(
                                spec.commandLine().getErr(),
                                "one node could not be asked: " + why));
        if (!found.unreachable().isEmpty()) {
            return Exit.COULD_NOT_TELL;
        }
        return found.orphans().isEmpty() ? Exit.WELL : Exit.DIFFERS;
    }

    private int healed() {
        Conflicts.Answer<Healed> answer =
                Orphans.healed(group.address(), Optional.ofNullable(node), limit);
        output.print(
                () -> OrphanView.healed(answer.found()),
                () -> answer.found().stream().map(OrphanView::json).toList());
        ConflictView.warn(spec.commandLine().getErr(), answer.unreachable());
        return answer.unreachable().isEmpty() ? Exit.WELL : Exit.COULD_NOT_TELL;
    }
}
