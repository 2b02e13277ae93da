package org.pgchorus.cli;

import org.pgchorus.daemon.Orphans.Chosen;
import org.pgchorus.daemon.Orphans.Found;
import org.pgchorus.daemon.Orphans.Healed;
import org.pgchorus.daemon.Orphans.Orphan;

import java.util.List;
import java.util.Map;

/** Orphans as people and programs read them. Pure. */
final class OrphanView {
    private static final int VALUE_CHARACTERS = 30;

    private OrphanView() {}

    /** The list for people. */
    static String list(Found found) {
        if (found.orphans().isEmpty()) {
            return found.asked().isEmpty() ? "" : "no orphans\n";
        }
        Grid grid = new Grid("table", "key", "refers to", "constraint", "policy", "on", "state");
        for (Orphan orphan : found.orphans()) {
            grid.row(
                    orphan.table(),
                    values(orphan.key()),
                    orphan.parent() + " " + values(orphan.reference()),
                    orphan.constraint(),
                    orphan.policy(),
                    orphan.nodes().size() == found.asked().size() && found.asked().size() > 1
                            ? "all"
                            : String.join(",", orphan.nodes()),
                    state(orphan));
        }
        return grid.text() + (found.asked().size() > 1 ? agreement(found) : "") + cut(found);
    }

    private static String state(Orphan orphan) {
        return orphan.displaced() && orphan.state().isEmpty()
                ? "the parent is displaced"
                : orphan.state();
    }

    private static String agreement(Found found) {
        return found.agree()
                ? "the nodes agree\n"
                : "the nodes do not agree: changes are on their way (pgchorus status), or the nodes"
                        + " differ\n";
    }

    private static String cut(Found found) {
        return found.cut() ? "there are more; the list was cut\n" : "";
    }

    /** {@code id=1, region='north'}, short. */
    private static String values(String json) {
        return Words.cut(
                String.join(
                        ", ",
                        JsonRow.values(json).entrySet().stream()
                                .map(entry -> entry.getKey() + "=" + entry.getValue())
                                .toList()),
                VALUE_CHARACTERS);
    }

    /** The list for programs. */
    static Map<String, Object> json(Found found) {
        return Json.object(
                "orphans", found.orphans().stream().map(OrphanView::json).toList(),
                "nodes", found.asked(),
                "agree", found.agree(),
                "cut", found.cut(),
                "unreachable", found.unreachable());
    }

    private static Map<String, Object> json(Orphan orphan) {
        return Json.object(
                "constraint", orphan.constraint(),
                "table", orphan.table(),
                "parent", orphan.parent(),
                "key", new Json.Raw(orphan.key()),
                "reference", new Json.Raw(orphan.reference()),
                "policy", orphan.policy(),
                "nodes", orphan.nodes(),
                "parent_displaced", orphan.displaced(),
                "state", Json.known(orphan.state()));
    }

    /** What was healed, for people. */
    static String healed(List<Healed> healed) {
        if (healed.isEmpty()) {
            return "nothing was healed\n";
        }
        Grid grid = new Grid("time", "node", "table", "key", "constraint", "action", "row");
        for (Healed one : healed) {
            grid.row(
                    Moments.toTheSecond(one.time()),
                    one.node(),
                    one.table(),
                    values(one.key()),
                    one.constraint(),
                    one.action(),
                    values(one.row()));
        }
        return grid.text();
    }

    /** One healed orphan for programs. */
    static Map<String, Object> json(Healed healed) {
        return Json.object(
                "time", Moments.iso(healed.time()),
                "node", healed.node(),
                "constraint", healed.constraint(),
                "table", healed.table(),
                "action", healed.action(),
                "key", new Json.Raw(healed.key()),
                "row", new Json.Raw(healed.row()));
    }

    /** Foreign keys and what was chosen, for people. */
    static String policies(List<Chosen> keys) {
        if (keys.isEmpty()) {
            return "no foreign keys between tables that take part\n";
        }
        Grid grid = new Grid("constraint", "table", "refers to", "policy");
        for (Chosen key : keys) {
            grid.row(key.constraint(), key.table(), key.parent(), key.policy());
        }
        return grid.text();
    }

    /** One foreign key for programs. */
    static Map<String, Object> json(Chosen key) {
        return Json.object(
                "constraint", key.constraint(),
                "table", key.table(),
                "parent", key.parent(),
                "policy", key.policy());
    }
}
