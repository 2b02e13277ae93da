package org.pgchorus.example;

import org.pgchorus.config.Address;
import org.pgchorus.config.NodeAddress;
import org.pgchorus.daemon.Daemon;
import org.pgchorus.demo.EmbeddedBinaries;
import org.pgchorus.demo.EmbeddedServer;
import org.pgchorus.demo.Relay;
import org.pgchorus.demo.ServerOptions;
import org.pgchorus.demo.SideBySide;
import org.pgchorus.http.Binding;
import org.pgchorus.http.Server;
import org.pgchorus.model.NodeName;
import org.pgchorus.pg.Sheet;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What an example acts on: servers, daemons, command lines and SQL, all of it shown, and checks.
 *
 * <p>Used by the example's one thread, but for {@link #say}. {@link #close} takes down all that was
 * put up, in reverse order; should the process be ended first, the same happens on its way out.
 */
public final class Stage implements AutoCloseable {
    private final Example example;
    private final Means means;
    private final Script script;
    private final Shell shell;
    private final Psql psql;
    private final Premises premises;
    private final Deque<Runnable> props = new ArrayDeque<>();
    private final List<Background> processes = new CopyOnWriteArrayList<>();
    private final Thread hook;

    private Stage(Example example, Means means, Premises premises) {
        this.example = example;
        this.means = means;
        this.premises = premises;
        this.script = new Script(example.name(), means.out());
        this.shell = new Shell(means, script);
        this.psql = new Psql(script);
        this.hook = new Thread(this::abandon, "example-cleanup");
        Runtime.getRuntime().addShutdownHook(hook);
    }

    static Stage open(Example example, Means means) {
        return new Stage(example, means, Premises.open(example.name(), means.shift()));
    }

    /** A port of the example as it is in this run. */
    public int port(int usual) {
        return means.port(usual);
    }

    /** Where a file of this run is to be; it goes with the run. */
    public Path file(String name) {
        return premises.file(name);
    }

    /** Begins the next numbered step. */
    public void step(String title) {
        script.step(title);
    }

    /** Tells the reader something. */
    public void say(String text) {
        script.say(text);
    }

    /** Shows something that another program was told, or answered. */
    public void show(String text) {
        text.lines().forEach(script::show);
    }

    /**
     * Goes on only if it is so.
     *
     * @throws Unmet if it is not so
     */
    public void check(String what, boolean holds) {
        script.check(what, holds, "");
    }

    /**
     * Goes on only if it is as expected.
     *
     * @throws Unmet with both, if it is not so
     */
    public void checkEquals(String what, Object expected, Object actual) {
        script.check(
                what,
                Objects.equals(expected, actual),
                Objects.equals(expected, actual)
                        ? ""
                        : "expected %s, found %s".formatted(expected, actual));
    }

    /**
     * Goes on as soon as it is so.
     *
     * @throws Unmet if it is not so within the limit
     */
    public void eventually(String what, Duration limit, BooleanSupplier condition)
            throws InterruptedException {
        script.eventually(what, limit, condition);
    }

    /**
     * The wanted version, or the newest that is here: the launcher fetches older ones for examples,
     * and goes on without them if it cannot.
     */
    public int majorOr(int wanted) {
        List<Integer> here = EmbeddedBinaries.majors();
        if (here.contains(wanted) || here.isEmpty()) {
            return wanted;
        }
        say(
                "(PostgreSQL %d is not here, so %d takes its place. It would be found as %s.)"
                        .formatted(wanted, here.getLast(), EmbeddedBinaries.placeOf(wanted)));
        return here.getLast();
    }

    /**
     * Starts servers side by side, each with an empty database, on 127.0.0.1; the superuser
     * postgres is let in without a password.
     */
    public List<Node> start(Node.Wanted... wanted) {
        Map<Integer, EmbeddedServer> started = new ConcurrentHashMap<>();
        try {
            SideBySide.run(
                    IntStream.range(0, wanted.length)
                            .<Runnable>mapToObj(i ->
                                    () -> {
                                        EmbeddedServer server = start(wanted[i]);
                                        started.put(i, server);
                                        server.createDatabase(wanted[i].database());
                                    })
                            .toList());
        } finally {
            List<Runnable> ends =
                    started.values().stream().<Runnable>map(server -> server::close).toList();
            closing(() -> SideBySide.run(ends));
        }
        return IntStream.range(0, wanted.length)
                .mapToObj(i -> {
                    Address address = started.get(i).address(wanted[i].database());
                    NodeName name = new NodeName(wanted[i].name());
                    Node node = new Node(started.get(i), new NodeAddress(name, address));
                    say(
                            "%s: PostgreSQL %s, %s"
                                    .formatted(
                                            node.name(),
                                            quietly(node, "SHOW server_version").value(),
                                            node.at()));
                    return node;
                })
                .toList();
    }

    private EmbeddedServer start(Node.Wanted wanted) {
        return EmbeddedServer.start(ServerOptions.of(wanted.major()).port(port(wanted.port())));
    }

    /** Sets a variable for the command lines that follow. */
    public void export(String name, String value) {
        shell.export(name, value);
    }

    /**
     * Runs a command line of the program that has to end well.
     *
     * @throws Unmet if its exit status is not 0
     */
    public Said pgchorus(String... words) {
        return pgchorusEnding(0, words);
    }

    /**
     * Runs a command line of the program that has to end with a certain status.
     *
     * @throws Unmet if it is another one
     */
    public Said pgchorusEnding(int status, String... words) {
        Said said = shell.run(List.of(words));
        if (said.status() != status) {
            script.check(
                    "pgchorus %s ends with %d".formatted(words[0], status),
                    false,
                    "it ended with %d".formatted(said.status()));
        }
        return said;
    }

    /** Serves nodes from inside this process; shown as the command line that would do it. */
    public void serve(Node... nodes) {
        serve(Optional.empty(), nodes);
    }

    /** The same, and answers HTTP at a port of the example. */
    public void serve(int httpPort, Node... nodes) {
        serve(Optional.of("127.0.0.1:" + port(httpPort)), nodes);
    }

    private void serve(Optional<String> http, Node... nodes) {
        List<String> words = new ArrayList<>(List.of("run"));
        Stream.of(nodes).map(Node::typed).forEach(words::add);
        http.ifPresent(place -> words.addAll(List.of("--http", place)));
        shell.type(words, " &");
        List<NodeAddress> addresses = Stream.of(nodes).map(Node::address).toList();
        Daemon daemon = Daemon.start(addresses);
        closing(daemon::close);
        http.ifPresent(place -> {
            Server server = Server.start(Binding.parse(place, Optional.empty()), addresses);
            closing(server::close);
        });
    }

    /**
     * Starts the program with another command line in a process of its own, which can be killed.
     */
    public Background pgchorusBeside(String... words) {
        shell.type(List.of(words), " &");
        return begin(Background.program(means.mainClass(), List.of(words)), words[0]);
    }

    /** Starts another program beside; it is ended with the example. */
    public Background beside(List<String> command) {
        script.show("$ " + String.join(" ", command) + " &");
        return begin(command, Path.of(command.getFirst()).getFileName().toString());
    }

    private Background begin(List<String> command, String name) {
        Background process =
                Background.start(
                        command, premises.file(name + "-" + (processes.size() + 1) + ".log"));
        premises.note(process.handle());
        processes.add(process);
        closing(process::close);
        return process;
    }

    /** A way to a server that takes its time, and can be cut. */
    public Relay relay(Node to, Duration latency, int port) {
        Relay relay = Relay.start(to.address().address(), latency, port(port));
        closing(relay::close);
        return relay;
    }

    /** Takes something down at the end, before all that was put up before it. */
    public void closing(Runnable down) {
        props.push(down);
    }

    /**
     * Runs statements on a node, in one session, and shows them and their answers as psql would.
     *
     * @return the last answer
     */
    public Sheet sql(Node node, String... statements) {
        return psql.show(node, List.of(statements));
    }

    /** One statement, and its answer with a line for each value. */
    public Sheet sqlExpanded(Node node, String sql) {
        return psql.showExpanded(node, sql);
    }

    /** Runs one statement on a node and shows nothing. */
    public Sheet quietly(Node node, String sql) {
        return psql.quietly(node, sql);
    }

    /**
     * Where the example would take down what the reader may want to look at: if all is to be kept,
     * this waits until the process is ended.
     */
    public void standIfKept() throws InterruptedException {
        if (!means.keep()) {
            return;
        }
        say("");
        say(
                "All of it stands until Ctrl-C, or: pgchorus example %s --down%s"
                        .formatted(
                                example.name(),
                                means.shift() == 0 ? "" : " --shift " + means.shift()));
        new CountDownLatch(1).await();
    }

    /** The last words, when all that was to be shown was so. */
    void finish() throws InterruptedException {
        standIfKept();
        say("");
        say("%s: %d checks, all of them so.".formatted(example.name(), script.checks()));
    }

    /** Takes all down; what cannot be taken down does not keep the rest from it. */
    @Override
    public void close() {
        RuntimeException failure = null;
        while (!props.isEmpty()) {
            try {
                props.pop().run();
            } catch (RuntimeException e) {
                if (failure == null) {
                    failure = e;
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        premises.remove();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException theJvmEnds) {
            // Then the hook has run, or does so now, and finds nothing left to do.
            return;
        }
        if (failure != null) {
            throw failure;
        }
    }

    /** On the way out of the process: servers and daemons end by themselves. */
    private void abandon() {
        script.mute();
        SideBySide.run(processes.stream().<Runnable>map(it -> it::close).toList());
        premises.remove();
    }
}
