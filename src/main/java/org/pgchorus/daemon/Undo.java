package org.pgchorus.daemon;

import org.pgchorus.config.Address;
import org.pgchorus.conflict.Policy;
import org.pgchorus.daemon.Conflicts.Conflict;
import org.pgchorus.daemon.Conflicts.Version;
import org.pgchorus.link.RoomMaker;
import org.pgchorus.member.Member;
import org.pgchorus.model.NodeName;
import org.pgchorus.model.Table;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.UndoSql;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Makes the loser of a conflict the current version: an ordinary write on the node that decided,
 * with a stamp of now, which replicates like any other. No state.
 */
public final class Undo {
    /** Times to make room again after what was displaced came back first. */
    private static final int ATTEMPTS = 5;

    private Undo() {}

    /**
     * What stands now.
     *
     * @param row the version, a JSON object; empty if the loser was a delete
     * @param version when and where it was first written
     */
    public record Undone(Conflict conflict, Optional<String> row, Version version) {}

    /** Undoes one conflict by its id; all or nothing. */
    public static Undone conflict(Address any, String id) {
        Conflict conflict = Conflicts.show(any, id);
        boolean remoteWon = conflict.resolution().equals("apply_remote");
        if (remoteWon && conflict.localStamp().isEmpty()) {
            throw PgError.refused(
                    "conflict %s has no loser: nothing stood there, so nothing was lost"
                            .formatted(id));
        }
        Undone undone =
                remoteWon
                        ? new Undone(
                                conflict, conflict.local(), conflict.localStamp().orElseThrow())
                        : new Undone(conflict, conflict.remote(), conflict.remoteStamp());
        try (GroupSessions group = GroupSessions.open(any)) {
            Member node = group.member(new NodeName(conflict.node()));
            write(group, node, undone);
        }
        return undone;
    }

    /**
     * What clashes with the row on a unique or exclusion constraint is displaced first. It would
     * come back at once if the row did not follow, so another attempt may be needed.
     */
    private static void write(GroupSessions group, Member node, Undone undone) {
        Session session = group.session(node);
        for (int attempt = 1; ; attempt++) {
            try {
                session.inTransaction(() -> write(session, undone));
                return;
            } catch (PgError e) {
                boolean clashes = e.sqlState().equals("23505") || e.sqlState().equals("23P01");
                if (!clashes || attempt == ATTEMPTS) {
                    throw e;
                }
            }
            makeRoom(group, node, undone);
        }
    }

    private static void makeRoom(GroupSessions group, Member node, Undone undone) {
        try (Session session = Session.open(node.address(), "pgchorus")) {
            Table table = table(session, undone.conflict);
            List<String> columns =
                    table.columns().stream()
                            .filter(c -> !c.generated())
                            .map(Table.Column::name)
                            .toList();
            List<String> row =
                    session.first(
                                    UndoSql.values(table, columns),
                                    answer -> {
                                        List<String> values = new ArrayList<>();
                                        for (int i = 1; i <= columns.size(); i++) {
                                            values.add(answer.text(i));
                                        }
                                        return values;
                                    },
                                    undone.row.orElseThrow())
                            .orElseThrow();
            RoomMaker.makeRoom(session, group.groupId(), node.id(), table, row);
        }
    }

    private static Table table(Session session, Conflict conflict) {
        TableName name =
                session.first(
                                UndoSql.TABLE,
                                r -> new TableName(r.text(1), r.text(2)),
                                conflict.id())
                        .orElseThrow();
        return Catalog.describe(session, name)
                .orElseThrow(() ->
                        PgError.refused(
                                "table %s no longer exists on node %s"
                                        .formatted(name, conflict.node())))
                .table();
    }

    private static int write(Session session, Undone undone) {
        Conflict conflict = undone.conflict;
        Table table = table(session, conflict);
        if (undone.row.isEmpty()) {
            requireKey(table, conflict);
            return session.update(UndoSql.delete(table), conflict.key());
        }
        String row = undone.row.get();
        Set<String> here = new HashSet<>(session.query(UndoSql.COLUMNS, r -> r.text(1), row));
        List<String> writable =
                table.columns().stream()
                        .filter(c -> !c.generated())
                        .map(Table.Column::name)
                        .toList();
        // What was added to them was added whoever won.
        Set<String> counted =
                Catalog.policies(session).getOrDefault(table.name(), Policy.DEFAULT).deltaColumns();
        if (here.containsAll(writable)) {
            return session.update(UndoSql.write(table, writable, counted), row);
        }
        requireKey(table, conflict);
        List<String> known = writable.stream().filter(here::contains).toList();
        int rows = session.update(UndoSql.overwrite(table, known, counted), row);
        if (rows == 0) {
            throw PgError.refused(
                    ("conflict %s cannot be undone: the row is gone, and the version that lost came"
                                    + " without its large values, or the table has columns since"
                                    + " that it lacks")
                            .formatted(conflict.id()));
        }
        return rows;
    }

    private static void requireKey(Table table, Conflict conflict) {
        if (!table.hasKey()) {
            throw PgError.refused(
                    ("conflict %s cannot be undone: table %s has no key, so its rows can only be"
                                    + " inserted, as a whole")
                            .formatted(conflict.id(), table.name()));
        }
    }
}
