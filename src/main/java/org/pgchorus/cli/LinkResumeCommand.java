package org.pgchorus.cli;

import org.pgchorus.daemon.Orders;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

import java.util.concurrent.Callable;

/** {@code pgchorus link resume}: lets delivery go on. */
@Command(
        name = "resume",
        description = {"Lets delivery on a paused link go on.", "Returns when it does."},
        footer = {
            "  pgchorus link resume n1 n2",
            "  pgchorus link resume n1 n2 && pgchorus wait --from n1 --to n2",
        })
final class LinkResumeCommand implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private LinkParameters link;
    @Mixin private GroupOption group;
    @Mixin private Output output;

    @Override
    public Integer call() throws InterruptedException {
        boolean confirmed = Orders.pause(group.address(), link.from(), link.to(), false);
        output.print(
                () -> confirmed ? "link %s goes on%n".formatted(link.name()) : "",
                () -> link.json(false, confirmed));
        if (confirmed) {
            return Exit.WELL;
        }
        Failures.print(spec.commandLine().getErr(), link.unconfirmed());
        return Exit.DIFFERS;
    }
}
