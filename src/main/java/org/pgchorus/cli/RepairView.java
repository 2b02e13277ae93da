package org.pgchorus.cli;

import org.pgchorus.daemon.Repair;
import org.pgchorus.daemon.Repair.Left;
import org.pgchorus.daemon.Repair.Repaired;
import org.pgchorus.model.NodeName;
import org.pgchorus.verify.Outcome;
import org.pgchorus.verify.RowKey;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Shows what a repair has come to. No state. */
final class RepairView {
    private static final int VALUE_CHARACTERS = 60;

    private RepairView() {}

    /** For people; the last line is the verdict. */
    static String text(Repair.Done done, int limit) {
        Grid grid = new Grid("table", "found", ">repaired", "now", "reason");
        for (Repaired table : done.tables()) {
            grid.row(
                    table.table().toString(),
                    VerifyView.verdict(table.found()),
                    Words.count(table.repaired()),
                    VerifyView.verdict(table.now()),
                    VerifyView.reason(table.now()));
        }
        StringBuilder text = new StringBuilder(grid.text());
        for (Repaired table : done.tables()) {
            table.notes().forEach(note -> text.append("%s: %s%n".formatted(table.table(), note)));
            table.left().stream()
                    .limit(limit)
                    .forEach(left ->
                            text.append(
                                    "%s %s was left: %s%n"
                                            .formatted(
                                                    table.table(),
                                                    key(table.keyColumns(), left.key()),
                                                    left.reason())));
        }
        return text.append('\n').append(closing(done)).toString();
    }

    private static String closing(Repair.Done done) {
        String undo =
                done.repaired() == 0 ? "" : "; undo: pgchorus repair undo %s".formatted(done.id());
        String repaired = Words.count(done.repaired(), "row") + " repaired";
        if (done.isEqual()) {
            String nodes =
                    done.nodes().stream().map(NodeName::text).collect(Collectors.joining(", "));
            return "all equal on %s; %s%s%n".formatted(nodes, repaired, undo);
        }
        return "not all equal; %s%s%n".formatted(repaired, undo);
    }

    /** A row as people name it. */
    static String key(List<String> columns, RowKey key) {
        if (columns.isEmpty()) {
            return "(no key)";
        }
        List<String> parts = new ArrayList<>();
        for (int i = 0; i < columns.size(); i++) {
            parts.add(columns.get(i) + "=" + value(key.values().get(i)));
        }
        return String.join(", ", parts);
    }

    /** NULL without quotes, so that it is not taken for a text. */
    static String value(String text) {
        return text == null ? "NULL" : "'" + Words.cut(text, VALUE_CHARACTERS) + "'";
    }

    /** For programs. */
    static Map<String, Object> json(Repair.Done done, int limit) {
        return Json.object(
                "id", done.id(),
                "equal", done.isEqual(),
                "nodes", done.nodes().stream().map(NodeName::text).toList(),
                "skipped", done.skipped(),
                "repaired_rows", done.repaired(),
                "tables", done.tables().stream().map(table -> json(table, limit)).toList());
    }

    private static Map<String, Object> json(Repaired table, int limit) {
        return Json.object(
                "table", table.table().toString(),
                "schema", table.table().schema(),
                "name", table.table().name(),
                "found", VerifyView.word(table.found()),
                "found_rows", rows(table.found()),
                "repaired_rows", table.repaired(),
                "verdict", VerifyView.word(table.now()),
                "left_rows", rows(table.now()),
                "reason", Json.known(VerifyView.reason(table.now())),
                "notes", table.notes(),
                "left",
                        table.left().stream()
                                .limit(limit)
                                .map(left -> json(table.keyColumns(), left))
                                .toList());
    }

    private static long rows(Outcome outcome) {
        return switch (outcome) {
            case Outcome.Differs(long rows, boolean _) -> rows;
            case Outcome.Unsettled(long rows, String _) -> rows;
            case Outcome.Equal(), Outcome.Incomplete(String _) -> 0;
        };
    }

    private static Map<String, Object> json(List<String> columns, Left left) {
        return Json.object("key", named(columns, left.key()), "reason", left.reason());
    }

    /** The key by its columns. */
    static Map<String, Object> named(List<String> columns, RowKey key) {
        Map<String, Object> named = new LinkedHashMap<>();
        for (int i = 0; i < columns.size(); i++) {
            named.put(columns.get(i), key.values().get(i));
        }
        return named;
    }
}
