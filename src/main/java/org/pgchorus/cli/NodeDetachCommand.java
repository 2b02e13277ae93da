package org.pgchorus.cli;

import org.pgchorus.daemon.Detach;
import org.pgchorus.member.Member;
import org.pgchorus.model.NodeName;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.util.List;
import java.util.concurrent.Callable;

/** {@code pgchorus node detach}: takes nodes out, also lost ones. */
@Command(
        name = "detach",
        description = {
            "Takes nodes out of the group; works when they are gone.",
            "Those that stay first give each other what only some of them had received from the"
                + " node, so that all are equal. All of those that stay have to be reachable; one"
                + " that is lost too is named too. A node that still lives is best drained first:"
                + " what its clients write after this stays there. If the command is killed, say it"
                + " again: it goes on. A node taken out does not come back by itself; make it plain"
                + " with node remove, and join it again."
        },
        footer = {
            "  pgchorus node detach n3 --group postgresql://postgres@db1/app",
            "  pgchorus node detach n3 n4",
        })
final class NodeDetachCommand implements Callable<Integer> {
    @Parameters(arity = "1..*", paramLabel = "NAME", description = "The nodes to take out.")
    private List<NodeName> names;

    @Spec private CommandSpec spec;
    @Mixin private GroupOption group;
    @Mixin private Output output;

    @Override
    public Integer call() throws InterruptedException {
        Detach.Detached detached =
                Detach.nodes(
                        group.address(),
                        names,
                        step -> {
                            spec.commandLine().getErr().println(step);
                            spec.commandLine().getErr().flush();
                        });
        output.print(
                () -> text(detached),
                () ->
                        Json.object(
                                "detached",
                                        detached.nodes().stream()
                                                .map(m -> m.name().text())
                                                .toList(),
                                "versions", detached.versions(),
                                "alive",
                                        detached.alive().stream()
                                                .map(m -> m.name().text())
                                                .toList()));
        return Exit.WELL;
    }

    /** The answer for people. */
    static String text(Detach.Detached detached) {
        StringBuilder text = new StringBuilder();
        for (Member node : detached.nodes()) {
            text.append(
                    "node %s is out of the group; those that stay have the same of it%n"
                            .formatted(node.name()));
        }
        text.append(
                "%s brought to nodes that lacked them%n"
                        .formatted(Words.count(detached.versions(), "version")));
        for (Member node : detached.alive()) {
            text.append(
                    "its database still lives; to make it a plain one: pgchorus node remove %s%n"
                            .formatted(node.address().text()));
        }
        return text.toString();
    }
}
