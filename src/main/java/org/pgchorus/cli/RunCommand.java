package org.pgchorus.cli;

import org.pgchorus.config.NodeAddress;
import org.pgchorus.daemon.Daemon;
import org.pgchorus.http.Binding;
import org.pgchorus.http.Server;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;

/** {@code pgchorus run}: the daemon. */
@Command(
        name = "run",
        description = {
            "The daemon: serves nodes until Ctrl-C or SIGTERM.",
            "Applies on them what the other nodes of the group commit, which it finds in the"
                    + " group's catalog. Run one on each machine next to its database, or one for"
                    + " several. Waits for a database that is down or not in a group yet; a second"
                    + " daemon for the same node stands by. Logs to standard error, more with"
                    + " PGCHORUS_LOG_LEVEL=DEBUG."
        },
        footer = {
            "  pgchorus run n1=postgresql://postgres@localhost/app",
            "  pgchorus run n1=postgresql://postgres@db1/app n2=postgresql://postgres@db2/app",
            "  pgchorus run n1=postgresql://postgres@localhost/app --http 127.0.0.1:8008",
        })
final class RunCommand implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Parameters(
            arity = "0..*",
            paramLabel = "NAME=ADDRESS",
            description = "The nodes to serve, each with its name in the group and its address.")
    private List<String> words = new ArrayList<>();

    @Mixin private HttpOption http;

    @Override
    public Integer call() throws InterruptedException {
        List<NodeAddress> nodes = words.stream().map(NodeAddress::parse).toList();
        if (nodes.isEmpty()) {
            throw new ParameterException(
                    spec.commandLine(),
                    "which nodes? Name at least one, such as"
                            + " pgchorus run n1=postgresql://postgres@localhost/app");
        }
        Optional<Binding> binding = http.binding();
        Logger log = LoggerFactory.getLogger(RunCommand.class);
        Daemon daemon = Daemon.start(nodes);
        Optional<Server> server = binding.map(place -> serve(place, nodes, daemon));
        // The JVM answers a signal by running this beside the main thread, and then ends with a
        // status that means "killed"; ending here instead makes an ordered stop a success.
        Thread stop =
                new Thread(
                        () -> {
                            log.info("stopping");
                            server.ifPresent(Server::close);
                            daemon.close();
                            log.info("stopped");
                            Runtime.getRuntime().halt(Exit.WELL);
                        },
                        "stop");
        Runtime.getRuntime().addShutdownHook(stop);
        log.info("{} serves {}; stop it with Ctrl-C or SIGTERM", Version.line(), nodes);
        server.ifPresent(it -> log.info("answers HTTP at {}", it.uri()));
        new CountDownLatch(1).await();
        return Exit.WELL;
    }

    /** A daemon that cannot be asked how it is had better not start. */
    private static Server serve(Binding place, List<NodeAddress> nodes, Daemon daemon) {
        try {
            return Server.start(place, nodes);
        } catch (IllegalArgumentException refused) {
            daemon.close();
            throw refused;
        }
    }
}
