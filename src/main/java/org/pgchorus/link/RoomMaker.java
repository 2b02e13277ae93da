package org.pgchorus.link;

import org.pgchorus.conflict.Standing;
import org.pgchorus.model.Lsn;
import org.pgchorus.model.Row;
import org.pgchorus.model.Stamp;
import org.pgchorus.model.Table;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.LinkSql;
import org.pgchorus.sql.MemberSql;
import org.pgchorus.sql.ObjectNames;
import org.pgchorus.sql.RowSql;
import org.pgchorus.sql.UniqueSql;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Displaces what stands in the way of a row that is about to be written with a stamp of now, as
 * every other node will do when it hears of that row. The displacing does not travel.
 *
 * <p>If the row is not written after all, what was displaced comes back by itself. No state.
 */
public final class RoomMaker {
    private RoomMaker() {}

    /**
     * Does it, in a transaction of its own.
     *
     * @param session used for nothing else: it becomes one that applies
     * @param here the id of the node it is connected to
     * @param row the values of all columns that are not generated, in the table's order
     */
    public static void makeRoom(
            Session session, String groupId, int here, Table table, List<String> row) {
        String origin = ObjectNames.undoOrigin(groupId, here);
        session.query(MemberSql.CREATE_ORIGIN, answer -> 0, origin);
        session.execute(LinkSql.APPLYING);
        session.value(LinkSql.SETUP_ORIGIN, origin);
        RowReader reader = new RowReader(session, new Writers(session, groupId, here));
        Displacer displacer = new Displacer(session, reader, new History(session));
        RowSql rows = RowSql.of(table);
        Optional<UniqueSql> unique = reader.unique(rows);
        if (unique.isEmpty()) {
            return;
        }
        session.inTransaction(() -> {
            Stamp now = new Stamp(Long.parseLong(session.value(MemberSql.NOW)), here);
            displacer.begin(new History.Cause(now, 0, Lsn.ZERO), null);
            Row after = Row.ofTexts(new ArrayList<>(row));
            List<String> key = rows.key(after);
            Standing standing = reader.lockLive(rows, key, now);
            return displacer.makeRoom(
                    unique.get(), rows, key, standing, after, now, Optional.empty());
        });
    }
}
