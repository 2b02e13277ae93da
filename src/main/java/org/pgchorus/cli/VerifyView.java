package org.pgchorus.cli;

import org.pgchorus.daemon.Verification.Found;
import org.pgchorus.model.NodeName;
import org.pgchorus.model.Stamp;
import org.pgchorus.verify.Difference;
import org.pgchorus.verify.Orphaned;
import org.pgchorus.verify.Outcome;
import org.pgchorus.verify.TableReport;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Comparisons as people and programs read them. Pure. */
final class VerifyView {
    private static final int VALUE_CHARACTERS = 60;

    private VerifyView() {}

    /** For people: a line a table, then what differs. */
    static String text(Found found) {
        if (found.tables().isEmpty()) {
            return "no tables take part; nothing was compared\n";
        }
        Grid grid = new Grid("table", "verdict", ">rows", "reason");
        for (TableReport report : found.tables()) {
            grid.row(
                    report.table().toString(),
                    verdict(report.outcome()),
                    Words.count(most(report)),
                    reason(report.outcome()));
        }
        StringBuilder text = new StringBuilder(grid.text());
        found.tables().forEach(report -> text.append(details(found, report)));
        String nodes = found.nodes().stream().map(NodeName::text).collect(Collectors.joining(", "));
        return text.append(
                        VerifyCommand.status(found) == Exit.WELL
                                ? "\nall equal on %s\n".formatted(nodes)
                                : "\ncompared: %s\n".formatted(nodes))
                .toString();
    }

    /** The node that has most. */
    private static long most(TableReport report) {
        return report.rows().values().stream().mapToLong(Long::longValue).max().orElse(0);
    }

    /** The verdict, with how many rows. */
    static String verdict(Outcome outcome) {
        return switch (outcome) {
            case Outcome.Equal() -> "equal";
            case Outcome.Differs(long rows, boolean more) ->
                    rows == 0
                            ? "differs"
                            : "differs (%s%s)".formatted(Words.count(rows), more ? " or more" : "");
            case Outcome.Unsettled(long rows, String _) ->
                    "unsettled (%s)".formatted(Words.count(rows));
            case Outcome.Incomplete(String _) -> "incomplete";
        };
    }

    /** The verdict for programs. */
    static String word(Outcome outcome) {
        return switch (outcome) {
            case Outcome.Equal() -> "equal";
            case Outcome.Differs _ -> "differs";
            case Outcome.Unsettled _ -> "unsettled";
            case Outcome.Incomplete _ -> "incomplete";
        };
    }

    /** Why there is no other verdict. */
    static String reason(Outcome outcome) {
        return switch (outcome) {
            case Outcome.Equal() -> "";
            case Outcome.Differs _ -> "";
            case Outcome.Unsettled(long _, String reason) -> reason;
            case Outcome.Incomplete(String reason) -> reason;
        };
    }

    private static String details(Found found, TableReport report) {
        StringBuilder text = new StringBuilder();
        report.notes().forEach(note -> text.append("%s: %s%n".formatted(report.table(), note)));
        report.orphans().forEach(orphan -> text.append(orphan(found, report, orphan)));
        for (Difference difference : report.differences()) {
            text.append("%n%s %s%n".formatted(report.table(), heading(difference)));
            for (NodeName node : found.nodes()) {
                text.append("  %s: %s%n".formatted(node, version(found, difference, node)));
            }
            difference
                    .causes()
                    .forEach(cause -> text.append("  likely because %s%n".formatted(cause)));
        }
        if (report.outcome() instanceof Outcome.Differs(long rows, boolean _)
                && rows > report.differences().size()) {
            text.append(
                    "%n%s: %s of %s shown; --limit shows more%n"
                            .formatted(
                                    report.table(),
                                    Words.count(report.differences().size()),
                                    Words.count(rows, "row")));
        }
        return text.isEmpty() ? "" : "\n" + text.toString().stripLeading();
    }

    private static String orphan(Found found, TableReport report, Orphaned orphan) {
        boolean everywhere = orphan.nodes().size() == found.nodes().size();
        return "%s: %s refers to %s, which is not in %s (%s)%s%n"
                .formatted(
                        report.table(),
                        Words.cut(orphan.key(), VALUE_CHARACTERS),
                        Words.cut(orphan.reference(), VALUE_CHARACTERS),
                        orphan.parent(),
                        orphan.constraint(),
                        everywhere
                                ? ""
                                : orphan.nodes().stream()
                                        .map(NodeName::text)
                                        .collect(Collectors.joining(", ", " on ", "")));
    }

    private static String heading(Difference difference) {
        if (!difference.key().isEmpty()) {
            return difference.key().entrySet().stream()
                    .map(e -> e.getKey() + "=" + shown(e.getValue()))
                    .collect(Collectors.joining(", "));
        }
        List<String> values =
                difference.versions().values().stream()
                        .findFirst()
                        .map(Difference.Version::values)
                        .orElse(List.of());
        List<String> columns = new ArrayList<>();
        for (int i = 0; i < values.size(); i++) {
            columns.add(difference.columns().get(i) + "=" + shown(values.get(i)));
        }
        return "(no key) " + String.join(", ", columns);
    }

    /** The columns that differ, and when and where they were written. */
    private static String version(Found found, Difference difference, NodeName node) {
        Difference.Version version = difference.versions().get(node);
        if (version == null) {
            return "no row";
        }
        if (difference.key().isEmpty()) {
            return version.times() == 1 ? "once" : version.times() + " times";
        }
        List<String> values = new ArrayList<>();
        difference
                .differing()
                .forEach(i ->
                        values.add(
                                difference.columns().get(i)
                                        + "="
                                        + shown(version.values().get(i))));
        return (values.isEmpty() ? "row" : String.join(", ", values))
                + version.stamp().map(stamp -> "  (" + written(found, stamp) + ")").orElse("");
    }

    private static String written(Found found, Stamp stamp) {
        if (stamp.micros() == Stamp.UNKNOWN.micros()) {
            return "written long ago";
        }
        return "written %s%s"
                .formatted(
                        Stamp.instantOf(stamp.micros()),
                        writer(found, stamp).map(name -> " on " + name).orElse(""));
    }

    private static Optional<String> writer(Found found, Stamp stamp) {
        return Optional.ofNullable(found.names().get(stamp.node())).map(NodeName::text);
    }

    /** NULL without quotes, so that it is not taken for a text. */
    private static String shown(String value) {
        return value == null ? "NULL" : "'" + Words.cut(value, VALUE_CHARACTERS) + "'";
    }

    /** One round of many. */
    static String line(Found found, long round, Instant at, double seconds) {
        long rows = found.tables().stream().mapToLong(VerifyView::most).sum();
        List<String> said = new ArrayList<>();
        found.skipped().forEach(said::add);
        found.tables().stream()
                .filter(t -> !(t.outcome() instanceof Outcome.Equal))
                .forEach(t -> said.add(t.table() + " " + verdict(t.outcome())));
        long orphans = found.tables().stream().mapToLong(t -> t.orphans().size()).sum();
        if (orphans > 0) {
            said.add(Words.count(orphans, "orphan"));
        }
        return "%s round %d: %s, %s in %.1f s: %s%n"
                .formatted(
                        at.truncatedTo(ChronoUnit.SECONDS),
                        round,
                        Words.count(found.tables().size(), "table"),
                        Words.count(rows, "row"),
                        seconds,
                        said.isEmpty() ? "all equal" : String.join("; ", said));
    }

    /** The same for programs: what the comparison says, and which it is. */
    static Map<String, Object> round(Found found, long round, Instant at, double seconds) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("round", round);
        json.put("time", at.toString());
        json.put("seconds", seconds);
        json.putAll(json(found));
        return json;
    }

    /** For programs. */
    static Map<String, Object> json(Found found) {
        return Json.object(
                "equal", VerifyCommand.status(found) == Exit.WELL,
                "nodes", found.nodes().stream().map(NodeName::text).toList(),
                "skipped", found.skipped(),
                "tables", found.tables().stream().map(report -> json(found, report)).toList());
    }

    private static Map<String, Object> json(Found found, TableReport report) {
        Outcome outcome = report.outcome();
        Map<String, Object> rows = new LinkedHashMap<>();
        report.rows().forEach((node, count) -> rows.put(node.text(), count));
        return Json.object(
                "table", report.table().toString(),
                "schema", report.table().schema(),
                "name", report.table().name(),
                "verdict", word(outcome),
                "differing_rows", outcome instanceof Outcome.Differs d ? d.rows() : 0L,
                "more", outcome instanceof Outcome.Differs d && d.more(),
                "unsettled_rows", outcome instanceof Outcome.Unsettled u ? u.rows() : 0L,
                "reason", Json.known(reason(outcome)),
                "rows", rows,
                "notes", report.notes(),
                "orphans",
                        report.orphans().stream()
                                .map(o ->
                                        Json.object(
                                                "constraint", o.constraint(),
                                                "parent", o.parent(),
                                                "key", o.key(),
                                                "reference", o.reference(),
                                                "nodes",
                                                        o.nodes().stream()
                                                                .map(NodeName::text)
                                                                .toList()))
                                .toList(),
                "differences", report.differences().stream().map(d -> json(found, d)).toList());
    }

    private static Map<String, Object> json(Found found, Difference difference) {
        Map<String, Object> versions = new LinkedHashMap<>();
        for (NodeName node : found.nodes()) {
            Difference.Version version = difference.versions().get(node);
            versions.put(node.text(), version == null ? null : json(found, difference, version));
        }
        return Json.object(
                "key", difference.key(),
                "columns", difference.differing().stream().map(difference.columns()::get).toList(),
                "versions", versions,
                "causes", difference.causes());
    }

    private static Map<String, Object> json(
            Found found, Difference difference, Difference.Version version) {
        Map<String, Object> row = new LinkedHashMap<>();
        for (int i = 0; i < difference.columns().size(); i++) {
            row.put(difference.columns().get(i), version.values().get(i));
        }
        Optional<Stamp> known =
                version.stamp().filter(stamp -> stamp.micros() != Stamp.UNKNOWN.micros());
        return Json.object(
                "row", row,
                "times", version.times(),
                "written", known.map(stamp -> Stamp.instantOf(stamp.micros()).toString()),
                "writer", known.flatMap(stamp -> writer(found, stamp)));
    }
}
