package org.pgchorus.demo;

import org.pgchorus.config.Address;
import org.pgchorus.config.NodeAddress;
import org.pgchorus.daemon.Daemon;
import org.pgchorus.daemon.Orders;
import org.pgchorus.member.JoinProgress;
import org.pgchorus.member.JoinRequest;
import org.pgchorus.model.LinkName;
import org.pgchorus.model.NodeName;
import org.pgchorus.model.Took;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Some throw-away servers with a database {@code app} on each, and the daemon that makes a group of
 * them.
 *
 * <p>Used by one thread. {@link #close} ends daemon and servers; should the JVM end first, the
 * servers end with it.
 */
final class DemoGroup implements AutoCloseable {
    private static final String DATABASE = "app";
    private static final int COPY_JOBS = 2;
    private static final Duration READY_LIMIT = Duration.ofSeconds(60);

    private final List<EmbeddedServer> servers;
    private final List<NodeAddress> nodes;
    private Optional<Daemon> daemon = Optional.empty();

    private DemoGroup(List<EmbeddedServer> servers) {
        this.servers = servers;
        this.nodes =
                IntStream.range(0, servers.size())
                        .mapToObj(i ->
                                new NodeAddress(
                                        new NodeName(name(i)), servers.get(i).address(DATABASE)))
                        .toList();
    }

    /**
     * The asked ports, or the usual ones; 0 each if these are taken and none were asked for.
     *
     * @throws IllegalArgumentException if an asked port is taken, or the directory to keep has a
     *     server in it already
     */
    static List<Integer> ports(DemoOptions options) {
        options.keepIn().ifPresent(directory -> refuseUsed(directory, options.nodes()));
        int first = options.firstPort().orElse(DemoOptions.USUAL_PORT);
        List<Integer> wanted = IntStream.range(first, first + options.nodes()).boxed().toList();
        List<Integer> taken = wanted.stream().filter(port -> !EmbeddedServer.isFree(port)).toList();
        if (taken.isEmpty()) {
            return wanted;
        }
        if (options.firstPort().isPresent()) {
            throw new IllegalArgumentException(
                    ("port %d is taken; %d servers from --port %d need the ports up to %d. Stop"
                                    + " what listens there, choose another --port, or leave it out")
                            .formatted(taken.getFirst(), options.nodes(), first, wanted.getLast()));
        }
        return wanted.stream().map(port -> 0).toList();
    }

    private static void refuseUsed(Path directory, int nodes) {
        for (int i = 0; i < nodes; i++) {
            Path home = directory.resolve(name(i));
            if (Files.exists(home)) {
                throw new IllegalArgumentException(
                        "%s exists already; name another directory with --keep, or remove it"
                                .formatted(home));
            }
        }
    }

    /**
     * Starts the servers side by side, each with an empty database.
     *
     * @param ports one for each; 0 chooses a free one
     * @throws ServerFailed if a server does not start
     */
    static DemoGroup start(DemoOptions options, List<Integer> ports) {
        Map<Integer, EmbeddedServer> started = new ConcurrentHashMap<>();
        List<Runnable> starts =
                IntStream.range(0, options.nodes())
                        .<Runnable>mapToObj(i ->
                                () ->
                                        started.put(
                                                i,
                                                startWithDatabase(
                                                        server(options, i, ports.get(i)))))
                        .toList();
        try {
            SideBySide.run(starts);
        } catch (RuntimeException e) {
            SideBySide.run(started.values().stream().<Runnable>map(it -> it::close).toList());
            throw e;
        }
        return new DemoGroup(IntStream.range(0, options.nodes()).mapToObj(started::get).toList());
    }

    private static EmbeddedServer startWithDatabase(ServerOptions options) {
        EmbeddedServer server = EmbeddedServer.start(options);
        try {
            server.createDatabase(DATABASE);
            return server;
        } catch (RuntimeException e) {
            server.close();
            throw e;
        }
    }

    private static String name(int index) {
        return "n" + (index + 1);
    }

    private static ServerOptions server(DemoOptions options, int index, int port) {
        ServerOptions server = ServerOptions.of(options.major()).port(port);
        return options.keepIn()
                .map(directory -> server.keepIn(directory.resolve(name(index))))
                .orElse(server);
    }

    List<NodeAddress> nodes() {
        return nodes;
    }

    /** How long applying took since the group was made, by link. */
    Map<LinkName, Took> applyTimes() {
        return daemon.map(Daemon::applyTimes).orElse(Map.of());
    }

    /** Brings servers back that somebody kills; hears what it does. */
    Revival revival(Consumer<String> out) {
        Map<NodeName, EmbeddedServer> named = new LinkedHashMap<>();
        for (int i = 0; i < servers.size(); i++) {
            named.put(nodes.get(i).name(), servers.get(i));
        }
        return new Revival(named, out);
    }

    /** How to kill the last node's server, in a shell. */
    String killing() {
        return "kill -9 %d".formatted(servers.getLast().processId());
    }

    /** Any node, for questions to the group. */
    Address any() {
        return nodes.getFirst().address();
    }

    /** The addresses by the nodes' names. */
    Map<String, Address> addresses() {
        Map<String, Address> addresses = new LinkedHashMap<>();
        nodes.forEach(node -> addresses.put(node.name().text(), node.address()));
        return addresses;
    }

    /** The commands that start the servers when this program has ended; for directories kept. */
    List<String> startAgain() {
        return servers.stream().map(EmbeddedServer::startCommand).toList();
    }

    /** Makes a group of the first node, serves all of them, and joins the others one by one. */
    void form() throws InterruptedException {
        Orders.createGroup(nodes.getFirst(), List.of());
        daemon = Optional.of(Daemon.start(nodes));
        for (NodeAddress node : nodes.subList(1, nodes.size())) {
            Orders.join(
                    new JoinRequest(node, any(), JoinRequest.Schema.EXISTING, true, COPY_JOBS),
                    JoinProgress.SILENT);
            List<String> hints = new ArrayList<>();
            if (!Orders.awaitReady(any(), node.name(), READY_LIMIT.toMillis(), hints::add)) {
                throw new ServerFailed(
                        "node %s has joined but is not ready after %d s: %s"
                                .formatted(
                                        node.name(),
                                        READY_LIMIT.toSeconds(),
                                        hints.isEmpty() ? "no reason is known" : hints.getLast()));
            }
        }
    }

    @Override
    public void close() {
        daemon.ifPresent(Daemon::close);
        SideBySide.run(servers.stream().<Runnable>map(it -> it::close).toList());
    }
}
