package org.pgchorus.cli;

import org.pgchorus.daemon.Conflicts;
import org.pgchorus.daemon.Conflicts.Conflict;

import java.io.PrintWriter;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Conflicts as people and programs read them. Pure but for {@link #warn}. */
final class ConflictView {
    private static final int KEY_CHARACTERS = 30;

    /** Both versions and the column's name stay within a usual terminal. */
    private static final int VALUE_CHARACTERS = 36;

    private ConflictView() {}

    /** The list for people. */
    static String list(List<Conflict> conflicts) {
        if (conflicts.isEmpty()) {
            return "no conflicts\n";
        }
        Grid grid = new Grid("id", "time", "table", "key", "type", "resolution");
        for (Conflict conflict : conflicts) {
            grid.row(
                    conflict.id(),
                    Moments.toTheSecond(conflict.time()),
                    conflict.table(),
                    Words.cut(key(conflict.key()), KEY_CHARACTERS),
                    conflict.type(),
                    conflict.resolution());
        }
        return grid.text();
    }

    /** One for people, both versions side by side. */
    static String show(Conflict conflict) {
        Facts facts =
                new Facts("conflict " + conflict.id())
                        .fact("table", conflict.table())
                        .fact("key", key(conflict.key()))
                        .fact("type", conflict.type())
                        .fact(
                                "resolution",
                                conflict.resolution() + " (policy " + conflict.policy() + ")")
                        .fact("decided", Moments.iso(conflict.time()) + " on " + conflict.node())
                        .fact(
                                "local written",
                                conflict.localStamp().map(ConflictView::stamp).orElse(""))
                        .fact("remote written", stamp(conflict.remoteStamp()))
                        .fact("remote xid", conflict.remoteXid())
                        .fact("remote LSN", conflict.remoteLsn());
        return facts.text() + "\n" + versions(conflict.local(), conflict.remote());
    }

    /** Two versions side by side, by column, as JSON objects; empty if there is none. */
    static String versions(Optional<String> localJson, Optional<String> remoteJson) {
        Map<String, String> local = localJson.map(JsonRow::values).orElse(Map.of());
        Map<String, String> remote = remoteJson.map(JsonRow::values).orElse(Map.of());
        if (local.isEmpty() && remote.isEmpty()) {
            return "  no row on either side\n";
        }
        Set<String> columns = new LinkedHashSet<>(local.keySet());
        columns.addAll(remote.keySet());
        Grid grid =
                new Grid(
                        " ",
                        "column",
                        local.isEmpty() ? "local (no row)" : "local",
                        remote.isEmpty() ? "remote (no row)" : "remote");
        for (String column : columns) {
            String here = local.getOrDefault(column, "");
            String there = remote.getOrDefault(column, "");
            boolean differs = !local.isEmpty() && !remote.isEmpty() && !here.equals(there);
            grid.row(
                    differs ? "*" : " ",
                    column,
                    Words.cut(here, VALUE_CHARACTERS),
                    Words.cut(there, VALUE_CHARACTERS));
        }
        return grid.text();
    }

    private static String stamp(Conflicts.Version version) {
        return version.time().map(Moments::iso).orElse("at an unknown time")
                + " on "
                + version.node();
    }

    /** {@code id=1, region='north'} of {@code {"id": 1, "region": "north"}}. */
    static String key(String json) {
        return String.join(
                ", ",
                JsonRow.values(json).entrySet().stream()
                        .map(entry -> entry.getKey() + "=" + entry.getValue())
                        .toList());
    }

    /** One for programs. */
    static Map<String, Object> json(Conflict conflict) {
        return Json.object(
                "id", conflict.id(),
                "time", Moments.iso(conflict.time()),
                "node", conflict.node(),
                "table", conflict.table(),
                "key", new Json.Raw(conflict.key()),
                "type", conflict.type(),
                "resolution", conflict.resolution(),
                "policy", conflict.policy(),
                "local", conflict.local().map(Json.Raw::new),
                "remote", conflict.remote().map(Json.Raw::new),
                "local_stamp", conflict.localStamp().map(ConflictView::stampJson),
                "remote_stamp", Optional.of(conflict.remoteStamp()).map(ConflictView::stampJson),
                "remote_xid", Json.known(conflict.remoteXid()),
                "remote_lsn", Json.known(conflict.remoteLsn()));
    }

    private static Map<String, Object> stampJson(Conflicts.Version version) {
        return Json.object("time", version.time().map(Moments::iso), "node", version.node());
    }

    /** Says which nodes' history is missing from an answer. */
    static void warn(PrintWriter err, List<String> unreachable) {
        unreachable.forEach(
                why -> Failures.warn(err, "one node's history is not in this answer: " + why));
    }
}
