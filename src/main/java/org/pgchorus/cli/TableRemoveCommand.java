package org.pgchorus.cli;

import org.pgchorus.daemon.Orders;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

import java.util.concurrent.Callable;

/** {@code pgchorus table remove}: takes a table out. */
@Command(
        name = "remove",
        description = {
            "Takes a table out, on every node.",
            "Its rows stay where they are, and go their own ways from then on."
        },
        footer = {
            "  pgchorus table remove public.scratch",
            "  pgchorus table remove scratch --group postgresql://postgres@db1/app",
        })
final class TableRemoveCommand implements Callable<Integer> {
    @Parameters(
            paramLabel = "TABLE",
            description = "With its schema, or without where only one schema has it.")
    private String table;

    @Mixin private GroupOption group;
    @Mixin private Output output;

    @Override
    public Integer call() {
        Orders.removeTable(group.address(), table);
        output.print(
                () -> "table %s takes part no longer; its rows stay everywhere%n".formatted(table),
                () -> Json.object("table", table, "takes_part", false));
        return Exit.WELL;
    }
}
