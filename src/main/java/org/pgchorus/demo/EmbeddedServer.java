package org.pgchorus.demo;

import org.pgchorus.config.Address;
import org.pgchorus.config.AddressParameter;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.Sql;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;

/**
 * One throw-away PostgreSQL server on 127.0.0.1, from the Maven artifacts; for demonstrations and
 * tests.
 *
 * <p>Superuser {@code postgres}, no password, TCP only. Every server is made by {@code initdb} and
 * has a system identifier of its own. It ends with this JVM, however the JVM ends; its directory is
 * removed then, unless {@link ServerOptions#keepIn} named one. It can be hurt on purpose: killed,
 * frozen, restarted with other settings or another clock.
 *
 * <p>Any thread may call; one call acts at a time. Methods return when what they say has happened.
 *
 * <p>Errors: {@link ServerFailed}, with the end of the server's log where that tells more.
 */
public final class EmbeddedServer implements AutoCloseable {
    private static final Duration INITDB_LIMIT = Duration.ofMinutes(2);

    /** Crash recovery after a kill under load is part of a start. */
    private static final Duration START_LIMIT = Duration.ofMinutes(2);

    private static final Duration STOP_LIMIT = Duration.ofMinutes(1);

    /**
     * Ports below those that Linux (32768) and macOS (49152) hand out to outgoing connections:
     * otherwise a client that keeps trying to reach a stopped server may be given its port, and
     * connect to itself.
     */
    private static final int FIRST_PORT = 15_000;

    private static final int LAST_PORT = 32_000;
    private static final int PORT_ATTEMPTS = 20;

    /** What a log's reader wants is at its end. */
    private static final int LOG_TAIL_BYTES = 4 << 20;

    private final ServerOptions options;
    private final Path home;
    private final Path binaries;
    private final RunAs runAs;
    private final Guard guard;
    private final ServerLog log;
    private final Thread hook;
    private final Map<String, String> settings;
    private final Map<String, String> environment;
    private int port;
    private long postmaster;
    private boolean suspended;
    private boolean closed;

    private EmbeddedServer(ServerOptions options, Path binaries, Path home, RunAs runAs) {
        this.options = options;
        this.binaries = binaries;
        this.home = home;
        this.runAs = runAs;
        this.settings = new TreeMap<>(ServerSettings.defaults(options.major()));
        this.settings.putAll(options.settings());
        this.environment = new TreeMap<>(options.environment());
        this.guard = Guard.start(home, options.keepIn().isPresent());
        this.log = new ServerLog(home.resolve("log"));
        this.hook = new Thread(guard::close, "embedded-server-cleanup");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /**
     * Makes a server and starts it; takes about two seconds.
     *
     * @throws ServerFailed if there are no binaries of that version, the asked port is taken, or
     *     the server does not come up
     */
    public static EmbeddedServer start(ServerOptions options) {
        return start(options, RunAs.choose());
    }

    /** A server of the given major version on a free port, with the default settings. */
    public static EmbeddedServer start(int major) {
        return start(ServerOptions.of(major));
    }

    static EmbeddedServer start(ServerOptions options, RunAs runAs) {
        Path binaries = EmbeddedBinaries.of(options.major());
        Path home = home(options);
        var server = new EmbeddedServer(options, binaries, home, runAs);
        try {
            server.initialise();
            server.startOnSomePort();
            return server;
        } catch (RuntimeException failed) {
            server.close();
            throw failed;
        }
    }

    /** Where the server is to live; the guard makes the directory. */
    private static Path home(ServerOptions options) {
        try {
            if (options.keepIn().isPresent()) {
                return Files.createDirectories(options.keepIn().get()).toRealPath();
            }
            String name = "pgchorus-server-%016x".formatted(new SecureRandom().nextLong());
            return Path.of(System.getProperty("java.io.tmpdir")).toRealPath().resolve(name);
        } catch (IOException refused) {
            throw new ServerFailed("cannot make a directory for a server", refused);
        }
    }

    private void initialise() {
        if (Files.exists(dataDirectory().resolve("PG_VERSION"))) {
            return;
        }
        runAs.own(home);
        // macOS has no C.UTF-8; the order is the same in both.
        String locale = System.getProperty("os.name").startsWith("Mac") ? "C" : "C.UTF-8";
        guard.run(
                program(
                        "initdb",
                        "--pgdata=" + dataDirectory(),
                        "--username=postgres",
                        "--auth=trust",
                        "--encoding=UTF8",
                        "--locale=" + locale,
                        "--no-sync"),
                Map.of());
        if (!Poll.until(INITDB_LIMIT, guard::ended) || guard.exitStatus().orElseThrow() != 0) {
            throw failed("initdb failed");
        }
        ServerSettings.include(dataDirectory());
    }

    private List<String> program(String name, String... arguments) {
        var command = new ArrayList<>(runAs.prefix());
        command.add(binaries.resolve("bin").resolve(name).toString());
        command.addAll(List.of(arguments));
        return command;
    }

    private void startOnSomePort() {
        int attempts = options.port() == 0 ? PORT_ATTEMPTS : 1;
        for (int attempt = 1; attempt <= attempts; attempt++) {
            port = options.port() == 0 ? freePort() : options.port();
            long logBefore = log.bytes();
            if (launch()) {
                return;
            }
            if (!log.since(logBefore).contains("could not bind")) {
                throw failed("the server does not start");
            }
        }
        throw failed("port " + port + " is taken; stop what listens there or choose another one");
    }

    private static int freePort() {
        for (int attempt = 0; attempt < 10 * PORT_ATTEMPTS; attempt++) {
            int candidate = ThreadLocalRandom.current().nextInt(FIRST_PORT, LAST_PORT);
            if (isFree(candidate)) {
                return candidate;
            }
        }
        throw new ServerFailed("no free port from " + FIRST_PORT + " to " + LAST_PORT);
    }

    /** Whether nobody listens on a port of 127.0.0.1, at the moment. */
    public static boolean isFree(int port) {
        try (var socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port));
            return true;
        } catch (IOException taken) {
            return false;
        }
    }

    /** Starts the postmaster; whether it came to accept connections, or else has ended. */
    private boolean launch() {
        ServerSettings.write(dataDirectory(), port, settings);
        postmaster = guard.run(program("postgres", "-D", dataDirectory().toString()), environment);
        boolean settled = Poll.until(START_LIMIT, () -> guard.ended() || acceptsConnections());
        if (!settled) {
            throw failed("the server does not come up within " + START_LIMIT.toSeconds() + " s");
        }
        return !guard.ended();
    }

    /**
     * Read from the server's own file and not by connecting: on a port another server got first, a
     * connection would succeed too. Line 1 is the process id, line 8 the state: "standby" once a
     * standby lets readers in.
     */
    private boolean acceptsConnections() {
        List<String> lines;
        try {
            Path file = dataDirectory().resolve("postmaster.pid");
            lines = Files.exists(file) ? Files.readAllLines(file) : List.of();
        } catch (NoSuchFileException removedMeanwhile) {
            return false;
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
        return lines.size() >= 8
                && lines.get(0).equals(Long.toString(postmaster))
                && Set.of("ready", "standby").contains(lines.get(7).strip());
    }

    /** The address of one of its databases, for the superuser. */
    public Address address(String database) {
        return Address.of(
                Map.of(
                        AddressParameter.HOST,
                        "127.0.0.1",
                        AddressParameter.PORT,
                        Integer.toString(port),
                        AddressParameter.DBNAME,
                        database,
                        AddressParameter.USER,
                        "postgres"));
    }

    /** The TCP port on 127.0.0.1; the same for all its life. */
    public int port() {
        return port;
    }

    /** The major version. */
    public int major() {
        return options.major();
    }

    /** PostgreSQL's data directory. */
    public Path dataDirectory() {
        return home.resolve("data");
    }

    /** The postmaster's; another one after each start. */
    synchronized long processId() {
        return postmaster;
    }

    /** Whether the postmaster exists, be it suspended. */
    public synchronized boolean isRunning() {
        return postmaster != 0 && !guard.ended();
    }

    /** The end of what the server printed, at most 4 MB. */
    public String log() {
        return log.tail(LOG_TAIL_BYTES);
    }

    /** The shell command that starts it in the background when we are gone and it was kept. */
    String startCommand() {
        String log = home.resolve("log").toString();
        return program("pg_ctl", "-D", dataDirectory().toString(), "-l", log, "start").stream()
                .map(Command::quotedIfNeeded)
                .collect(Collectors.joining(" "));
    }

    /** Creates a database, empty but for {@code template1}. */
    public synchronized void createDatabase(String name) {
        try (var session = Session.open(address("postgres"), "pgchorus demo")) {
            session.execute("CREATE DATABASE " + Sql.name(name));
        } catch (PgError refused) {
            throw new ServerFailed("cannot create database " + name, refused);
        }
    }

    /**
     * Fast shutdown: clients are cut off, a checkpoint is written. No effect if it is stopped.
     *
     * @throws ServerFailed if it does not end in a minute, as when a replication client takes
     *     nothing
     */
    public synchronized void stop() {
        end("INT");
    }

    /** Immediate shutdown: no checkpoint, recovery at the next start. */
    public synchronized void stopImmediate() {
        end("QUIT");
    }

    private void end(String signal) {
        if (!isRunning()) {
            return;
        }
        resume();
        Command.signal(signal, List.of(postmaster));
        if (!Poll.until(STOP_LIMIT, guard::ended)) {
            throw failed("the server does not stop within " + STOP_LIMIT.toSeconds() + " s");
        }
    }

    /**
     * SIGKILL to the postmaster and all its children, as the kernel does when memory runs out.
     * Returns when none of them runs any more. No effect if it is stopped.
     */
    public synchronized void kill() {
        if (!isRunning()) {
            return;
        }
        // First stopped, so that no child is born while the others die.
        List<Long> children = stopAll();
        var all = new ArrayList<>(children);
        all.add(postmaster);
        Command.signal("KILL", all);
        if (!Poll.until(
                STOP_LIMIT, () -> guard.ended() && children.stream().allMatch(Proc::dead))) {
            throw failed("killed processes do not end");
        }
        suspended = false;
    }

    /** Starts it again on the same port and directory, after a fast shutdown if it runs. */
    public synchronized void restart() {
        restartWith(Map.of(), Map.of());
    }

    /**
     * As {@link #restart}, with settings and environment variables changed from now on. An
     * environment variable with an empty value is taken away.
     */
    public synchronized void restartWith(
            Map<String, String> changedSettings, Map<String, String> changedEnvironment) {
        stop();
        settings.putAll(changedSettings);
        environment.putAll(changedEnvironment);
        environment.values().removeIf(String::isEmpty);
        try {
            // What a killed postmaster left behind; its process id may be somebody else's by now.
            Files.deleteIfExists(dataDirectory().resolve("postmaster.pid"));
        } catch (IOException refused) {
            throw new UncheckedIOException(refused);
        }
        if (!launch()) {
            throw failed("the server does not start again");
        }
    }

    /** SIGSTOP to all its processes: connections stay open and nobody answers. */
    public synchronized void suspend() {
        if (isRunning() && !suspended) {
            stopAll();
            suspended = true;
        }
    }

    /** Ends {@link #suspend}; no effect without it. */
    public synchronized void resume() {
        if (suspended) {
            var processes = new ArrayList<>(Proc.descendants(postmaster));
            processes.add(postmaster);
            Command.signal("CONT", processes);
            suspended = false;
        }
    }

    /** Stops the postmaster, then its children until no new one is seen; returns these. */
    private List<Long> stopAll() {
        var stopped = new LinkedHashSet<>(List.of(postmaster));
        Set<Long> fresh = Set.copyOf(stopped);
        while (!fresh.isEmpty()) {
            try {
                // For the guard, should we die now: a stopped server hears no other signal.
                String pids = String.join(" ", stopped.stream().map(String::valueOf).toList());
                Files.writeString(home.resolve("suspended"), pids);
            } catch (IOException refused) {
                throw new UncheckedIOException(refused);
            }
            Command.signal("STOP", fresh);
            fresh = new LinkedHashSet<>(Proc.descendants(postmaster));
            fresh.removeAll(stopped);
            stopped.addAll(fresh);
        }
        stopped.remove(postmaster);
        return List.copyOf(stopped);
    }

    /** Ends the server, fast if it obeys, and removes its directory unless it is to be kept. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            if (options.keepIn().isPresent()) {
                stop();
            }
        } finally {
            guard.close();
            removeHook();
        }
    }

    private void removeHook() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException theJvmEnds) {
            // Then the hook runs, and finds nothing left to do.
            return;
        }
    }

    private ServerFailed failed(String what) {
        return new ServerFailed(
                "PostgreSQL %d in %s: %s; its log ends: %s"
                        .formatted(options.major(), home, what, log.tail(2_000).strip()));
    }

    /** {@code PostgreSQL 18 on port 5441}. */
    @Override
    public String toString() {
        return "PostgreSQL " + options.major() + " on port " + port;
    }
}
