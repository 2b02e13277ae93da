package org.pgchorus.cli;

import org.pgchorus.daemon.Orders;
import org.pgchorus.daemon.Orders.ReplicatedTable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

/** {@code pgchorus table list}: which tables take part? */
@Command(
        name = "list",
        description = {
            "Lists the tables that take part, as the asked node has them.",
            "Policy: what decides their conflicts. Delta: the columns to which differences are"
                    + " added."
        },
        footer = {
            "  pgchorus table list --group postgresql://postgres@db1/app",
            "  pgchorus table list --json | jq -r '.[] | select(.key == null) | .table'",
        })
final class TableListCommand implements Callable<Integer> {
    @Mixin private GroupOption group;
    @Mixin private Output output;

    @Override
    public Integer call() {
        List<ReplicatedTable> tables = Orders.tables(group.address());
        output.print(() -> text(tables), () -> json(tables));
        return Exit.WELL;
    }

    /** The answer for people; the server only estimates how many rows there are. */
    static String text(List<ReplicatedTable> tables) {
        if (tables.isEmpty()) {
            return "no tables take part; add one: pgchorus table add TABLE\n";
        }
        Grid grid = new Grid("table", "key", ">rows, about", ">size", "policy", "delta");
        for (ReplicatedTable table : tables) {
            grid.row(
                    table.schema() + "." + table.name(),
                    table.key().orElse(""),
                    Words.count(table.rows()),
                    Words.size(table.bytes()),
                    table.policy(),
                    String.join(", ", table.deltaColumns()));
        }
        return grid.text();
    }

    private static List<Map<String, Object>> json(List<ReplicatedTable> tables) {
        return tables.stream()
                .map(table ->
                        Json.object(
                                "table", table.schema() + "." + table.name(),
                                "schema", table.schema(),
                                "name", table.name(),
                                "key", table.key(),
                                "estimated_rows", table.rows(),
                                "bytes", table.bytes(),
                                "policy", table.policy(),
                                "delta_columns", table.deltaColumns()))
                .toList();
    }
}
