package org.pgchorus.cli;

import org.pgchorus.daemon.Conflicts;
import org.pgchorus.daemon.Conflicts.Conflict;
import org.pgchorus.model.NodeName;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Callable;

/** {@code pgchorus conflict list}: which conflicts were there? */
@Command(
        name = "list",
        description = "Lists conflicts over all nodes, the newest first.",
        footer = {
            "  pgchorus conflict list --since 1h",
            "  pgchorus conflict list --table public.account --node n2 --limit 10",
            "  pgchorus conflict list --since 2026-11-20T08:00:00Z --json | jq '.[].key'",
        })
final class ConflictListCommand implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private GroupOption group;

    @Option(
            names = "--table",
            paramLabel = "TABLE",
            description = "Only of this table, with or without its schema.")
    private String table;

    @Option(
            names = "--node",
            paramLabel = "NAME",
            description = "Only those that this node decided.")
    private NodeName node;

    @Option(
            names = "--since",
            paramLabel = "TIME",
            description = "Only after a moment, such as 2026-11-20T08:00:00Z, or 15min for so ago.")
    private String since;

    @Option(
            names = "--limit",
            paramLabel = "N",
            defaultValue = "50",
            description = "At most so many. Default: ${DEFAULT-VALUE}.")
    private int limit;

    @Mixin private Output output;

    @Override
    public Integer call() {
        if (limit < 1) {
            throw new ParameterException(
                    spec.commandLine(), "--limit must be at least 1, not " + limit);
        }
        Conflicts.Answer<Conflict> answer =
                Conflicts.list(
                        group.address(),
                        Optional.ofNullable(table),
                        Optional.ofNullable(node),
                        Optional.ofNullable(since).map(this::moment),
                        limit);
        output.print(
                () -> ConflictView.list(answer.found()),
                () -> answer.found().stream().map(ConflictView::json).toList());
        ConflictView.warn(spec.commandLine().getErr(), answer.unreachable());
        return Exit.WELL;
    }

    private Instant moment(String text) {
        try {
            return Moments.parse(text, Program.surroundings(spec).clock().instant());
        } catch (IllegalArgumentException refused) {
            throw new ParameterException(
                    spec.commandLine(), "--since: " + refused.getMessage(), refused);
        }
    }
}
