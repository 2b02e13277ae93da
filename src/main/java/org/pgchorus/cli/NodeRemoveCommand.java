package org.pgchorus.cli;

import org.pgchorus.config.Address;
import org.pgchorus.daemon.NodeOrders;
import org.pgchorus.member.Leaver.Left;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.util.Map;
import java.util.concurrent.Callable;

/** {@code pgchorus node remove}: a plain database again. */
@Command(
        name = "remove",
        description = {
            "Strips everything of pgchorus from a database, leaving a plain one.",
            "Slots, origins, publication, triggers and the schema pgchorus go; your tables and rows"
                    + " stay. Refused while other nodes count on it: take it out of the group with"
                    + " node detach first. Finds what a crash or a half-made node left; saying it"
                    + " again does no harm."
        },
        footer = {
            "  pgchorus node remove postgresql://postgres@db3/app",
            "  pgchorus node remove postgresql://postgres@db3/app --force",
        })
final class NodeRemoveCommand implements Callable<Integer> {
    @Parameters(paramLabel = "ADDRESS", description = "The database.")
    private Address address;

    @Option(
            names = "--force",
            description =
                    "Even if other nodes count on it: what they have not received of it is lost to"
                            + " them, and their links to it stop.")
    private boolean force;

    @Spec private CommandSpec spec;
    @Mixin private Output output;

    @Override
    public Integer call() throws InterruptedException {
        Left left = NodeOrders.remove(address, force);
        left.notes().forEach(note -> Failures.warn(spec.commandLine().getErr(), note));
        output.print(() -> text(address, left), () -> json(address, left));
        return Exit.WELL;
    }

    /** The answer for people. */
    static String text(Address address, Left left) {
        if (left.done().isEmpty()) {
            return "the database at %s is a plain one; there was nothing to remove%n"
                    .formatted(address.text());
        }
        StringBuilder text =
                new StringBuilder(
                        "the database at %s is a plain one again; removed%s:%n"
                                .formatted(
                                        address.text(),
                                        left.node().map(n -> " of node " + n).orElse("")));
        left.done().forEach(done -> text.append("  ").append(done).append('\n'));
        return text.toString();
    }

    private static Map<String, Object> json(Address address, Left left) {
        return Json.object(
                "address", address.text(),
                "node", left.node(),
                "group", left.group(),
                "removed", left.done(),
                "notes", left.notes());
    }
}
