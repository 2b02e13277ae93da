package org.pgchorus.scenario;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.pgchorus.demo.HaproxyProgram;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Real HAProxy, with a configuration. */
final class HaproxyProcess implements AutoCloseable {
    /** Set to 1 where scenarios with HAProxy must not be left out. */
    private static final String REQUIRED = "PGCHORUS_TEST_REQUIRE_HAPROXY";

    private final Process process;
    private final Path folder;

    private HaproxyProcess(Process process, Path folder) {
        this.process = process;
        this.folder = folder;
    }

    /** Leaves the scenario out, saying so, if there is no HAProxy here and none is required. */
    static void require() {
        if (HaproxyProgram.find().isEmpty() && "1".equals(System.getenv(REQUIRED))) {
            throw new AssertionError("haproxy is not installed, but " + REQUIRED + "=1");
        }
        assumeTrue(
                HaproxyProgram.find().isPresent(),
                "left out: haproxy is not installed (Debian: apt-get install haproxy)");
    }

    static HaproxyProcess start(String configuration) {
        try {
            Path folder = Files.createTempDirectory("pgchorus-haproxy");
            Path file = Files.writeString(folder.resolve("haproxy.cfg"), configuration);
            Process started =
                    new ProcessBuilder(
                                    HaproxyProgram.find().orElseThrow().toString(),
                                    "-db",
                                    "-f",
                                    file.toString())
                            .redirectErrorStream(true)
                            .redirectOutput(folder.resolve("log").toFile())
                            .start();
            Runtime.getRuntime().addShutdownHook(new Thread(started::destroyForcibly));
            return new HaproxyProcess(started, folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What it said. */
    String log() {
        try {
            return Files.readString(folder.resolve("log"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            process.destroyForcibly().waitFor();
            for (String name : List.of("log", "haproxy.cfg", "")) {
                Files.deleteIfExists(folder.resolve(name));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
