package org.pgchorus.cli;

import org.pgchorus.http.Binding;
import org.pgchorus.route.Mode;
import org.pgchorus.route.RouterOptions;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/** How {@code pgchorus route} is to work. */
final class RouteOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(
            names = "--listen",
            paramLabel = "HOST:PORT",
            defaultValue = "127.0.0.1:5000",
            description = "Where clients connect; *:5000 for all. Default: ${DEFAULT-VALUE}.")
    private String listen;

    @Option(
            names = "--mode",
            paramLabel = "MODE",
            defaultValue = "any",
            description = "any, sticky or preferred. Default: ${DEFAULT-VALUE}.")
    private Mode mode;

    @Option(
            names = "--by",
            paramLabel = "WHAT",
            defaultValue = "user",
            description =
                    "What sticky goes by: user, database or client (its IP address, as always with"
                            + " TLS). Default: ${DEFAULT-VALUE}.")
    private Mode.By by;

    @Option(
            names = "--stats",
            paramLabel = "HOST:PORT",
            defaultValue = "127.0.0.1:7000",
            description =
                    "Where statistics are shown: /, /json, /metrics. Default: ${DEFAULT-VALUE}.")
    private String statistics;

    @Option(
            names = "--max-connections",
            paramLabel = "N",
            defaultValue = "1000",
            description = "Sessions at all nodes together. Default: ${DEFAULT-VALUE}.")
    private int mostSessions;

    @Option(
            names = "--max-per-node",
            paramLabel = "N",
            defaultValue = "1000",
            description = "Sessions at each node. Default: ${DEFAULT-VALUE}.")
    private int mostPerNode;

    @Option(
            names = "--start-timeout",
            paramLabel = "TIME",
            defaultValue = "10s",
            description =
                    "How long a client may take to say what it wants. Default: ${DEFAULT-VALUE}.")
    private Duration startLimit;

    @Option(
            names = "--replication",
            paramLabel = "WHAT",
            defaultValue = "refuse",
            description =
                    "pass or refuse: connections for replication, which want one certain node."
                            + " Default: ${DEFAULT-VALUE}.")
    private Replication replication;

    @Option(
            names = "--accept-proxy",
            description = "Clients come through a proxy that sends PROXY headers, version 2.")
    private boolean acceptProxy;

    @Option(
            names = "--send-proxy",
            description =
                    "Sends PROXY headers, version 2, to the nodes: for what stands before them,"
                            + " PostgreSQL itself knows none.")
    private boolean sendProxy;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads that move bytes. Default: one for two cores, eight at most.")
    private Optional<Integer> threads;

    /** What to do with a connection for replication. */
    enum Replication {
        PASS,
        REFUSE;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    RouterOptions routerOptions() {
        try {
            return new RouterOptions(
                    RouterOptions.place("--listen", listen),
                    mode,
                    by,
                    mostSessions,
                    mostPerNode,
                    acceptProxy,
                    sendProxy,
                    replication == Replication.PASS,
                    startLimit,
                    threads.orElseGet(RouterOptions::usualLoops));
        } catch (IllegalArgumentException refused) {
            throw new ParameterException(command.commandLine(), refused.getMessage(), refused);
        }
    }

    /**
     * Where statistics are shown.
     *
     * @param token without which only this machine may ask
     */
    Binding statistics(Optional<String> token) {
        return Binding.parse(statistics, token);
    }
}
