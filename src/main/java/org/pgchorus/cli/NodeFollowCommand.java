package org.pgchorus.cli;

import org.pgchorus.config.Address;
import org.pgchorus.config.Durations;
import org.pgchorus.config.NodeAddress;
import org.pgchorus.config.TablePattern;
import org.pgchorus.daemon.FollowOrders;
import org.pgchorus.member.FollowRequest;
import org.pgchorus.member.JoinRequest;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;

/** {@code pgchorus node follow}: a one-way copy that is kept up to date. */
@Command(
        name = "follow",
        description = {
            "Makes a database a one-way follower of a node, or of any server from 12 on.",
            "Creates the tables, copies the rows and catches up, while everybody goes on working."
                    + " What happens to the followed tables at the provider then happens here, in"
                    + " the same order, whoever wrote it first; nothing goes back. A provider that"
                    + " is in no group gets a slot and two publications and nothing else. A daemon"
                    + " has to serve the follower: pgchorus run NAME=ADDRESS, before or after."
        },
        footer = {
            "  pgchorus node follow f1=postgresql://postgres@db4/app \\",
            "      --via postgresql://postgres@db1/app",
            "  # some tables, some rows, some columns (provider 15 or later)",
            "  pgchorus node follow f2=postgresql://postgres@db5/app \\",
            "      --via postgresql://postgres@db1/app --table users --table 'shop.*' \\",
            "      --where 'users=id < 1000' --columns users=id,email",
            "  # from an old server, to take it over",
            "  pgchorus node follow n1=postgresql://postgres@new/app \\",
            "      --via postgresql://postgres@old/app --dry-run",
        })
final class NodeFollowCommand implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Parameters(
            paramLabel = "NAME=ADDRESS",
            description = "The follower's name (a-z, 0-9, _) and its database.")
    private NodeAddress node;

    @Option(
            names = "--via",
            required = true,
            paramLabel = "ADDRESS",
            description = "The provider: a node of a group, or a database in none.")
    private Address via;

    @Option(
            names = "--schema",
            paramLabel = "FROM",
            defaultValue = "copy",
            description = {
                "copy: create the tables as they are at --via; existing: they are there."
                        + " Default: ${DEFAULT-VALUE}."
            })
    private NodeJoinCommand.SchemaSource schema;

    @Option(
            names = "--data",
            paramLabel = "FROM",
            defaultValue = "copy",
            description = {
                "copy: copy the rows; none: they are there, and the same."
                        + " Default: ${DEFAULT-VALUE}."
            })
    private NodeJoinCommand.DataSource data;

    @Option(
            names = "--jobs",
            paramLabel = "N",
            defaultValue = "4",
            description = "How many tables to copy at once. Default: ${DEFAULT-VALUE}.")
    private int jobs;

    @Option(
            names = "--table",
            paramLabel = "PATTERN",
            description = {
                "Which tables: schema.table, table, schema.*, or !pattern for those not to follow."
                        + " May be given several times. Default: those of the group, or all."
            })
    private List<TablePattern> patterns = new ArrayList<>();

    @Option(
            names = "--where",
            paramLabel = "TABLE=CONDITION",
            description = {
                "Only rows that an SQL condition is true for; it may use the key's columns, or any"
                        + " if the table has REPLICA IDENTITY FULL. May be given several times."
            })
    private List<String> filters = new ArrayList<>();

    @Option(
            names = "--columns",
            paramLabel = "TABLE=A,B,...",
            description = "Only these columns, the key among them. May be given several times.")
    private List<String> columns = new ArrayList<>();

    @Option(
            names = "--no-wait",
            description = "Returns when the rows are there, before the follower has caught up.")
    private boolean noWait;

    @Option(
            names = "--timeout",
            paramLabel = "DURATION",
            defaultValue = "1h",
            description = {
                "How long at most to wait, after the copy, until it has caught up."
                        + " Default: ${DEFAULT-VALUE}."
            })
    private Duration timeout;

    @Option(names = "--dry-run", description = "Examines both, says what would be done, and ends.")
    private boolean dryRun;

    @Mixin private Output output;

    @Override
    public Integer call() throws InterruptedException {
        FollowRequest request =
                new FollowRequest(
                        node,
                        via,
                        schema == NodeJoinCommand.SchemaSource.COPY
                                ? JoinRequest.Schema.COPY
                                : JoinRequest.Schema.EXISTING,
                        data == NodeJoinCommand.DataSource.COPY,
                        jobs,
                        patterns,
                        byTable("--where", filters),
                        lists());
        Meter meter =
                new Meter(
                        spec.commandLine().getErr(),
                        Program.surroundings(spec).interactive(),
                        System::nanoTime);
        if (dryRun) {
            List<String> steps = FollowOrders.planFollow(request, meter);
            output.print(() -> String.join("\n", steps) + "\n", () -> Json.object("steps", steps));
            return Exit.WELL;
        }
        FollowOrders.follow(request, meter);
        meter.finish();
        boolean ready = !noWait && FollowOrders.awaitReady(node.address(), timeout);
        tell(meter, ready);
        if (noWait || ready) {
            return Exit.WELL;
        }
        Failures.print(
                spec.commandLine().getErr(),
                ("follower %s has its rows but has not caught up after %s; it does so by itself"
                                + " while a daemon serves it; look with: pgchorus status --group"
                                + " %s")
                        .formatted(node.name(), Durations.text(timeout), node.address().text()));
        return Exit.DIFFERS;
    }

    private Map<String, String> byTable(String option, List<String> words) {
        Map<String, String> byTable = new LinkedHashMap<>();
        for (String word : words) {
            int equals = word.indexOf('=');
            if (equals < 1 || word.substring(equals + 1).isBlank()) {
                throw new ParameterException(
                        spec.commandLine(),
                        "%s takes TABLE=..., not \"%s\"".formatted(option, word));
            }
            String table = word.substring(0, equals).strip();
            if (byTable.put(table, word.substring(equals + 1).strip()) != null) {
                throw new ParameterException(
                        spec.commandLine(), "%s is given twice for %s".formatted(option, table));
            }
        }
        return byTable;
    }

    private Map<String, List<String>> lists() {
        Map<String, List<String>> lists = new LinkedHashMap<>();
        byTable("--columns", columns)
                .forEach((table, list) ->
                        lists.put(
                                table,
                                Stream.of(list.split(","))
                                        .map(String::strip)
                                        .filter(column -> !column.isEmpty())
                                        .toList()));
        return lists;
    }

    private void tell(Meter meter, boolean ready) {
        output.print(
                () ->
                        "follower %s %s (%s, %s in %s)%n"
                                .formatted(
                                        node.name(),
                                        ready ? "has caught up" : "has its rows",
                                        Words.count(meter.rows(), "row"),
                                        Words.size(meter.bytes()),
                                        Words.seconds(meter.seconds())),
                () ->
                        Json.object(
                                "node", node.name().text(),
                                "address", node.address().text(),
                                "state", ready ? "following" : "joining",
                                "rows", meter.rows(),
                                "bytes", meter.bytes(),
                                "seconds", Words.rounded(meter.seconds())));
    }
}
