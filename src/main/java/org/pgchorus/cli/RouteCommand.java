package org.pgchorus.cli;

import org.pgchorus.config.Address;
import org.pgchorus.config.NodeAddress;
import org.pgchorus.daemon.Survey;
import org.pgchorus.http.Binding;
import org.pgchorus.http.GroupJudge;
import org.pgchorus.http.RouterPage;
import org.pgchorus.model.NodeName;
import org.pgchorus.route.HealthJudge;
import org.pgchorus.route.Judgement;
import org.pgchorus.route.NodeWatch;
import org.pgchorus.route.Router;
import org.pgchorus.route.RouterOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;

/** {@code pgchorus route}: a router for clients. */
@Command(
        name = "route",
        description = {
            "Takes clients' connections and leads each to a node that clients may write to"
                    + " (docs/routing.md), until Ctrl-C or SIGTERM. The nodes are those of the"
                    + " group, found through --group, or those named. Without --health the router"
                    + " looks at the group itself, and takes in nodes that join.",
            "",
            "Modes: any: the node with the fewest sessions. sticky: the same node for the same"
                    + " client (--by), which avoids conflicts. preferred: one node for all, the"
                    + " next only when that one is out; it does not go back while sessions live"
                    + " there."
        },
        footer = {
            "  pgchorus route --group postgresql://postgres@db1/app",
            "  pgchorus route --listen '*:5000' --mode sticky --by user --health :8008 \\",
            "      --group postgresql://postgres@db1/app",
            "  pgchorus route --mode preferred n2=postgresql://db2 n1=postgresql://db1",
        })
final class RouteCommand implements Callable<Integer> {
    private static final String NO_JUDGE = "none";

    @Spec private CommandSpec spec;
    @Mixin private GroupOption group;
    @Mixin private RouteOptions options;

    @Parameters(
            arity = "0..*",
            paramLabel = "NAME=ADDRESS",
            description =
                    "The nodes, in the order in which they are preferred. Default: those of the"
                            + " group.")
    private List<String> words = new ArrayList<>();

    @Option(
            names = "--health",
            paramLabel = "[HOST]:PORT",
            description =
                    "Where the daemons answer HTTP: a port beside each node, or one place for all."
                            + " A token they want is taken from "
                            + HttpOption.TOKEN_VARIABLE
                            + ". none: it counts only whether a server answers.")
    private Optional<String> health;

    @Option(
            names = "--first",
            paramLabel = "NAME",
            description = "The node that comes first. Default: the one with the lowest number.")
    private Optional<NodeName> first;

    @Override
    public Integer call() throws InterruptedException {
        RouterOptions routerOptions = options.routerOptions();
        Binding statistics = options.statistics(token());
        List<NodeAddress> nodes = ordered(nodes());
        Map<String, String> daemons = health.isPresent() ? daemons(nodes, health.get()) : Map.of();
        Logger log = LoggerFactory.getLogger(RouteCommand.class);
        Router router = Router.start(routerOptions, InstantSource.system());
        RouterPage page;
        try {
            watch(router, nodes, daemons);
            page = RouterPage.start(statistics, router::statistics);
        } catch (IllegalArgumentException refused) {
            router.close();
            throw refused;
        }
        Thread stop =
                new Thread(
                        () -> {
                            page.close();
                            router.close();
                            Runtime.getRuntime().halt(Exit.WELL);
                        },
                        "stop");
        Runtime.getRuntime().addShutdownHook(stop);
        log.info(
                "{} leads clients from {} to {}, mode {}; statistics at {}",
                Version.line(),
                router.place(),
                nodes,
                routerOptions.mode(),
                page.uri());
        new CountDownLatch(1).await();
        return Exit.WELL;
    }

    /** Begins to tell the router how nodes are, until the process ends. */
    private void watch(Router router, List<NodeAddress> nodes, Map<String, String> daemons) {
        if (isUnjudged()) {
            Function<String, Judgement> all = _ -> new Judgement.Writable();
            NodeWatch.start(router, nodes, all);
        } else if (health.isPresent()) {
            NodeWatch.start(router, nodes, new HealthJudge(daemons, token()));
        } else {
            watchGroup(router, nodes);
        }
    }

    private static void watchGroup(Router router, List<NodeAddress> nodes) {
        AtomicReference<NodeWatch> watch = new AtomicReference<>();
        GroupJudge judge =
                GroupJudge.start(
                        nodes,
                        all -> Optional.ofNullable(watch.get()).ifPresent(it -> it.know(all)));
        watch.set(NodeWatch.start(router, nodes, judge));
    }

    private boolean isUnjudged() {
        return health.filter(NO_JUDGE::equals).isPresent();
    }

    private List<NodeAddress> nodes() {
        if (!words.isEmpty()) {
            return words.stream().map(NodeAddress::parse).toList();
        }
        return Survey.of(group.address()).nodes().stream()
                .filter(node -> node.id() > 0)
                .map(node ->
                        new NodeAddress(new NodeName(node.name()), Address.parse(node.address())))
                .toList();
    }

    private List<NodeAddress> ordered(List<NodeAddress> nodes) {
        if (first.isPresent() && nodes.stream().noneMatch(n -> n.name().equals(first.get()))) {
            throw new ParameterException(
                    spec.commandLine(), "--first: there is no node %s".formatted(first.get()));
        }
        List<NodeAddress> ordered = new ArrayList<>(nodes);
        ordered.sort(Comparator.comparing(node -> first.filter(node.name()::equals).isEmpty()));
        return ordered;
    }

    /** The daemon of each node, at the named place or beside it. */
    private Map<String, String> daemons(List<NodeAddress> nodes, String place) {
        if (isUnjudged()) {
            return Map.of();
        }
        if (!place.matches("([A-Za-z0-9._-]*|\\[[0-9a-fA-F:.]+]):[0-9]{1,5}")) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--health: \"%s\" is not [HOST]:PORT, such as :8008, nor none"
                            .formatted(place));
        }
        Map<String, String> daemons = new LinkedHashMap<>();
        for (NodeAddress node : nodes) {
            String host = node.address().places().getFirst().host();
            String beside = host.contains(":") ? "[" + host + "]" : host;
            daemons.put(node.name().text(), place.startsWith(":") ? beside + place : place);
        }
        return daemons;
    }

    private Optional<String> token() {
        return Optional.ofNullable(
                        Program.surroundings(spec).environment().get(HttpOption.TOKEN_VARIABLE))
                .filter(text -> !text.isBlank());
    }
}
