package org.pgchorus.cli;

import org.pgchorus.demo.Demo;
import org.pgchorus.demo.DemoOptions;
import org.pgchorus.demo.ServerFailed;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;

/** {@code pgchorus demo}: see it work, without installing anything. */
@Command(
        name = "demo",
        description = {
            "Starts throw-away PostgreSQL servers, makes a group of them, writes on all of them"
                    + " with deliberate conflicts, and shows that all end equal.",
            "",
            "Exit status: 0 if every row is the same on all nodes, 1 if not, 2 if used wrongly, 3"
                    + " if the servers or the group could not be started."
        },
        footer = {
            "  pgchorus demo",
            "  pgchorus demo --nodes 5 --seconds 60 --rate 500",
            "  pgchorus demo --seconds 0 --pg 16        # until Ctrl-C, on PostgreSQL 16",
            "  pgchorus demo --seconds 10 --keep demo   # the servers' data stay in demo/"
        })
final class DemoCommand implements Callable<Integer> {
    /** What a shell reports of a program that Ctrl-C ended. */
    private static final int INTERRUPTED = 130;

    @Spec private CommandSpec spec;

    @Option(
            names = "--nodes",
            paramLabel = "N",
            defaultValue = "3",
            description = "Servers, 2 to 9 (default: ${DEFAULT-VALUE}).")
    private int nodes;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            defaultValue = "30",
            description = "How long to write; 0: until Ctrl-C (default: ${DEFAULT-VALUE}).")
    private int seconds;

    @Option(
            names = "--rate",
            paramLabel = "N",
            defaultValue = "200",
            description = "Transactions a second, in all (default: ${DEFAULT-VALUE}).")
    private int rate;

    @Option(
            names = "--port",
            paramLabel = "PORT",
            description =
                    "Port of the first server, the others follow (default: 5441, or free ones if"
                            + " these are taken).")
    private Optional<Integer> port;

    @Option(
            names = "--pg",
            paramLabel = "VERSION",
            defaultValue = "18",
            description = "PostgreSQL's major version, 14 to 18 (default: ${DEFAULT-VALUE}).")
    private int major;

    @Option(
            names = "--keep",
            paramLabel = "DIR",
            description = "Keep the servers' data in this directory; otherwise nothing is left.")
    private Optional<Path> keep;

    @Mixin private HttpOption http;

    /** Ctrl-C has ended the program; what fails from now on fails because of that. */
    private volatile boolean quitting;

    @Override
    public Integer call() throws InterruptedException {
        Silence.ofTheLog();
        Demo demo = demo(spec.commandLine().getOut());
        CtrlC.runs(() -> {
            if (!demo.endLoad()) {
                quitting = true;
                System.exit(INTERRUPTED);
            }
        });
        try {
            return demo.run() ? Exit.WELL : Exit.DIFFERS;
        } catch (ServerFailed failed) {
            if (quitting) {
                return INTERRUPTED;
            }
            throw failed;
        }
    }

    private Demo demo(PrintWriter out) {
        try {
            DemoOptions options =
                    new DemoOptions(
                            nodes,
                            seconds,
                            rate,
                            port.map(OptionalInt::of).orElse(OptionalInt.empty()),
                            major,
                            keep.map(Path::toAbsolutePath));
            return new Demo(
                    options,
                    Optional.of(new Demo.Http(http.bindingOrUsual(), http.isGiven())),
                    line -> {
                        out.println(line);
                        out.flush();
                    });
        } catch (IllegalArgumentException refused) {
            throw new ParameterException(spec.commandLine(), refused.getMessage(), refused);
        }
    }
}
