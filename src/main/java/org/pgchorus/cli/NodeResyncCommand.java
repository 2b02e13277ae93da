package org.pgchorus.cli;

import org.pgchorus.config.Durations;
import org.pgchorus.daemon.Resync;
import org.pgchorus.daemon.ResyncPlan;
import org.pgchorus.model.NodeName;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;

/** {@code pgchorus node resync}: brings a node back. */
@Command(
        name = "resync",
        description = {
            "Brings back a node whose slot was lost or that was restored from a backup.",
            "Makes new slots, and lets the node and the others exchange what one lacks, by when and"
                + " where each version was written; nothing is copied that both have. All nodes"
                + " have to be reachable; all go on working. A node that was put back to an earlier"
                + " state (a backup, a standby that lagged) gets all it has missed, gives what was"
                + " written on it since, and drops what the others have deleted. What only it had"
                + " before is lost. If the command is killed, say it again."
        },
        footer = {
            "  pgchorus node resync n3 --dry-run",
            "  pgchorus node resync n3 --group postgresql://postgres@db1/app",
        })
final class NodeResyncCommand implements Callable<Integer> {
    @Parameters(paramLabel = "NAME", description = "The node.")
    private NodeName name;

    @Option(names = "--dry-run", description = "Only show which links would be renewed, and why.")
    private boolean dryRun;

    @Option(
            names = "--no-wait",
            description = "Returns when the versions are there, before the links have caught up.")
    private boolean noWait;

    @Option(
            names = "--timeout",
            paramLabel = "DURATION",
            defaultValue = "10min",
            description = {
                "How long at most to wait until all links of the node flow."
                        + " Default: ${DEFAULT-VALUE}."
            })
    private Duration timeout;

    @Spec private CommandSpec spec;
    @Mixin private GroupOption group;
    @Mixin private Output output;

    @Override
    public Integer call() throws InterruptedException {
        if (dryRun) {
            ResyncPlan plan = Resync.plan(group.address(), name);
            output.print(() -> text(plan), () -> json(plan));
            return Exit.WELL;
        }
        Resync.Resynced done =
                Resync.node(
                        group.address(),
                        name,
                        step -> {
                            spec.commandLine().getErr().println(step);
                            spec.commandLine().getErr().flush();
                        });
        List<String> missing =
                noWait ? List.of() : Resync.awaitFlowing(group.address(), name, timeout.toMillis());
        output.print(() -> text(done), () -> json(done, missing));
        if (missing.isEmpty()) {
            return Exit.WELL;
        }
        Failures.print(
                spec.commandLine().getErr(),
                "node %s has what it lacked, but after %s: %s"
                        .formatted(name, Durations.text(timeout), String.join("; ", missing)));
        return Exit.DIFFERS;
    }

    /** The plan for people. */
    static String text(ResyncPlan plan) {
        if (plan.renewals().isEmpty()) {
            return "node %s needs no resync: its links can go on%n".formatted(plan.node().name());
        }
        StringBuilder text = new StringBuilder();
        if (plan.restored()) {
            text.append("node %s was put back to an earlier state%n".formatted(plan.node().name()));
        }
        for (ResyncPlan.Renewal link : plan.renewals()) {
            text.append("renew link %s: %s%n".formatted(link.name(), link.why()));
        }
        return text.toString();
    }

    private static String text(Resync.Resynced done) {
        if (done.plan().renewals().isEmpty()) {
            return text(done.plan());
        }
        return "node %s is back: %s brought, %s deleted%n"
                .formatted(
                        done.plan().node().name(),
                        Words.count(done.versions(), "version"),
                        Words.count(done.forgotten(), "row"));
    }

    private static Object json(ResyncPlan plan) {
        return Json.object(
                "node", plan.node().name().text(),
                "restored", plan.restored(),
                "links",
                        plan.renewals().stream()
                                .map(l ->
                                        Json.object(
                                                "from", l.from().name().text(),
                                                "to", l.to().name().text(),
                                                "why", l.why()))
                                .toList());
    }

    private static Object json(Resync.Resynced done, List<String> missing) {
        return Json.object(
                "plan", json(done.plan()),
                "versions", done.versions(),
                "forgotten", done.forgotten(),
                "missing", missing);
    }
}
