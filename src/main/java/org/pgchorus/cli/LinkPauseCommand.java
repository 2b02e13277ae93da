package org.pgchorus.cli;

import org.pgchorus.daemon.Orders;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

import java.util.concurrent.Callable;

/** {@code pgchorus link pause}: stops delivery on one link. */
@Command(
        name = "pause",
        description = {
            "Stops delivery on one link until it is resumed.",
            "No other link is touched. Meanwhile the writer keeps what is not delivered. Returns"
                    + " when the link stands."
        },
        footer = {
            "  pgchorus link pause n1 n2",
            "  pgchorus link pause n1 n2 --group postgresql://postgres@db1/app",
        })
final class LinkPauseCommand implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private LinkParameters link;
    @Mixin private GroupOption group;
    @Mixin private Output output;

    @Override
    public Integer call() throws InterruptedException {
        boolean confirmed = Orders.pause(group.address(), link.from(), link.to(), true);
        output.print(
                () -> confirmed ? "link %s is paused%n".formatted(link.name()) : "",
                () -> link.json(true, confirmed));
        if (confirmed) {
            return Exit.WELL;
        }
        Failures.print(spec.commandLine().getErr(), link.unconfirmed());
        return Exit.DIFFERS;
    }
}
