package org.pgchorus.cli;

import org.pgchorus.daemon.Status;
import org.pgchorus.daemon.Survey;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

import java.util.List;
import java.util.concurrent.Callable;

/** {@code pgchorus node list}: which nodes are there? */
@Command(
        name = "list",
        description = "Lists the nodes of a group, those that cannot be reached included.",
        footer = {
            "  pgchorus node list --group postgresql://postgres@db1/app",
            "  pgchorus node list --json | jq -r '.[].name'",
        })
final class NodeListCommand implements Callable<Integer> {
    @Mixin private GroupOption group;
    @Mixin private Output output;

    @Override
    public Integer call() {
        List<Status.Node> nodes = Survey.of(group.address()).nodes();
        output.print(() -> text(nodes), () -> StatusView.nodesJson(nodes));
        return Exit.WELL;
    }

    /** The answer for people. */
    static String text(List<Status.Node> nodes) {
        StringBuilder text = new StringBuilder(StatusView.nodes(nodes));
        nodes.stream()
                .filter(node -> !node.problem().isEmpty())
                .forEach(node -> text.append("\n%s: %s\n".formatted(node.name(), node.problem())));
        return text.toString();
    }
}
