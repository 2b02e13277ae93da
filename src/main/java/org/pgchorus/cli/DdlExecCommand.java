package org.pgchorus.cli;

import org.pgchorus.daemon.SchemaOrders;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

import java.util.concurrent.Callable;

/** {@code pgchorus ddl exec}: changes the schema of all nodes. */
@Command(
        name = "exec",
        description = {
            "Changes the schema on the node asked, and on all others at that place of its stream.",
            "Where clients' changes are captured it is enough to make them there, with any client."
        },
        footer = {
            "  pgchorus ddl exec 'ALTER TABLE public.invoice ADD COLUMN note text'",
            "  pgchorus ddl exec 'CREATE INDEX CONCURRENTLY ON public.invoice (note)'",
        })
final class DdlExecCommand implements Callable<Integer> {
    @Parameters(paramLabel = "SQL", description = "Statements; they are made in one transaction.")
    private String sql;

    @Mixin private GroupOption group;
    @Mixin private Output output;

    @Override
    public Integer call() {
        int count = SchemaOrders.execute(group.address(), sql);
        output.print(
                () ->
                        "%s made here; see where the others are: pgchorus ddl list%n"
                                .formatted(Words.count(count, "statement")),
                () -> Json.object("statements", count));
        return Exit.WELL;
    }
}
