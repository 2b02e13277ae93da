package org.pgchorus.cli;

import org.pgchorus.config.Address;
import org.pgchorus.daemon.Status;
import org.pgchorus.daemon.Support;
import org.pgchorus.daemon.Survey;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** {@code pgchorus support}: everything somebody else needs to understand what is going on. */
@Command(
        name = "support",
        description = {
            "Writes a bundle for whoever helps: a zip file.",
            "In it: versions, settings, status, lag, slots, states and positions of every node that"
                + " can be reached, the last conflicts, and the log if it is named. No passwords,"
                + " no tokens, no values of rows; addresses, names of tables and the texts of"
                + " errors are there."
        },
        footer = {
            "  pgchorus support --group postgresql://postgres@db1/app",
            "  pgchorus support --file /tmp/bundle.zip --log /var/log/pgchorus.log",
        })
final class SupportCommand implements Callable<Integer> {
    /** The end of a log is what tells; more would be too large to send. */
    private static final int LOG_LINES = 20_000;

    @Spec private CommandSpec spec;

    @Option(
            names = "--file",
            paramLabel = "FILE",
            defaultValue = "pgchorus-support.zip",
            description = "Where to; what is there is replaced. Default: ${DEFAULT-VALUE}.")
    private Path file;

    @Option(
            names = "--log",
            paramLabel = "FILE",
            description = "A daemon's log; its last 20000 lines are taken.")
    private Optional<Path> log;

    @Mixin private GroupOption group;
    @Mixin private Output output;

    @Override
    public Integer call() {
        Address any = group.address();
        SortedMap<String, String> files = new TreeMap<>();
        files.put("program.txt", program());
        log.ifPresent(path -> files.put("log.txt", tail(path)));
        boolean reached = gather(any, files);
        write(files);
        output.print(
                () ->
                        "%s: %s%n"
                                .formatted(
                                        file,
                                        Words.count(files.size(), "file")
                                                + "; look through it before you send it"),
                () ->
                        Json.object(
                                "file", file.toString(),
                                "files", List.copyOf(files.keySet()),
                                "reached", reached));
        return reached ? Exit.WELL : Exit.COULD_NOT_TELL;
    }

    /** A group that is down is when a bundle is wanted most: what can be had is taken. */
    private static boolean gather(Address any, SortedMap<String, String> files) {
        try {
            Status status = Survey.of(any);
            files.put("status.txt", StatusCommand.text(status));
            files.put("status.json", Json.pretty(StatusView.json(status)) + "\n");
            files.put("lag.txt", LagCommand.text(status.links()));
            files.putAll(Support.nodes(any));
            return true;
        } catch (RuntimeException unanswered) {
            files.put("not-reached.txt", unanswered.getMessage() + "\n");
            return false;
        }
    }

    private String program() {
        StringBuilder text = new StringBuilder(Version.line() + "\n");
        for (String property :
                List.of(
                        "java.runtime.version",
                        "java.vendor",
                        "os.name",
                        "os.version",
                        "os.arch")) {
            text.append("%s: %s%n".formatted(property, System.getProperty(property)));
        }
        Runtime runtime = Runtime.getRuntime();
        text.append(
                "processors: %d, memory: %s%n"
                        .formatted(runtime.availableProcessors(), Words.size(runtime.maxMemory())));
        text.append(
                "taken: %s%n".formatted(Words.time(Program.surroundings(spec).clock().instant())));
        new TreeMap<>(Program.surroundings(spec).environment())
                .forEach((name, value) -> {
                    if (name.startsWith("PGCHORUS_")) {
                        boolean secret = name.matches(".*(TOKEN|PASSWORD|SECRET).*");
                        text.append("%s=%s%n".formatted(name, secret ? "***" : value));
                    }
                });
        return text.toString();
    }

    private static String tail(Path path) {
        try {
            List<String> lines = Files.readAllLines(path);
            return String.join(
                            "\n",
                            lines.subList(Math.max(0, lines.size() - LOG_LINES), lines.size()))
                    + "\n";
        } catch (IOException e) {
            throw new IllegalArgumentException("cannot read the log %s (%s)".formatted(path, e), e);
        }
    }

    /** Whatever a server or a user may have put somewhere: no password leaves. */
    private void write(SortedMap<String, String> files) {
        try (OutputStream out = Files.newOutputStream(file);
                ZipOutputStream zip = new ZipOutputStream(out, StandardCharsets.UTF_8)) {
            for (var entry : files.entrySet()) {
                zip.putNextEntry(new ZipEntry("pgchorus-support/" + entry.getKey()));
                zip.write(Secrets.hidden(entry.getValue()).getBytes(StandardCharsets.UTF_8));
                zip.closeEntry();
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write the bundle " + file, e);
        }
    }
}
