package org.pgchorus.link;

import org.pgchorus.model.Row;
import org.pgchorus.model.Stamp;
import org.pgchorus.model.Table;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.EmptySql;
import org.pgchorus.sql.RepairSql;
import org.pgchorus.sql.RowSql;

import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * Adds rows to a table without a key, or takes some away, until there are as many equal ones as
 * there ought to be. One thread, the session's; in the transaction that is open.
 */
final class KeylessMending {
    private final Session session;
    private final RepairJournal journal;

    KeylessMending(Session session, RepairJournal journal) {
        this.session = session;
        this.journal = journal;
    }

    /** Does it if there are as many as were seen; returns whether there were. */
    boolean mend(RowSql rows, Mend.Recount recount) {
        Table table = rows.table();
        session.execute(EmptySql.lock(table));
        List<String> places = places(rows, recount.values(), Long.MAX_VALUE);
        if (places.size() != recount.seen()) {
            return false;
        }
        long missing = recount.wanted() - recount.seen();
        if (missing >= 0) {
            add(rows, recount.values(), missing);
        } else {
            delete(table, places.subList(0, Math.toIntExact(-missing)));
        }
        Mend.Version same = new Mend.Version(recount.values(), "0", Stamp.UNKNOWN);
        journal.note(
                rows,
                new RepairJournal.Entry(
                        recount.key(),
                        missing < 0 ? Optional.of(same) : Optional.empty(),
                        Optional.empty(),
                        missing < 0 ? Optional.empty() : Optional.of(recount.values()),
                        Stamp.UNKNOWN,
                        Math.abs(missing)));
        return true;
    }

    /** Where rows with these values are. */
    List<String> places(RowSql rows, List<String> values, long most) {
        return session.query(
                RepairSql.places(rows.table(), rows.columnNames()),
                row -> row.text(1),
                values,
                most);
    }

    /** Adds so many of them. */
    void add(RowSql rows, List<String> values, long times) {
        Row row = Row.ofTexts(values);
        for (long i = 0; i < times; i++) {
            session.later(rows.insert, rows.all(row));
        }
    }

    /** PostgreSQL deletes no row of a published table whose replica identity names none. */
    void delete(Table table, List<String> places) {
        Optional<String> unnamed = session.first(EmptySql.UNNAMED, row -> row.text(1), table.oid());
        if (unnamed.isPresent()) {
            session.execute(EmptySql.identity(table, "FULL"));
        }
        session.update(RepairSql.deletePlaces(table), (Object) places.toArray(new String[0]));
        if (unnamed.isPresent()) {
            session.execute(EmptySql.identity(table, unnamed.get()));
        }
    }

    /** Puts back what a repair did; returns whether what it did is still there. */
    boolean undo(RowSql rows, RepairJournal.Kept kept) {
        session.execute(EmptySql.lock(rows.table()));
        if (kept.before().isPresent()) {
            add(rows, kept.before().get(), kept.times());
            return true;
        }
        List<String> places =
                places(rows, kept.after().orElse(Collections.emptyList()), kept.times());
        if (places.size() != kept.times()) {
            return false;
        }
        delete(rows.table(), places);
        return true;
    }
}
