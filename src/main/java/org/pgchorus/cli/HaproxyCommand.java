package org.pgchorus.cli;

import org.pgchorus.config.Address;
import org.pgchorus.config.NodeAddress;
import org.pgchorus.daemon.Status;
import org.pgchorus.daemon.Survey;
import org.pgchorus.http.Haproxy;
import org.pgchorus.model.NodeName;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;

/** {@code pgchorus haproxy}: a configuration of HAProxy for a group. */
@Command(
        name = "haproxy",
        description = {
            "Writes a configuration of HAProxy (2.2 or later) for the group's nodes to standard"
                    + " output. It asks the daemons which nodes are writable (docs/http.md), and"
                    + " ends the sessions of one that no longer is. Write it anew when nodes come"
                    + " or go.",
            "",
            "Modes: any: the node with the fewest connections. sticky: the same node for the same"
                    + " client's address, which avoids conflicts. preferred: one node for all, the"
                    + " next only while that one is out."
        },
        footer = {
            "  pgchorus haproxy --group postgresql://postgres@db1/app > haproxy.cfg",
            "  pgchorus haproxy --listen '*:5020' --mode sticky > haproxy.cfg",
            "  pgchorus haproxy --mode preferred --first n2 --health db1:8008 > haproxy.cfg",
        })
final class HaproxyCommand implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private GroupOption group;

    @Option(
            names = "--listen",
            paramLabel = "HOST:PORT",
            defaultValue = "*:5000",
            description = "Where clients connect. Default: ${DEFAULT-VALUE}.")
    private String listen;

    @Option(
            names = "--stats",
            paramLabel = "HOST:PORT",
            defaultValue = "127.0.0.1:7000",
            description = "Where HAProxy shows its statistics. Default: ${DEFAULT-VALUE}.")
    private String statistics;

    @Option(
            names = "--health",
            paramLabel = "[HOST]:PORT",
            defaultValue = ":8008",
            description =
                    "Where the daemons answer HTTP: a port beside each node, or one place for all."
                            + " Default: ${DEFAULT-VALUE}.")
    private String health;

    @Option(
            names = "--token",
            description =
                    "The daemons want a token: HAProxy sends what its own environment has as "
                            + HttpOption.TOKEN_VARIABLE
                            + ".")
    private boolean token;

    @Option(
            names = "--mode",
            paramLabel = "MODE",
            defaultValue = "any",
            description = "any, sticky or preferred. Default: ${DEFAULT-VALUE}.")
    private Haproxy.Mode mode;

    @Option(
            names = "--first",
            paramLabel = "NAME",
            description = "The node that comes first. Default: the one with the lowest number.")
    private Optional<NodeName> first;

    @Override
    public Integer call() {
        Haproxy.Options options;
        try {
            options = new Haproxy.Options(listen, statistics, health, token, mode);
        } catch (IllegalArgumentException refused) {
            throw new ParameterException(spec.commandLine(), refused.getMessage(), refused);
        }
        List<Status.Node> nodes =
                Survey.of(group.address()).nodes().stream().filter(node -> node.id() > 0).toList();
        spec.commandLine().getOut().print(Haproxy.of(ordered(nodes), options));
        spec.commandLine().getOut().flush();
        return Exit.WELL;
    }

    private List<NodeAddress> ordered(List<Status.Node> nodes) {
        List<NodeAddress> ordered = new ArrayList<>();
        for (Status.Node node : nodes) {
            ordered.add(new NodeAddress(new NodeName(node.name()), Address.parse(node.address())));
        }
        if (first.isPresent() && ordered.stream().noneMatch(n -> n.name().equals(first.get()))) {
            throw new ParameterException(
                    spec.commandLine(), "--first: there is no node %s".formatted(first.get()));
        }
        ordered.sort(Comparator.comparing(node -> first.filter(node.name()::equals).isEmpty()));
        return ordered;
    }
}
