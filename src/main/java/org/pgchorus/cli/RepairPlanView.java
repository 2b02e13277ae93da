package org.pgchorus.cli;

import org.pgchorus.daemon.Repair;
import org.pgchorus.daemon.Repair.Planned;
import org.pgchorus.daemon.Verification;
import org.pgchorus.model.NodeName;
import org.pgchorus.model.Stamp;
import org.pgchorus.model.TableName;
import org.pgchorus.verify.Divergence.Live;
import org.pgchorus.verify.Outcome;
import org.pgchorus.verify.Remedy;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/** Collects what a repair would do, and shows it. One thread. */
final class RepairPlanView implements Repair.Plans {
    private final int limit;
    private final boolean sql;
    private final Map<TableName, Long> counts = new LinkedHashMap<>();
    private final List<Step> steps = new ArrayList<>();
    private final Map<NodeName, StringBuilder> scripts = new LinkedHashMap<>();

    /** One row's remedy, with the names of its columns. */
    private record Step(TableName table, List<String> key, List<String> columns, Remedy remedy) {}

    /**
     * @param limit how many rows of a table are shown
     * @param sql whether it is shown as statements, which are never cut
     */
    RepairPlanView(int limit, boolean sql) {
        this.limit = limit;
        this.sql = sql;
    }

    @Override
    public void planned(Planned some) {
        for (Remedy remedy : some.remedies()) {
            long before = counts.merge(some.table(), 1L, Long::sum) - 1;
            if (before < limit && !sql) {
                steps.add(new Step(some.table(), some.keyColumns(), some.columns(), remedy));
            }
        }
        if (sql) {
            some.script()
                    .forEach(one ->
                            scripts.computeIfAbsent(
                                            one.node(),
                                            node ->
                                                    new StringBuilder(
                                                            "%n-- on %s%n%s"
                                                                    .formatted(node, one.head())))
                                    .append(one.statements()));
        }
    }

    private long total() {
        return counts.values().stream().mapToLong(Long::longValue).sum();
    }

    /** For people. */
    String text(Verification.Found found) {
        return sql ? script(found) : rows(found);
    }

    private String script(Verification.Found found) {
        StringBuilder text = new StringBuilder();
        text.append("-- %s to repair; nothing was changed%n".formatted(count()));
        text.append(
                "-- Run each part on its node. What repair itself does beside this: it keeps"
                        + " the\n");
        text.append("-- rows as they were, and leaves tombstones for those that go.\n");
        scripts.values().forEach(text::append);
        unsaid(found).forEach(line -> text.append("-- ").append(line).append('\n'));
        return text.toString();
    }

    private String rows(Verification.Found found) {
        StringBuilder text = new StringBuilder();
        for (Step step : steps) {
            text.append(
                    "%s %s%n"
                            .formatted(
                                    step.table, RepairView.key(step.key, step.remedy.row().key())));
            text.append("  %s%n".formatted(sentence(found, step)));
        }
        counts.forEach((table, count) -> {
            if (count > limit) {
                text.append(
                        "%s: %s of %s shown; --limit shows more%n"
                                .formatted(table, Words.count(limit), Words.count(count, "row")));
            }
        });
        unsaid(found).forEach(line -> text.append(line).append('\n'));
        return text.append("%s to repair; nothing was changed%n".formatted(count())).toString();
    }

    private String count() {
        return Words.count(total(), "row");
    }

    /** Tables of which no row is told. */
    private List<String> unsaid(Verification.Found found) {
        List<String> lines = new ArrayList<>();
        found.tables().stream()
                .filter(t -> !(t.outcome() instanceof Outcome.Equal))
                .forEach(t -> {
                    if (!counts.containsKey(t.table())) {
                        String line =
                                "%s: %s %s"
                                        .formatted(
                                                t.table(),
                                                VerifyView.verdict(t.outcome()),
                                                VerifyView.reason(t.outcome()));
                        lines.add(line.stripTrailing());
                    }
                    t.notes().forEach(note -> lines.add("%s: %s".formatted(t.table(), note)));
                });
        return lines;
    }

    private static String sentence(Verification.Found found, Step step) {
        return switch (step.remedy) {
            case Remedy.Write write ->
                    "%s: %s, as %s has it (%s)"
                            .formatted(
                                    names(write.at()),
                                    changes(step, write),
                                    write.from(),
                                    written(found, write.right().stamp()));
            case Remedy.Delete delete ->
                    "%s: deleted (%s)"
                            .formatted(names(delete.at()), written(found, delete.erased()));
            case Remedy.Count count ->
                    "%s: %s"
                            .formatted(
                                    names(count.at()),
                                    count.wanted() == 1 ? "once" : count.wanted() + " times");
            case Remedy.Leave leave -> "left: " + leave.reason();
        };
    }

    private static String names(List<NodeName> nodes) {
        return nodes.stream().map(NodeName::text).collect(Collectors.joining(", "));
    }

    /** The values that are not the same everywhere; where the row is nowhere else, all of them. */
    private static String changes(Step step, Remedy.Write write) {
        List<Live> there =
                write.at().stream()
                        .flatMap(node -> write.row().held().get(node).live().stream())
                        .toList();
        List<String> values = new ArrayList<>();
        for (int i = 0; i < step.columns.size(); i++) {
            int place = i;
            String value = write.right().values().get(i);
            if (there.isEmpty()
                    || there.stream()
                            .anyMatch(l -> !Objects.equals(l.values().get(place), value))) {
                values.add(step.columns.get(i) + "=" + RepairView.value(value));
            }
        }
        return String.join(", ", values);
    }

    private static String written(Verification.Found found, Stamp stamp) {
        if (stamp.micros() == Stamp.UNKNOWN.micros()) {
            return "written long ago";
        }
        return "of %s%s"
                .formatted(
                        Stamp.instantOf(stamp.micros()),
                        Optional.ofNullable(found.names().get(stamp.node()))
                                .map(name -> " on " + name)
                                .orElse(""));
    }

    /** For programs. */
    Map<String, Object> json(Verification.Found found) {
        Map<String, Object> statements = new HashMap<>();
        scripts.forEach((node, script) -> statements.put(node.text(), script.toString()));
        return Json.object(
                "dry_run", true,
                "rows", total(),
                "steps", steps.stream().map(step -> json(found, step)).toList(),
                "sql", statements,
                "found", VerifyView.json(found));
    }

    private static Map<String, Object> json(Verification.Found found, Step step) {
        Remedy remedy = step.remedy;
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("table", step.table.toString());
        json.put("key", RepairView.named(step.key, remedy.row().key()));
        switch (remedy) {
            case Remedy.Write write -> {
                json.put("action", "write");
                json.put("at", write.at().stream().map(NodeName::text).toList());
                json.put("from", write.from().text());
                Map<String, Object> row = new LinkedHashMap<>();
                for (int i = 0; i < step.columns.size(); i++) {
                    row.put(step.columns.get(i), write.right().values().get(i));
                }
                json.put("row", row);
                json.put("stamp", written(found, write.right().stamp()));
            }
            case Remedy.Delete delete -> {
                json.put("action", "delete");
                json.put("at", delete.at().stream().map(NodeName::text).toList());
                json.put("stamp", written(found, delete.erased()));
            }
            case Remedy.Count count -> {
                json.put("action", "count");
                json.put("at", count.at().stream().map(NodeName::text).toList());
                json.put("times", count.wanted());
            }
            case Remedy.Leave leave -> {
                json.put("action", "leave");
                json.put("reason", leave.reason());
            }
        }
        return json;
    }
}
