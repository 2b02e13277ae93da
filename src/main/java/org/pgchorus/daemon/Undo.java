package org.pgchorus.daemon;

import org.pgchorus.config.Address;
import org.pgchorus.daemon.Conflicts.Conflict;
import org.pgchorus.daemon.Conflicts.Version;
import org.pgchorus.model.NodeName;
import org.pgchorus.model.Table;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.UndoSql;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Makes the loser of a conflict the current version: an ordinary write on the node that decided,
 * with a stamp of now, which replicates like any other. No state.
 */
public final class Undo {
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
            Session session = group.session(group.member(new NodeName(conflict.node())));
            session.inTransaction(() -> write(session, undone));
        }
        return undone;
    }

    private static int write(Session session, Undone undone) {
        Conflict conflict = undone.conflict;
        TableName name =
                session.first(
                                UndoSql.TABLE,
                                r -> new TableName(r.text(1), r.text(2)),
                                conflict.id())
                        .orElseThrow();
        Table table =
                Catalog.describe(session, name)
                        .orElseThrow(() ->
                                PgError.refused(
                                        "table %s no longer exists on node %s"
                                                .formatted(name, conflict.node())))
                        .table();
        if (undone.row.isEmpty()) {
            return session.update(UndoSql.delete(table), conflict.key());
        }
        String row = undone.row.get();
        Set<String> here = new HashSet<>(session.query(UndoSql.COLUMNS, r -> r.text(1), row));
        List<String> writable =
                table.columns().stream()
                        .filter(c -> !c.generated())
                        .map(Table.Column::name)
                        .toList();
        if (here.containsAll(writable)) {
            return session.update(UndoSql.write(table, writable), row);
        }
        List<String> known = writable.stream().filter(here::contains).toList();
        int rows = session.update(UndoSql.overwrite(table, known), row);
        if (rows == 0) {
            throw PgError.refused(
                    ("conflict %s cannot be undone: the row is gone, and the version that lost came"
                                    + " without its large values, or the table has columns since"
                                    + " that it lacks")
                            .formatted(conflict.id()));
        }
        return rows;
    }
}
