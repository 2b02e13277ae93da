package org.pgchorus.member;

import org.pgchorus.model.Lsn;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.CopySql;
import org.pgchorus.sql.MemberSql;
import org.pgchorus.sql.ResyncSql;
import org.pgchorus.sql.Sql;

/** Makes anew what a link or a node begins with. No state; the session's thread rule holds. */
public final class Renewing {
    private Renewing() {}

    /** Replaces a slot, or makes it; returns where it begins. */
    public static Lsn newSlot(Session source, String slot) {
        Installer.dropSlot(source, slot);
        return Lsn.parse(source.value(MemberSql.CREATE_SLOT, slot));
    }

    /** Raises a node's sequences to at least where another's stand. */
    public static void raiseSequences(Session from, Session to) {
        record Sequence(TableName name, long value) {}
        from.query(
                        CopySql.SEQUENCES,
                        row -> new Sequence(new TableName(row.text(1), row.text(2)), row.number(3)))
                .forEach(s ->
                        to.query(ResyncSql.RAISE_SEQUENCE, row -> 0, Sql.name(s.name), s.value));
    }
}
