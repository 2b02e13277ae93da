package org.pgchorus.cli;

import org.pgchorus.daemon.Sequences;
import org.pgchorus.daemon.Sequences.Sequence;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;

/** {@code pgchorus sequence spread}: every node gets numbers of its own. */
@Command(
        name = "spread",
        description = {
            "Gives every node numbers of its own, on all nodes or on none.",
            "Each sequence then counts by the number of nodes there is room for, and each node"
                + " begins at another remainder, above all numbers that are there. Clients may go"
                + " on; who draws a number meanwhile waits a moment. Nodes that join later get"
                + " numbers of their own by themselves. Tables that are made later: say it again."
        },
        footer = {
            "  pgchorus sequence spread --group postgresql://postgres@db1/app",
            "  pgchorus sequence spread invoice_number_seq",
            "  pgchorus sequence spread --nodes 8",
        })
final class SequenceSpreadCommand implements Callable<Integer> {
    @Parameters(
            arity = "0..*",
            paramLabel = "SEQUENCE",
            description = {
                "Which ones. Default: those of all serial and identity columns of tables that take"
                        + " part."
            })
    private List<String> names = new ArrayList<>();

    @Option(
            names = "--nodes",
            paramLabel = "N",
            description = "For how many nodes there is to be room. Default: as it is, at first 32.")
    private Optional<Integer> nodes;

    @Mixin private GroupOption group;
    @Mixin private Output output;

    @Override
    public Integer call() throws InterruptedException {
        List<Sequence> spread =
                Sequences.spread(
                        group.address(),
                        names,
                        nodes.map(OptionalInt::of).orElse(OptionalInt.empty()));
        output.print(
                () -> SequenceListCommand.text(spread), () -> SequenceListCommand.json(spread));
        return Exit.WELL;
    }
}
