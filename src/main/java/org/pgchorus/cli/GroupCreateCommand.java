package org.pgchorus.cli;

import org.pgchorus.config.NodeAddress;
import org.pgchorus.config.TablePattern;
import org.pgchorus.daemon.Orders;
import org.pgchorus.daemon.Survey;
import org.pgchorus.member.Finding;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

/** {@code pgchorus group create}: the first node of a new group. */
@Command(
        name = "create",
        description = {
            "Makes a database the first node of a new group.",
            "Examines it first and changes nothing if something stands in the way."
        },
        footer = {
            "  pgchorus group create n1=postgresql://postgres@db1/app",
            "  pgchorus group create n1=postgresql://postgres@db1/app \\",
            "      --tables 'public.*' --tables '!public.*_log'",
        })
final class GroupCreateCommand implements Callable<Integer> {
    @Parameters(
            paramLabel = "NAME=ADDRESS",
            description = "The node's name (a-z, 0-9, _) and its database.")
    private NodeAddress node;

    @Option(
            names = "--tables",
            paramLabel = "PATTERN",
            description = {
                "Which tables take part: schema.table, table, schema.*, or !pattern for those that"
                        + " do not. May be given several times. Default: all."
            })
    private List<TablePattern> patterns = new ArrayList<>();

    @Mixin private Output output;

    @Override
    public Integer call() {
        List<Finding> notes = Orders.createGroup(node, patterns);
        String group = Survey.of(node.address()).groupId();
        int tables = Orders.tables(node.address()).size();
        output.print(
                () -> text(node, group, tables, notes), () -> json(node, group, tables, notes));
        return Exit.WELL;
    }

    private static String text(NodeAddress node, String group, int tables, List<Finding> notes) {
        return """
        group %s has its first node %s, with %s
        %s
        next, each where it suits you:
          pgchorus run %s
          pgchorus node join NAME=ADDRESS --via %s
        """
                .formatted(
                        group,
                        node.name(),
                        Words.count(tables, "table"),
                        Findings.text(notes),
                        node,
                        node.address().text());
    }

    private static Map<String, Object> json(
            NodeAddress node, String group, int tables, List<Finding> notes) {
        return Json.object(
                "group", group,
                "node", node.name().text(),
                "address", node.address().text(),
                "tables", tables,
                "findings", Findings.json(notes));
    }
}
