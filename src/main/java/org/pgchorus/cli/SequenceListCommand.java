package org.pgchorus.cli;

import org.pgchorus.daemon.Sequences;
import org.pgchorus.daemon.Sequences.Sequence;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

/** {@code pgchorus sequence list}: who counts how? */
@Command(
        name = "list",
        description = {
            "Lists the sequences of columns that take part, and those spread by name.",
            "spread: every node has numbers of its own. may collide: two nodes may give out the"
                    + " same number; see pgchorus sequence spread. Left: for each node."
        },
        footer = {
            "  pgchorus sequence list --group postgresql://postgres@db1/app",
            "  pgchorus sequence list --json | jq '.[] | select(.state != \"spread\")'",
        })
final class SequenceListCommand implements Callable<Integer> {
    @Mixin private GroupOption group;
    @Mixin private Output output;

    @Override
    public Integer call() {
        List<Sequence> all = Sequences.list(group.address());
        output.print(() -> text(all), () -> json(all));
        return Exit.WELL;
    }

    /** The answer for people. */
    static String text(List<Sequence> all) {
        if (all.isEmpty()) {
            return "no column that takes part is numbered by a sequence\n";
        }
        Grid grid = new Grid("sequence", "numbers", "state", ">highest", ">left");
        for (Sequence one : all) {
            grid.row(
                    one.name().toString(),
                    String.join(", ", one.columns()),
                    one.state().toString(),
                    Words.count(one.highest()),
                    Words.count(one.left()));
        }
        StringBuilder text = new StringBuilder(grid.text());
        all.stream()
                .filter(one -> !one.warning().isEmpty())
                .forEach(one -> text.append("\n%s: %s\n".formatted(one.name(), one.warning())));
        return text.toString();
    }

    /** The answer for programs. */
    static List<Map<String, Object>> json(List<Sequence> all) {
        return all.stream()
                .map(one ->
                        Json.object(
                                "sequence", one.name().toString(),
                                "columns", one.columns(),
                                "state", one.state().toString().replace(' ', '_'),
                                "increment", one.increment(),
                                "highest", one.highest(),
                                "most", one.most(),
                                "left", one.left(),
                                "warning", Json.known(one.warning())))
                .toList();
    }
}
