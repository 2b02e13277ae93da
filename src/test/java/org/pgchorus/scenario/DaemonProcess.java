package org.pgchorus.scenario;

import org.pgchorus.config.NodeAddress;
import org.pgchorus.daemon.Daemon;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A daemon in a process of its own, so that it can be killed. It ends with the test's process,
 * since it reads from a pipe that this holds.
 */
final class DaemonProcess implements AutoCloseable {
    private final List<NodeAddress> nodes;
    private final int heapMegabytes;
    private final Path log;
    private Process process;

    DaemonProcess(List<NodeAddress> nodes) {
        this(nodes, 256);
    }

    /**
     * @param heapMegabytes its memory
     */
    DaemonProcess(List<NodeAddress> nodes, int heapMegabytes) {
        this.nodes = nodes;
        this.heapMegabytes = heapMegabytes;
        try {
            log = Files.createTempFile("pgchorus-daemon", ".log");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        start();
    }

    void start() {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xmx" + heapMegabytes + "m", "-XX:+UseSerialGC", "-cp"));
        command.add(System.getProperty("java.class.path"));
        command.add(DaemonProcess.class.getName());
        nodes.forEach(n -> command.add(n.name() + "=" + n.address().text()));
        try {
            process =
                    new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                            .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** SIGKILL: no farewell. */
    void kill() {
        process.destroyForcibly();
        process.onExit().join();
    }

    String log() {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What all its threads do, virtual ones too. */
    String threads() {
        try {
            Path file = Files.createTempDirectory("pgchorus-threads").resolve("dump.txt");
            Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
            new ProcessBuilder(
                            jcmd.toString(),
                            Long.toString(process.pid()),
                            "Thread.dump_to_file",
                            file.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .onExit()
                    .join();
            String dump = Files.exists(file) ? Files.readString(file) : "no thread dump";
            Files.deleteIfExists(file);
            Files.delete(file.getParent());
            return dump;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        kill();
        try {
            Files.deleteIfExists(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The process's own beginning: serves the named nodes until standard input ends. */
    public static void main(String[] arguments) throws IOException {
        List<NodeAddress> nodes = new ArrayList<>();
        for (String argument : arguments) {
            nodes.add(NodeAddress.parse(argument));
        }
        Daemon daemon = Daemon.start(nodes);
        while (System.in.read() >= 0) {
            // Nothing is ever said; the end is what matters.
        }
        daemon.close();
    }
}
