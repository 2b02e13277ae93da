package org.pgchorus.example;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/**
 * The directory of a running example, for its files, and for who comes later to clean up.
 *
 * <pre>
 *   TMP/pgchorus-example-NAME[-SHIFT]/run       the process that runs the example
 *   TMP/pgchorus-example-NAME[-SHIFT]/started   the processes it started, one a line
 * </pre>
 *
 * A process is written as {@code PID MILLIS}, with the time it started: so that a later process
 * which happens to get the same number is left alone.
 */
final class Premises {
    /** A run that is told to end takes down servers and daemons. */
    private static final Duration END_LIMIT = Duration.ofSeconds(30);

    /** Two JVMs read the start of a process from the same clock ticks, and round them. */
    private static final long SAME_MILLIS = 2_000;

    private static final String RUN = "run";
    private static final String STARTED = "started";

    private final Path home;

    private Premises(Path home) {
        this.home = home;
    }

    /**
     * Makes the directory; what a run that was killed has left there is cleared first.
     *
     * @throws IllegalArgumentException if the example runs already
     */
    static Premises open(String example, int shift) {
        Path home = home(example, shift);
        if (Files.exists(home, LinkOption.NOFOLLOW_LINKS)) {
            Optional<ProcessHandle> running = running(home);
            if (running.isPresent()) {
                throw new IllegalArgumentException(
                        ("the example runs already, as process %d, and nothing was started; end"
                                        + " that with: pgchorus example %s --down%s")
                                .formatted(
                                        running.get().pid(),
                                        example,
                                        shift == 0 ? "" : " --shift " + shift));
            }
            clear(example, shift);
        }
        try {
            Files.createDirectory(
                    home,
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rwx------")));
            Premises premises = new Premises(home);
            premises.append(RUN, ProcessHandle.current());
            return premises;
        } catch (FileAlreadyExistsException e) {
            throw new IllegalArgumentException("the example is being started already", e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path home(String example, int shift) {
        String name = "pgchorus-example-" + example + (shift == 0 ? "" : "-" + shift);
        return Path.of(System.getProperty("java.io.tmpdir")).toAbsolutePath().resolve(name);
    }

    /** Where a file of the run is to be. */
    Path file(String name) {
        return home.resolve(name);
    }

    /** Notes a process, to be ended by whoever cleans up. */
    void note(ProcessHandle process) {
        append(STARTED, process);
    }

    private void append(String file, ProcessHandle process) {
        try {
            Files.writeString(
                    home.resolve(file),
                    process.pid() + " " + began(process) + "\n",
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long began(ProcessHandle process) {
        return process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
    }

    /** Removes the directory. */
    void remove() {
        remove(home);
    }

    private static void remove(Path home) {
        if (!Files.exists(home, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (Stream<Path> tree = Files.walk(home)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Ends what a run has under way or left behind, and removes its directory.
     *
     * @return what was done, a line each
     */
    static List<String> clear(String example, int shift) {
        Path home = home(example, shift);
        List<String> done = new ArrayList<>();
        if (!Files.exists(home, LinkOption.NOFOLLOW_LINKS)) {
            return done;
        }
        refuseStrangers(home);
        List<ProcessHandle> started = processes(home.resolve(STARTED));
        running(home)
                .ifPresent(process -> {
                    end(process);
                    done.add("ended the run, process " + process.pid());
                });
        for (ProcessHandle process : started) {
            if (process.isAlive()) {
                end(process);
                done.add("ended process " + process.pid() + ", which it had started");
            }
        }
        // The run itself removes it too, if it could.
        if (Files.exists(home, LinkOption.NOFOLLOW_LINKS)) {
            remove(home);
            done.add("removed " + home);
        }
        return done;
    }

    /** In a directory that all users share, somebody else could name processes for us to end. */
    private static void refuseStrangers(Path home) {
        try {
            Path own = Files.createTempFile("pgchorus", "");
            boolean ours =
                    Files.getOwner(own).equals(Files.getOwner(home, LinkOption.NOFOLLOW_LINKS));
            Files.delete(own);
            if (!ours || Files.isSymbolicLink(home)) {
                throw new IllegalArgumentException(
                        home + " belongs to somebody else; let its owner remove it");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Optional<ProcessHandle> running(Path home) {
        return processes(home.resolve(RUN)).stream().findFirst();
    }

    /** Those of the file's processes that live. */
    private static List<ProcessHandle> processes(Path file) {
        try {
            return Files.exists(file)
                    ? Files.readAllLines(file).stream().flatMap(Premises::process).toList()
                    : List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Stream<ProcessHandle> process(String line) {
        String[] words = line.split(" ");
        long began = Long.parseLong(words[1]);
        return ProcessHandle.of(Long.parseLong(words[0])).stream()
                .filter(ProcessHandle::isAlive)
                .filter(it -> Math.abs(began(it) - began) <= SAME_MILLIS);
    }

    /** Asks a process to end, and makes it if it does not. */
    static void end(ProcessHandle process) {
        process.destroy();
        try {
            process.onExit().get(END_LIMIT.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            process.destroyForcibly();
            process.onExit().join();
        } catch (ExecutionException e) {
            throw new IllegalStateException("cannot wait for process " + process.pid(), e);
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
