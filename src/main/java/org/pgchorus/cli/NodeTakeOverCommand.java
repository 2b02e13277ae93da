package org.pgchorus.cli;

import org.pgchorus.config.Address;
import org.pgchorus.daemon.FollowOrders;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;

/** {@code pgchorus node take-over}: a follower takes its provider's place. */
@Command(
        name = "take-over",
        description = {
            "Lets a follower take its provider's place.",
            "Stop writes at the provider first. Then this waits until all of it is applied, sets"
                    + " the sequences as they stand there, and takes everything of pgchorus away"
                    + " from both: the follower is a plain database that takes writes. Refuses,"
                    + " and goes on following, if something is still written at the provider."
        },
        footer = {
            "  psql postgresql://postgres@old/app -c \\",
            "      'ALTER DATABASE app SET default_transaction_read_only = on'",
            "  pgchorus node take-over postgresql://postgres@new/app",
            "  pgchorus group create n1=postgresql://postgres@new/app",
        })
final class NodeTakeOverCommand implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Parameters(paramLabel = "ADDRESS", description = "The follower's database.")
    private Address follower;

    @Option(
            names = "--timeout",
            paramLabel = "DURATION",
            defaultValue = "60s",
            description = {
                "How long at most to wait until all is applied. Default: ${DEFAULT-VALUE}."
            })
    private Duration timeout;

    @Mixin private Output output;

    @Override
    public Integer call() throws InterruptedException {
        Meter meter =
                new Meter(
                        spec.commandLine().getErr(),
                        Program.surroundings(spec).interactive(),
                        System::nanoTime);
        List<String> missing = FollowOrders.takeOver(follower, timeout, meter);
        meter.finish();
        output.print(
                () ->
                        "%s has taken over; let clients write there%n%s"
                                .formatted(
                                        follower.text(),
                                        missing.isEmpty()
                                                ? ""
                                                : "sequences of the provider that are not there: "
                                                        + String.join(", ", missing)
                                                        + "\n"),
                () ->
                        Json.object(
                                "address",
                                follower.text(),
                                "taken_over",
                                true,
                                "missing_sequences",
                                missing));
        return Exit.WELL;
    }
}
