package org.pgchorus.cli;

import org.pgchorus.config.DaemonSetting;
import org.pgchorus.config.DaemonSettings;
import org.pgchorus.config.NodeAddress;
import org.pgchorus.config.SettingsFile;
import org.pgchorus.daemon.Daemon;
import org.pgchorus.http.Binding;
import org.pgchorus.http.Server;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
                    + " daemon for the same node stands by. Logs to standard error.",
            "",
            "Settings stand on the command line, in the environment or in a file, and count in that"
                    + " order (docs/settings.md)."
        },
        footer = {
            "  pgchorus run n1=postgresql://postgres@localhost/app",
            "  pgchorus run n1=postgresql://postgres@db1/app n2=postgresql://postgres@db2/app",
            "  pgchorus run n1=postgresql://postgres@localhost/app --http 127.0.0.1:8008",
            "  pgchorus run --config /etc/pgchorus.yaml --log-format json",
        })
final class RunCommand implements Callable<Integer> {
    private static final String CONFIG_VARIABLE = "PGCHORUS_CONFIG";

    @Spec private CommandSpec spec;

    @Parameters(
            arity = "0..*",
            paramLabel = "NAME=ADDRESS",
            description = "The nodes to serve, each with its name in the group and its address.")
    private List<String> words = new ArrayList<>();

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description =
                    "A file of settings, pgchorus.yaml say. Without it PGCHORUS_CONFIG counts.")
    private Optional<Path> config;

    @Option(
            names = "--log-level",
            paramLabel = "LEVEL",
            description = "How much to log: error, warn, info or debug. Default: info.")
    private Optional<String> logLevel;

    @Option(
            names = "--log-format",
            paramLabel = "FORM",
            description = "How to log: text, or json for one object a line. Default: text.")
    private Optional<String> logFormat;

    @Mixin private HttpOption http;

    @Override
    public Integer call() throws InterruptedException {
        DaemonSettings settings = settings();
        List<NodeAddress> nodes = settings.nodes();
        if (nodes.isEmpty()) {
            throw new ParameterException(
                    spec.commandLine(),
                    "which nodes? Name at least one, such as"
                            + " pgchorus run n1=postgresql://postgres@localhost/app");
        }
        Optional<Binding> binding = http.binding(settings);
        log(settings);
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

    private DaemonSettings settings() {
        Map<DaemonSetting, String> typed = http.typed();
        logLevel.ifPresent(text -> typed.put(DaemonSetting.LOG_LEVEL, text));
        logFormat.ifPresent(text -> typed.put(DaemonSetting.LOG_FORMAT, text));
        Map<String, String> environment = Program.surroundings(spec).environment();
        Optional<Path> file =
                config.or(() ->
                        Optional.ofNullable(environment.get(CONFIG_VARIABLE))
                                .filter(text -> !text.isBlank())
                                .map(Path::of));
        Map<String, String> besides = new HashMap<>(environment);
        List<NodeAddress> named = words.stream().map(NodeAddress::parse).toList();
        if (!named.isEmpty()) {
            besides.remove(DaemonSetting.NODES.variable());
        }
        DaemonSettings settings = DaemonSettings.of(typed, besides, file.map(RunCommand::read));
        return named.isEmpty() ? settings : settings.with(named);
    }

    private static SettingsFile read(Path file) {
        try {
            return SettingsFile.parse(Files.readString(file));
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "cannot read the settings in %s (%s)".formatted(file, e), e);
        }
    }

    private static void log(DaemonSettings settings) {
        LogLine.write(
                settings.value(DaemonSetting.LOG_FORMAT).orElse("").equals("json")
                        ? LogLine.Form.JSON
                        : LogLine.Form.TEXT);
        if (LoggerFactory.getLogger("org.pgchorus")
                instanceof ch.qos.logback.classic.Logger logger) {
            logger.setLevel(
                    ch.qos.logback.classic.Level.toLevel(
                            settings.value(DaemonSetting.LOG_LEVEL).orElseThrow()));
        }
    }

    /** A daemon that cannot be asked how it is had better not start. */
    private static Server serve(Binding place, List<NodeAddress> nodes, Daemon daemon) {
        try {
            return Server.start(place, nodes, daemon::applyTimes);
        } catch (IllegalArgumentException refused) {
            daemon.close();
            throw refused;
        }
    }
}
