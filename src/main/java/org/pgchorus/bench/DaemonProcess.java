package org.pgchorus.bench;

import org.pgchorus.config.NodeAddress;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A daemon in a process of its own, with a given memory; ends with this JVM at the latest. */
final class DaemonProcess implements AutoCloseable {
    private static final long STOP_SECONDS = 10;

    private final Process process;

    private DaemonProcess(Process process) {
        this.process = process;
    }

    static DaemonProcess start(Terms terms, List<NodeAddress> nodes) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xmx" + terms.heapMegabytes() + "m", "-XX:+UseSerialGC", "-cp"));
        command.add(System.getProperty("java.class.path"));
        command.addAll(List.of(terms.daemonClass(), "run"));
        nodes.forEach(node -> command.add(node.name() + "=" + node.address().text()));
        try {
            ProcessBuilder builder = new ProcessBuilder(command);
            builder.environment().put("PGCHORUS_LOG_LEVEL", "ERROR");
            Process started =
                    builder.redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start();
            Runtime.getRuntime().addShutdownHook(new Thread(started::destroyForcibly));
            return new DaemonProcess(started);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    long pid() {
        return process.pid();
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
