package org.pgchorus.cli;

import org.pgchorus.daemon.SchemaOrders;
import org.pgchorus.daemon.SchemaOrders.Standing;
import org.pgchorus.daemon.SchemaOrders.Statement;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;

/** {@code pgchorus ddl list}: where does each change of the schema stand? */
@Command(
        name = "list",
        description = {
            "Lists changes of the schema, the newest first, and where each stands on every node.",
            "Exit code 1 if one is held somewhere, or stayed where it was said."
        },
        footer = {
            "  pgchorus ddl list --limit 10",
            "  pgchorus ddl list --json | jq '.[] | select(.nodes[].state == \"held\")'",
        })
final class DdlListCommand implements Callable<Integer> {
    private static final int SHOWN_CHARACTERS = 60;

    @Spec private CommandSpec spec;
    @Mixin private GroupOption group;

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
        List<Statement> found = SchemaOrders.list(group.address(), limit);
        output.print(() -> text(found), () -> found.stream().map(DdlListCommand::json).toList());
        boolean well =
                found.stream()
                        .flatMap(statement -> statement.nodes().stream())
                        .noneMatch(n -> n.state().equals("held") || n.state().equals("local"));
        return well ? Exit.WELL : Exit.DIFFERS;
    }

    private static String text(List<Statement> found) {
        if (found.isEmpty()) {
            return "no changes of the schema\n";
        }
        Grid grid = new Grid("said", "node", "role", "statement", "stands");
        for (Statement one : found) {
            grid.row(
                    Moments.toTheSecond(one.said()),
                    one.node(),
                    one.role(),
                    Words.cut(one.text().replaceAll("\\s+", " ").strip(), SHOWN_CHARACTERS),
                    one.nodes().stream()
                            .map(DdlListCommand::stands)
                            .collect(Collectors.joining(", ")));
        }
        return grid.text();
    }

    private static String stands(Standing at) {
        return at.node()
                + " "
                + at.state()
                + (at.state().equals("applied") ? " " + Moments.toTheSecond(at.time()) : "")
                + (at.reason().isEmpty() ? "" : " (" + at.reason() + ")");
    }

    private static Map<String, Object> json(Statement one) {
        return Json.object(
                "id", one.id(),
                "said", Moments.iso(one.said()),
                "node", one.node(),
                "role", one.role(),
                "statement", one.text(),
                "nodes",
                        one.nodes().stream()
                                .map(at ->
                                        Json.object(
                                                "node", at.node(),
                                                "state", at.state(),
                                                "reason", at.reason(),
                                                "time", Moments.iso(at.time())))
                                .toList());
    }
}
