package org.pgchorus.cli;

import org.pgchorus.daemon.HeldChanges;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Held tables and held transactions as people and programs read them. Pure. */
final class HeldView {
    private static final int ROW_CHARACTERS = 60;
    private static final int KEY_CHARACTERS = 30;

    private HeldView() {}

    /** Held tables for people. */
    static String tables(List<HeldChanges.HeldTable> tables) {
        Grid grid = new Grid("held table", ">changes", "sqlstate", "first row", "since");
        for (HeldChanges.HeldTable held : tables) {
            grid.row(
                    held.table(),
                    Words.count(held.changes()),
                    held.sqlState(),
                    Words.cut(held.key().map(HeldView::row).orElse(""), KEY_CHARACTERS),
                    Moments.toTheSecond(held.since()));
        }
        return grid.text();
    }

    /** Why each is held, and what helps. */
    static String reasons(List<HeldChanges.HeldTable> tables) {
        StringBuilder text = new StringBuilder();
        for (HeldChanges.HeldTable held : tables) {
            text.append(held.table()).append(": ").append(held.message());
            text.append("\n  cure: ").append(held.cure()).append('\n');
        }
        return text.toString();
    }

    /** A held transaction for people, change by change. */
    static String transaction(HeldChanges.Transaction transaction) {
        Grid grid = new Grid(">change", "table", "operation", "before", "after");
        for (HeldChanges.Change change : transaction.changes()) {
            grid.row(
                    Long.toString(change.number()),
                    change.table(),
                    change.operation(),
                    Words.cut(change.before().map(HeldView::row).orElse(""), ROW_CHARACTERS),
                    Words.cut(change.after().map(HeldView::row).orElse(""), ROW_CHARACTERS));
        }
        return "transaction %d, committed %s at %s, %s held:%n%s"
                .formatted(
                        transaction.xid(),
                        Moments.iso(transaction.commitTime()),
                        transaction.commitLsn(),
                        Words.count(transaction.total(), "change"),
                        grid.text());
    }

    /** {@code id=1, v=x} of {@code {"id": "1", "v": "x"}}. */
    private static String row(String json) {
        return String.join(
                ", ",
                JsonRow.values(json).entrySet().stream()
                        .map(entry -> entry.getKey() + "=" + entry.getValue())
                        .toList());
    }

    /** Held tables for programs. */
    static List<Object> json(List<HeldChanges.HeldTable> tables) {
        return tables.stream()
                .<Object>map(held ->
                        Json.object(
                                "table", held.table(),
                                "changes", held.changes(),
                                "sqlstate", held.sqlState(),
                                "message", held.message(),
                                "key", held.key().map(Json.Raw::new),
                                "since", Moments.iso(held.since()),
                                "cure", held.cure()))
                .toList();
    }

    /** A held transaction for programs. */
    static Map<String, Object> json(HeldChanges.Transaction transaction) {
        return Json.object(
                "xid", transaction.xid(),
                "commit_lsn", transaction.commitLsn(),
                "commit_time", Moments.iso(transaction.commitTime()),
                "held_changes", transaction.total(),
                "changes", transaction.changes().stream().<Object>map(HeldView::json).toList());
    }

    private static Map<String, Object> json(HeldChanges.Change change) {
        Optional<Json.Raw> before = change.before().map(Json.Raw::new);
        return Json.object(
                "change", change.number(),
                "table", change.table(),
                "operation", change.operation(),
                "before", before,
                "after", change.after().map(Json.Raw::new));
    }
}
