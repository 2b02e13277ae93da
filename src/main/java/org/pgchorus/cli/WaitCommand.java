package org.pgchorus.cli;

import org.pgchorus.config.Durations;
import org.pgchorus.daemon.Waiting;
import org.pgchorus.model.LinkName;
import org.pgchorus.model.NodeName;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;

/** {@code pgchorus wait}: is all applied that was committed before? */
@Command(
        name = "wait",
        description = {
            "Waits until what is committed now is applied everywhere.",
            "Ends with 1 when the time is over first, and names the links that lack."
        },
        footer = {
            "  pgchorus wait --group postgresql://postgres@db1/app",
            "  pgchorus wait --timeout 5min",
            "  pgchorus wait --from n1 --to n2 && psql postgresql://postgres@db2/app",
        })
final class WaitCommand implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private GroupOption group;

    @Option(
            names = "--timeout",
            paramLabel = "DURATION",
            defaultValue = "60s",
            description = "How long at most. Default: ${DEFAULT-VALUE}.")
    private Duration timeout;

    @Option(
            names = "--from",
            paramLabel = "NAME",
            description = "Only what this node committed. Default: what any did.")
    private NodeName from;

    @Option(
            names = "--to",
            paramLabel = "NAME",
            description = "Only until this node has applied it. Default: until all have.")
    private NodeName to;

    @Mixin private Output output;

    @Override
    public Integer call() throws InterruptedException {
        long began = System.nanoTime();
        List<LinkName> lacking =
                Waiting.untilApplied(
                        group.address(),
                        timeout,
                        Optional.ofNullable(from),
                        Optional.ofNullable(to));
        double seconds = (System.nanoTime() - began) / 1e9;
        output.print(() -> text(lacking, seconds), () -> json(lacking, seconds));
        if (lacking.isEmpty()) {
            return Exit.WELL;
        }
        Failures.print(
                spec.commandLine().getErr(),
                "not applied within %s on: %s; pgchorus status says why"
                        .formatted(
                                Durations.text(timeout),
                                String.join(
                                        ", ", lacking.stream().map(LinkName::toString).toList())));
        return Exit.DIFFERS;
    }

    private static String text(List<LinkName> lacking, double seconds) {
        return lacking.isEmpty() ? "applied after %s%n".formatted(Words.seconds(seconds)) : "";
    }

    /** The answer for programs. */
    static Map<String, Object> json(List<LinkName> lacking, double seconds) {
        return Json.object(
                "applied",
                lacking.isEmpty(),
                "seconds",
                Words.rounded(seconds),
                "lacking",
                lacking.stream()
                        .map(link ->
                                Json.object(
                                        "from", link.from().text(),
                                        "to", link.to().text()))
                        .toList());
    }
}
