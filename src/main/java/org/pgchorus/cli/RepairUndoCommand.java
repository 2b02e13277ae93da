package org.pgchorus.cli;

import org.pgchorus.daemon.RepairUndone;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;

/** {@code pgchorus repair undo}: puts back what a repair changed. */
@Command(
        name = "undo",
        description = {
            "Puts the rows that a repair changed back as they were, on each node, where they still"
                    + " are what the repair made of them. So nodes differ again afterwards.",
            "",
            "Exit status: 0 if all of it was undone, 1 if rows were left or a node was away."
        },
        footer = {
            "  pgchorus repair undo 20261121-200512-3fa9",
        })
final class RepairUndoCommand implements Callable<Integer> {
    @Parameters(paramLabel = "ID", description = "As repair shows it.")
    private String id;

    @Mixin private GroupOption group;
    @Mixin private Output output;

    @Override
    public Integer call() {
        RepairUndone undone = RepairUndone.undo(group.address(), id);
        output.print(() -> text(undone), () -> json(undone));
        return undone.isWhole() ? Exit.WELL : Exit.DIFFERS;
    }

    private static String text(RepairUndone undone) {
        StringBuilder text = new StringBuilder();
        undone.nodes()
                .forEach((node, back) -> {
                    back.left()
                            .forEach(row ->
                                    text.append(
                                            "%s: %s %s was left: %s%n"
                                                    .formatted(
                                                            node,
                                                            row.table(),
                                                            row.key(),
                                                            row.reason())));
                    text.append(
                            "%s: %s put back%n".formatted(node, Words.count(back.rows(), "row")));
                });
        undone.skipped().forEach(why -> text.append("not undone: %s%n".formatted(why)));
        return text.append(
                        undone.isWhole()
                                ? "repair %s is undone%n".formatted(undone.id())
                                : "repair %s is not wholly undone%n".formatted(undone.id()))
                .toString();
    }

    private static Map<String, Object> json(RepairUndone undone) {
        Map<String, Object> nodes = new LinkedHashMap<>();
        undone.nodes()
                .forEach((node, back) ->
                        nodes.put(
                                node.text(),
                                Json.object(
                                        "rows", back.rows(),
                                        "left",
                                                back.left().stream()
                                                        .map(row ->
                                                                Json.object(
                                                                        "table",
                                                                                row.table()
                                                                                        .toString(),
                                                                        "key", row.key(),
                                                                        "reason", row.reason()))
                                                        .toList())));
        return Json.object(
                "id", undone.id(),
                "whole", undone.isWhole(),
                "nodes", nodes,
                "skipped", undone.skipped());
    }
}
