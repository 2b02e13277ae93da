package org.pgchorus.scenario;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.pgchorus.demo.ServerOptions;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * The clock of one server, which a scenario sets while the server runs: libfaketime stands between
 * the server and the machine's clock and reads what is to be shown from a file.
 */
final class FakeClock implements AutoCloseable {
    /** Where distributions put it; Debian's package is called faketime. */
    private static final List<String> PLACES =
            List.of(
                    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
                    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
                    "/usr/lib64/faketime/libfaketime.so.1",
                    "/usr/lib/faketime/libfaketime.so.1");

    /** Set to 1 where scenarios with clocks must not be left out. */
    private static final String REQUIRED = "PGCHORUS_TEST_REQUIRE_FAKETIME";

    private final Path file;

    private FakeClock(Path file) {
        this.file = file;
    }

    /** Leaves the scenario out, saying so, if there is no libfaketime here and none is required. */
    static void require() {
        if (library().isEmpty() && "1".equals(System.getenv(REQUIRED))) {
            throw new AssertionError("libfaketime is not installed, but " + REQUIRED + "=1");
        }
        assumeTrue(
                library().isPresent(),
                "left out: libfaketime is not installed (Debian: apt-get install faketime); looked"
                        + " for "
                        + PLACES);
    }

    private static Optional<Path> library() {
        return PLACES.stream().map(Path::of).filter(Files::exists).findFirst();
    }

    /** A clock that shows the machine's time. */
    static FakeClock right() {
        try {
            FakeClock clock = new FakeClock(Files.createTempFile("pgchorus-clock", ""));
            clock.ahead(Duration.ZERO);
            return clock;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Gives a server this clock. */
    ServerOptions in(ServerOptions options) {
        return options.environment("LD_PRELOAD", library().orElseThrow().toString())
                .environment("FAKETIME_TIMESTAMP_FILE", file.toString())
                .environment("FAKETIME_NO_CACHE", "1")
                .environment("FAKETIME_DONT_FAKE_MONOTONIC", "1")
                // Moments are written as seconds since 1970, so that no time zone matters.
                .environment("FAKETIME_FMT", "%s");
    }

    /** From now on it is ahead of the machine's clock, or behind it if negative. */
    void ahead(Duration duration) {
        show("%+d".formatted(duration.toSeconds()));
    }

    /** From now on it stands at a moment; whole seconds. */
    void standAt(Instant moment) {
        show(Long.toString(moment.getEpochSecond()));
    }

    private void show(String text) {
        try {
            Path next = file.resolveSibling(file.getFileName() + ".next");
            Files.writeString(next, text + "\n");
            Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Takes the file away; call when the server has ended. */
    @Override
    public void close() {
        try {
            Files.deleteIfExists(file);
            sweep();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What libfaketime leaves in shared memory when a program ends otherwise than by exit. */
    private static void sweep() throws IOException {
        Path shared = Path.of("/dev/shm");
        if (!Files.isDirectory(shared)) {
            return;
        }
        try (DirectoryStream<Path> left =
                Files.newDirectoryStream(shared, "{faketime_shm_,sem.faketime_sem_}*")) {
            for (Path path : left) {
                String process = path.getFileName().toString().replaceAll(".*_", "");
                if (ProcessHandle.of(Long.parseLong(process)).isEmpty()) {
                    Files.deleteIfExists(path);
                }
            }
        }
    }
}
