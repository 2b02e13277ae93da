package org.pgchorus.cli;

import org.pgchorus.daemon.Orders;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

import java.util.concurrent.Callable;

/** {@code pgchorus table add}: lets a table take part. */
@Command(
        name = "add",
        description = {
            "Lets a table take part, on every node.",
            "It must be there on all of them; rows that are in it already are not copied."
        },
        footer = {
            "  pgchorus table add public.invoice",
            "  pgchorus table add invoice --group postgresql://postgres@db1/app",
        })
final class TableAddCommand implements Callable<Integer> {
    @Parameters(
            paramLabel = "TABLE",
            description = "With its schema, or without where only one schema has it.")
    private String table;

    @Mixin private GroupOption group;
    @Mixin private Output output;

    @Override
    public Integer call() {
        Orders.addTable(group.address(), table);
        output.print(
                () -> "table %s takes part on every node%n".formatted(table),
                () -> Json.object("table", table, "takes_part", true));
        return Exit.WELL;
    }
}
