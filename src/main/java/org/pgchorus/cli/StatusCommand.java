package org.pgchorus.cli;

import org.pgchorus.daemon.Status;
import org.pgchorus.daemon.Survey;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

import java.util.List;
import java.util.concurrent.Callable;

/** {@code pgchorus status}: is the whole well? */
@Command(
        name = "status",
        description = {
            "Shows nodes, links, and what is not well and why.",
            "Ends with 0 if every node is ready, every link flows, and nothing is held or known to"
                    + " differ; else with 1."
        },
        footer = {
            "  pgchorus status --group postgresql://postgres@db1/app",
            "  pgchorus status --watch",
            "  pgchorus status --json | jq -r '.problems[]'",
        })
final class StatusCommand implements Callable<Integer> {
    @Mixin private GroupOption group;
    @Mixin private Output output;
    @Mixin private Watch watch;

    @Override
    public Integer call() throws InterruptedException {
        return watch.ask(this::once);
    }

    private int once() {
        Status status = Survey.of(group.address());
        if (watch.repeats()) {
            output.printOnOneLine(() -> watch.fitted(text(status)), () -> StatusView.json(status));
        } else {
            output.print(() -> text(status), () -> StatusView.json(status));
        }
        return status.problems().isEmpty() ? Exit.WELL : Exit.DIFFERS;
    }

    /** The answer for people. */
    static String text(Status status) {
        StringBuilder text =
                new StringBuilder(
                        status.groupId().isEmpty()
                                ? "in no group\n\n"
                                : "group " + status.groupId() + "\n\n");
        text.append(StatusView.nodes(status.nodes()));
        if (!status.links().isEmpty()) {
            text.append('\n').append(StatusView.links(status.links()));
        }
        text.append(held(status.links()));
        if (!status.notes().isEmpty()) {
            text.append('\n');
            status.notes().forEach(note -> text.append("note: ").append(note).append('\n'));
        }
        List<String> problems = status.problems();
        if (problems.isEmpty()) {
            return text.append("\nall is well\n").toString();
        }
        text.append("\nnot well:\n");
        problems.forEach(problem -> text.append("  ").append(problem).append('\n'));
        return text.toString();
    }

    private static String held(List<Status.Link> links) {
        StringBuilder text = new StringBuilder();
        links.stream()
                .filter(link -> !link.held().isEmpty())
                .forEach(link ->
                        text.append("\n%s->%s holds:\n".formatted(link.from(), link.to()))
                                .append(HeldView.tables(link.held())));
        return text.toString();
    }
}
