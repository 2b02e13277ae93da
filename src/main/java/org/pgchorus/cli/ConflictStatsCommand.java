package org.pgchorus.cli;

import org.pgchorus.daemon.Conflicts;
import org.pgchorus.daemon.Conflicts.Count;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

/** {@code pgchorus conflict stats}: how many conflicts of which kind? */
@Command(
        name = "stats",
        description = "Counts conflicts by node, table, type and resolution.",
        footer = {
            "  pgchorus conflict stats --group postgresql://postgres@db1/app",
            "  pgchorus conflict stats --json | jq 'map(.count) | add'",
        })
final class ConflictStatsCommand implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private GroupOption group;
    @Mixin private Output output;

    @Override
    public Integer call() {
        Conflicts.Answer<Count> answer = Conflicts.stats(group.address());
        output.print(() -> text(answer.found()), () -> json(answer.found()));
        ConflictView.warn(spec.commandLine().getErr(), answer.unreachable());
        return Exit.WELL;
    }

    /** The answer for people. */
    static String text(List<Count> counts) {
        if (counts.isEmpty()) {
            return "no conflicts\n";
        }
        Grid grid = new Grid("node", "table", "type", "resolution", ">count", "newest");
        for (Count count : counts) {
            grid.row(
                    count.node(),
                    count.table(),
                    count.type(),
                    count.resolution(),
                    Words.count(count.count()),
                    Moments.toTheSecond(count.newest()));
        }
        return grid.text();
    }

    private static List<Map<String, Object>> json(List<Count> counts) {
        return counts.stream()
                .map(count ->
                        Json.object(
                                "node", count.node(),
                                "table", count.table(),
                                "type", count.type(),
                                "resolution", count.resolution(),
                                "count", count.count(),
                                "newest", Moments.iso(count.newest())))
                .toList();
    }
}
