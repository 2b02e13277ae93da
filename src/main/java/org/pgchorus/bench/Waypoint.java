package org.pgchorus.bench;

import org.pgchorus.config.Address;
import org.pgchorus.config.AddressParameter;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A way to a server: nothing between, our router, or HAProxy, as a process of its own. */
final class Waypoint implements AutoCloseable {
    /** As {@code pgchorus haproxy} writes it, but for the checks. */
    private static final String HAPROXY =
            """
            global
                maxconn 1000
            defaults
                mode tcp
                timeout connect 4s
                timeout client 24h
                timeout server 24h
            listen bench
                bind 127.0.0.1:%d
                balance leastconn
                server n1 %s:%d
            """;

    private final String name;
    private final Address address;
    private final Optional<Process> process;

    private Waypoint(String name, Address address, Optional<Process> process) {
        this.name = name;
        this.address = address;
        this.process = process;
    }

    static Waypoint direct(Address server) {
        return new Waypoint("direct", server, Optional.empty());
    }

    /**
     * @param mainClass whose {@code main} takes {@code route ...}
     */
    static Waypoint ours(Address server, String mainClass) {
        int port = freePort();
        return start(
                "ours",
                server,
                port,
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx64m",
                        "-XX:+UseSerialGC",
                        "-cp",
                        System.getProperty("java.class.path"),
                        mainClass,
                        "route",
                        "--listen",
                        "127.0.0.1:" + port,
                        "--stats",
                        "127.0.0.1:0",
                        "--health",
                        "none",
                        "n1=" + server.text()));
    }

    static Waypoint haproxy(Address server, Path program) {
        int port = freePort();
        try {
            Path configuration = Files.createTempFile("pgchorus-bench", ".cfg");
            configuration.toFile().deleteOnExit();
            Files.writeString(configuration, HAPROXY.formatted(port, server.host(), server.port()));
            return start(
                    "haproxy",
                    server,
                    port,
                    List.of(program.toString(), "-db", "-f", configuration.toString()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Waypoint start(String name, Address server, int port, List<String> command) {
        try {
            ProcessBuilder builder = new ProcessBuilder(command);
            builder.environment().put("PGCHORUS_LOG_LEVEL", "ERROR");
            Process started =
                    builder.redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start();
            Runtime.getRuntime().addShutdownHook(new Thread(started::destroyForcibly));
            Address here =
                    server.with(AddressParameter.HOST, "127.0.0.1")
                            .with(AddressParameter.PORT, Integer.toString(port));
            return new Waypoint(name, here, Optional.of(started));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String name() {
        return name;
    }

    /** Where clients connect. */
    Address address() {
        return address;
    }

    /** What it has used so far; zero for nothing between. */
    Duration cpu() {
        return process.map(it -> Cpu.of(List.of(it.pid()))).orElse(Duration.ZERO);
    }

    @Override
    public void close() {
        process.ifPresent(it -> {
            it.destroy();
            try {
                if (!it.waitFor(5, TimeUnit.SECONDS)) {
                    it.destroyForcibly();
                }
            } catch (InterruptedException e) {
                it.destroyForcibly();
                Thread.currentThread().interrupt();
            }
        });
    }
}
