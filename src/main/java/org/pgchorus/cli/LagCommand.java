package org.pgchorus.cli;

import org.pgchorus.daemon.Status;
import org.pgchorus.daemon.Survey;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

import java.util.List;
import java.util.concurrent.Callable;

/** {@code pgchorus lag}: how far behind is each link? */
@Command(
        name = "lag",
        description = {
            "Shows how far behind each link is.",
            "That is, for each ordered pair of nodes, how much of the writer's log the other has"
                + " not applied yet; nodes that cannot be reached included. tx is about how many"
                + " transactions that is, by what one took lately."
        },
        footer = {
            "  pgchorus lag --group postgresql://postgres@db1/app",
            "  pgchorus lag --watch",
            "  pgchorus lag --json | jq '.[] | select(.lag_bytes > 1000000)'",
        })
final class LagCommand implements Callable<Integer> {
    @Mixin private GroupOption group;
    @Mixin private Output output;
    @Mixin private Watch watch;

    @Override
    public Integer call() throws InterruptedException {
        return watch.ask(this::once);
    }

    private int once() {
        List<Status.Link> links = Survey.of(group.address()).links();
        if (watch.repeats()) {
            output.printOnOneLine(
                    () -> watch.fitted(text(links)), () -> StatusView.linksJson(links));
        } else {
            output.print(() -> text(links), () -> StatusView.linksJson(links));
        }
        return Exit.WELL;
    }

    /** The answer for people: the links, and why those stand that do not flow. */
    static String text(List<Status.Link> links) {
        if (links.isEmpty()) {
            return "the group has one node, and so no links\n";
        }
        StringBuilder text = new StringBuilder(StatusView.lag(links));
        links.stream()
                .filter(link -> !link.reason().isEmpty())
                .forEach(link ->
                        text.append(
                                "%n%s->%s: %s".formatted(link.from(), link.to(), link.reason())));
        return text.append(text.charAt(text.length() - 1) == '\n' ? "" : "\n").toString();
    }
}
