package org.pgchorus.demo;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;

/**
 * The shell process that runs one server's programs and cleans up when we are gone.
 *
 * <p>It runs in a session of its own, so that Ctrl-C in a terminal reaches only the JVM, and holds
 * the other end of a pipe of ours: when that closes, even because the JVM was killed, it ends the
 * server and removes the directory. The files it works with are described in {@code guard.sh}.
 *
 * <p>Not for several threads at once, but for {@link #close}.
 */
final class Guard implements AutoCloseable {
    /** Longer than the guard itself waits for a server to obey, and to be killed. */
    private static final Duration CLEANUP_LIMIT = Duration.ofSeconds(20);

    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(20);

    private final Path home;
    private final Process shell;

    private Guard(Path home, Process shell) {
        this.home = home;
        this.shell = shell;
    }

    /**
     * Starts the shell, which makes the directory: so there is no moment at which the directory
     * exists and nobody would remove it.
     *
     * @param home may exist only if it is to be kept
     */
    static Guard start(Path home, boolean keep) {
        var command = new ArrayList<>(ownSession());
        command.addAll(
                List.of("sh", "-c", script(), "guard", home.toString(), keep ? "yes" : "no"));
        var builder = new ProcessBuilder(command);
        // The server must not take its port or directory from the operator's own settings.
        builder.environment().keySet().removeIf(name -> name.startsWith("PG"));
        Process shell;
        try {
            shell =
                    builder.redirectOutput(Redirect.DISCARD)
                            .redirectError(Redirect.DISCARD)
                            .start();
        } catch (IOException missing) {
            throw new ServerFailed("cannot start the shell that guards a server", missing);
        }
        Path log = home.resolve("log");
        Poll.until(ANSWER_LIMIT, () -> Files.exists(log) || !shell.isAlive());
        if (!shell.isAlive() || !Files.exists(log)) {
            shell.destroyForcibly();
            throw new ServerFailed("cannot make the directory " + home + " for a server");
        }
        return new Guard(home, shell);
    }

    private static String script() {
        try (InputStream script = Guard.class.getResourceAsStream("guard.sh")) {
            return new String(script.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    /** Linux has setsid; macOS does not, but comes with perl. */
    private static List<String> ownSession() {
        return Command.succeeds(List.of("setsid", "true"))
                ? List.of("setsid")
                : List.of("perl", "-MPOSIX", "-e", "POSIX::setsid(); exec @ARGV");
    }

    /**
     * Starts a program; the one before must have ended.
     *
     * @param environment added to our own
     * @return the program's process id
     */
    long run(List<String> command, Map<String, String> environment) {
        var script = new StringBuilder("echo $$ >");
        script.append(Command.quoted(home.resolve("pid").toString())).append('\n');
        environment.forEach((name, value) ->
                script.append("export ")
                        .append(name)
                        .append('=')
                        .append(Command.quoted(value))
                        .append('\n'));
        script.append("exec");
        command.forEach(word -> script.append(' ').append(Command.quoted(word)));
        script.append('\n');
        try {
            for (String stale : List.of("pid", "exit", "suspended")) {
                Files.deleteIfExists(home.resolve(stale));
            }
            Files.writeString(home.resolve("run.sh"), script);
            shell.getOutputStream().write("run\n".getBytes(StandardCharsets.UTF_8));
            shell.getOutputStream().flush();
        } catch (IOException broken) {
            throw new ServerFailed("the shell that guards the server is gone", broken);
        }
        if (!Poll.until(ANSWER_LIMIT, () -> pid().isPresent())) {
            throw new ServerFailed("the shell that guards the server does not answer");
        }
        return pid().orElseThrow();
    }

    private OptionalInt pid() {
        return number("pid");
    }

    /** The exit status of the program that was run last, if it has ended. */
    OptionalInt exitStatus() {
        return number("exit");
    }

    boolean ended() {
        return exitStatus().isPresent();
    }

    private OptionalInt number(String file) {
        Path path = home.resolve(file);
        try {
            String text = Files.exists(path) ? Files.readString(path).strip() : "";
            return text.isEmpty() ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(text));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** Ends what still runs, removes the directory unless it is to be kept; may be called twice. */
    @Override
    public void close() {
        try {
            shell.getOutputStream().close();
            if (!shell.waitFor(CLEANUP_LIMIT.toSeconds(), TimeUnit.SECONDS)) {
                throw new ServerFailed(
                        "the server in " + home + " could not be cleaned up in time");
            }
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        } catch (InterruptedException interrupted) {
            // The guard goes on by itself; only our waiting ends.
            Thread.currentThread().interrupt();
        }
    }
}
