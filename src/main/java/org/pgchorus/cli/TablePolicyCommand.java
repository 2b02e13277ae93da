package org.pgchorus.cli;

import org.pgchorus.daemon.PolicyOrders;
import org.pgchorus.daemon.PolicyOrders.Outcome;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;

/** {@code pgchorus table policy}: what decides a table's conflicts? */
@Command(
        name = "policy",
        description = {
            "Shows or sets what decides the conflicts of a table, on every node or on none.",
            "",
            "last_update_wins  the later write wins (default); converges",
            "apply_remote      the incoming change wins; does not converge",
            "keep_local        what stands here stays; does not converge",
            "error             the link stops until a person chooses",
            "function          a SQL function (table, table, jsonb) -> table makes one of both",
            "delta             only with --column: leaves the rest of the policy as it is",
            "",
            "What does not converge is said by status too. A policy can be changed at any time."
        },
        footer = {
            "  pgchorus table policy account",
            "  pgchorus table policy account delta --column balance=delta",
            "  pgchorus table policy document function --function public.merge_document",
            "  pgchorus table policy account last_update_wins --column balance=none",
        })
final class TablePolicyCommand implements Callable<Integer> {
    @Parameters(
            index = "0",
            paramLabel = "TABLE",
            description = "With its schema, or without where only one schema has it.")
    private String table;

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "POLICY",
            description = "What to set; without it and without --column: shows it.")
    private String policy;

    @Option(
            names = "--function",
            paramLabel = "NAME",
            description = "The function of the policy function.")
    private String function;

    @Option(
            names = "--column",
            paramLabel = "C=delta",
            description = {
                "Adds differences to a number column, whichever version wins the others.",
                "C=none ends that. Again for each column."
            })
    private List<String> columns;

    @Spec private CommandSpec spec;
    @Mixin private GroupOption group;
    @Mixin private Output output;

    @Override
    public Integer call() throws InterruptedException {
        Outcome outcome =
                policy == null && function == null && columns == null
                        ? PolicyOrders.show(group.address(), table)
                        : PolicyOrders.set(group.address(), table, change());
        outcome.warnings().forEach(w -> Failures.warn(spec.commandLine().getErr(), w));
        output.print(() -> text(outcome), () -> json(outcome));
        return Exit.WELL;
    }

    private PolicyOrders.Change change() {
        Map<String, Set<String>> named = new TreeMap<>();
        for (String column : columns == null ? List.<String>of() : columns) {
            int split = column.lastIndexOf('=');
            String what = column.substring(split + 1);
            if (split < 1 || !(what.equals("delta") || what.equals("none"))) {
                throw new IllegalArgumentException(
                        "--column takes C=delta or C=none, not \"%s\"".formatted(column));
            }
            named.computeIfAbsent(what, w -> new TreeSet<>()).add(column.substring(0, split));
        }
        Set<String> delta = named.getOrDefault("delta", Set.of());
        boolean columnsOnly = "delta".equals(policy);
        if (columnsOnly && delta.isEmpty()) {
            throw new IllegalArgumentException("delta needs to know where: --column C=delta");
        }
        return new PolicyOrders.Change(
                columnsOnly ? Optional.empty() : Optional.ofNullable(policy),
                Optional.ofNullable(function),
                delta,
                named.getOrDefault("none", Set.of()));
    }

    /** The answer for people. */
    static String text(Outcome outcome) {
        StringBuilder text =
                new StringBuilder(
                        "table %s: %s%s%s%n"
                                .formatted(
                                        outcome.table(),
                                        outcome.rule(),
                                        outcome.function().map(f -> " " + f).orElse(""),
                                        outcome.deltaColumns().isEmpty()
                                                ? ""
                                                : ", delta: "
                                                        + String.join(
                                                                ", ", outcome.deltaColumns())));
        outcome.done().forEach(done -> text.append("  ").append(done).append('\n'));
        return text.toString();
    }

    private static Map<String, Object> json(Outcome outcome) {
        return Json.object(
                "table", outcome.table().toString(),
                "policy", outcome.rule(),
                "function", outcome.function(),
                "delta_columns", outcome.deltaColumns(),
                "done", outcome.done(),
                "warnings", outcome.warnings());
    }
}
