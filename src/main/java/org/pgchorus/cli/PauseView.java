package org.pgchorus.cli;

import org.pgchorus.daemon.NodeOrders.Pause;
import org.pgchorus.http.Outcomes;
import org.pgchorus.model.LinkName;
import org.pgchorus.model.NodeName;

import java.io.PrintWriter;

/** What pausing a node, or letting it go on, came to. No state. */
final class PauseView {
    private PauseView() {}

    /** The exit status; says what was not done. */
    static int tell(Pause pause, NodeName node, boolean paused, Output output, PrintWriter err) {
        output.print(() -> text(pause, node, paused), () -> Outcomes.pause(pause, node, paused));
        pause.still()
                .forEach(link ->
                        Failures.warn(
                                err,
                                paused
                                        ? "link %s goes on: another order came at once"
                                                .formatted(link)
                                        : ("link %s stays paused by an order of its own, or its"
                                                        + " other end is paused; pgchorus status"
                                                        + " says which")
                                                .formatted(link)));
        pause.unconfirmed()
                .forEach(link ->
                        Failures.print(
                                err,
                                ("the order for link %s stands, but no daemon has carried it out:"
                                                + " none serves node %s; start one: pgchorus run"
                                                + " %s=ADDRESS")
                                        .formatted(link, link.to(), link.to())));
        pause.untold()
                .forEach((name, why) ->
                        Failures.print(
                                err,
                                "node %s could not be told: %s; say it again when it is back"
                                        .formatted(name, why)));
        return pause.unconfirmed().isEmpty() && pause.untold().isEmpty() ? Exit.WELL : Exit.DIFFERS;
    }

    private static String text(Pause pause, NodeName node, boolean paused) {
        return "node %s %s: %s%n"
                .formatted(
                        node,
                        paused ? "is paused" : "goes on",
                        pause.links().isEmpty()
                                ? "no links"
                                : String.join(
                                        ", ",
                                        pause.links().stream().map(LinkName::toString).toList()));
    }
}
