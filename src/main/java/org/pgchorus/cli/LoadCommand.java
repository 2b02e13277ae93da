package org.pgchorus.cli;

import org.pgchorus.config.Address;
import org.pgchorus.config.NodeAddress;
import org.pgchorus.config.TablePattern;
import org.pgchorus.daemon.Status;
import org.pgchorus.daemon.Survey;
import org.pgchorus.daemon.Verification;
import org.pgchorus.daemon.Verification.Found;
import org.pgchorus.daemon.Waiting;
import org.pgchorus.demo.Load;
import org.pgchorus.demo.LoadText;
import org.pgchorus.model.LinkName;
import org.pgchorus.model.NodeName;
import org.pgchorus.verify.Outcome;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** {@code pgchorus load}: writes on the nodes of a group, and looks whether they end equal. */
@Command(
        name = "load",
        description = {
            "Writes on the nodes of a group, into tables of its own in the schema pgchorus_load.",
            "Shows once a second how many transactions each node has taken, until --count are"
                    + " written or Ctrl-C; then waits until all is applied everywhere, and compares"
                    + " the tables. Ends with 1 if they differ or lack something.",
            "",
            "The tables stay, for the next time: DROP SCHEMA pgchorus_load CASCADE, after pgchorus"
                    + " table remove of both."
        },
        footer = {
            "  pgchorus load --group postgresql://postgres@db1/app",
            "  pgchorus load --rate 1000 --clients 16 --conflicts 5",
            "  pgchorus load --nodes n1,n2 --count 10000 --json",
        })
final class LoadCommand implements Callable<Integer> {
    private static final long PERIOD_MILLIS = 1000;

    @Spec private CommandSpec spec;

    @Option(
            names = "--nodes",
            paramLabel = "NAME",
            split = ",",
            description = "On which nodes to write. Default: on all.")
    private List<NodeName> names = new ArrayList<>();

    @Option(
            names = "--rate",
            paramLabel = "N",
            defaultValue = "100",
            description = "Transactions a second, in all. Default: ${DEFAULT-VALUE}.")
    private int rate;

    @Option(
            names = "--count",
            paramLabel = "N",
            description = "How many transactions, in all. Default: until Ctrl-C.")
    private Optional<Long> count;

    @Option(
            names = "--clients",
            paramLabel = "N",
            defaultValue = "4",
            description = "Clients on each node. Default: ${DEFAULT-VALUE}.")
    private int clients;

    @Option(
            names = "--conflicts",
            paramLabel = "PERCENT",
            defaultValue = "10",
            description =
                    "How many of 100 transactions go for rows that all nodes go for. Default:"
                            + " ${DEFAULT-VALUE}.")
    private int conflicts;

    @Option(
            names = "--timeout",
            paramLabel = "DURATION",
            defaultValue = "60s",
            description = "How long to wait at the end. Default: ${DEFAULT-VALUE}.")
    private Duration timeout;

    @Mixin private GroupOption group;
    @Mixin private Output output;

    /** How it ended. */
    record Ending(
            Map<NodeName, Long> committed, long refused, List<LinkName> lacking, Found found) {}

    @Override
    public Integer call() throws InterruptedException {
        Load.Plan plan =
                new Load.Plan(
                        rate,
                        count.map(OptionalLong::of).orElse(OptionalLong.empty()),
                        clients,
                        conflicts);
        Address any = group.address();
        List<NodeAddress> all = nodes(Survey.of(any));
        List<NodeAddress> chosen = chosen(all);
        Load.prepare(any, all);
        CountDownLatch asked = new CountDownLatch(1);
        CtrlC.runs(asked::countDown);
        Load load = Load.start(chosen, plan, System.nanoTime());
        try (load) {
            show(any, load, asked);
        }
        if (load.failure().isPresent()) {
            throw new IllegalStateException("a client had to give up: " + load.failure().get());
        }
        say("waiting until all is applied everywhere");
        List<LinkName> lacking =
                Waiting.untilApplied(any, timeout, Optional.empty(), Optional.empty());
        say("comparing the tables on %s".formatted(Words.count(all.size(), "node")));
        Found found =
                Verification.of(
                        any,
                        new Verification.Request(
                                List.of(TablePattern.parse(Load.SCHEMA + ".*")),
                                List.of(),
                                timeout,
                                10));
        Ending ending = new Ending(load.committed(), load.refused(), lacking, found);
        output.print(() -> text(ending), () -> json(ending));
        return status(ending);
    }

    private static List<NodeAddress> nodes(Status status) {
        return status.nodes().stream()
                .filter(node -> node.id() > 0)
                .map(node ->
                        new NodeAddress(new NodeName(node.name()), Address.parse(node.address())))
                .toList();
    }

    private List<NodeAddress> chosen(List<NodeAddress> all) {
        for (NodeName name : names) {
            if (all.stream().noneMatch(node -> node.name().equals(name))) {
                throw new IllegalArgumentException(
                        "the group has no node %s; it has %s"
                                .formatted(name, all.stream().map(NodeAddress::name).toList()));
            }
        }
        return all.stream().filter(node -> names.isEmpty() || names.contains(node.name())).toList();
    }

    private void show(Address any, Load load, CountDownLatch asked) throws InterruptedException {
        LoadText.head(load.committed().keySet()).forEach(this::say);
        long before = 0;
        int second = 0;
        do {
            second++;
            if (asked.await(PERIOD_MILLIS, TimeUnit.MILLISECONDS)) {
                return;
            }
            Map<NodeName, Long> written = load.committed();
            long sum = written.values().stream().mapToLong(Long::longValue).sum();
            say(LoadText.second(second, written, sum - before, look(any)));
            before = sum;
        } while (load.isRunning());
    }

    /** A group that is not reached for a while is no reason to stop writing. */
    private static Optional<Status> look(Address any) {
        try {
            return Optional.of(Survey.of(any));
        } catch (RuntimeException unanswered) {
            return Optional.empty();
        }
    }

    /** Programs read the ending only. */
    private void say(String line) {
        PrintWriter to =
                output.isJson() ? spec.commandLine().getErr() : spec.commandLine().getOut();
        to.println(line);
        to.flush();
    }

    static int status(Ending ending) {
        boolean differs =
                ending.found.tables().stream()
                        .anyMatch(t -> t.outcome() instanceof Outcome.Differs);
        if (differs || !ending.lacking.isEmpty()) {
            return Exit.DIFFERS;
        }
        return ending.found.isEqual() ? Exit.WELL : Exit.COULD_NOT_TELL;
    }

    /** The answer for people. */
    static String text(Ending ending) {
        StringBuilder text = new StringBuilder("\n");
        long sum = ending.committed.values().stream().mapToLong(Long::longValue).sum();
        text.append(
                "%s written: %s; %s refused by their own node%n"
                        .formatted(
                                Words.count(sum, "transaction"),
                                String.join(
                                        ", ",
                                        ending.committed.entrySet().stream()
                                                .map(it ->
                                                        it.getKey()
                                                                + " "
                                                                + Words.count(it.getValue()))
                                                .toList()),
                                Words.count(ending.refused)));
        if (!ending.lacking.isEmpty()) {
            text.append(
                    "not applied in time on: %s; pgchorus status says why%n"
                            .formatted(
                                    String.join(
                                            ", ",
                                            ending.lacking.stream()
                                                    .map(LinkName::toString)
                                                    .toList())));
        }
        return text.append(VerifyView.text(ending.found)).toString();
    }

    /** The answer for programs. */
    static Map<String, Object> json(Ending ending) {
        Map<String, Object> committed = new TreeMap<>();
        ending.committed.forEach((node, number) -> committed.put(node.text(), number));
        return Json.object(
                "committed", committed,
                "refused", ending.refused,
                "lacking", ending.lacking.stream().map(LinkName::toString).toList(),
                "equal", ending.found.isEqual(),
                "comparison", VerifyView.json(ending.found));
    }
}
