package org.pgchorus.example;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A process that runs beside an example: the program with another command line, or another program.
 * What it prints goes to a file. Any thread.
 */
public final class Background implements AutoCloseable {
    private final List<String> command;
    private final Path log;
    private final Process process;

    private Background(List<String> command, Path log, Process process) {
        this.command = command;
        this.log = log;
        this.process = process;
    }

    static Background start(List<String> command, Path log) {
        try {
            ProcessBuilder builder =
                    new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
            builder.environment().keySet().removeIf(name -> name.startsWith("PG"));
            Process started = builder.start();
            started.getOutputStream().close();
            return new Background(command, log, started);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start " + command.getFirst(), e);
        }
    }

    /** What this program looks like as a process of its own. */
    static List<String> program(String mainClass, List<String> words) {
        List<String> java =
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx128m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        mainClass);
        return Stream.concat(java.stream(), words.stream()).toList();
    }

    ProcessHandle handle() {
        return process.toHandle();
    }

    /** Its process id. */
    public long pid() {
        return process.pid();
    }

    /** Whether it has not ended. */
    public boolean isRunning() {
        return process.isAlive();
    }

    /** SIGKILL; returns when it is gone. */
    public void kill() {
        process.destroyForcibly();
        process.onExit().join();
    }

    /** What it has printed so far. */
    public String printed() {
        try {
            return Files.readString(log, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits for its end; true if it came in time. */
    public boolean awaitEnd(long seconds) throws InterruptedException {
        return process.waitFor(seconds, TimeUnit.SECONDS);
    }

    /** Asks it to end and waits; no effect if it has ended. */
    @Override
    public void close() {
        if (process.isAlive()) {
            Premises.end(process.toHandle());
        }
    }

    @Override
    public String toString() {
        return String.join(" ", command);
    }
}
