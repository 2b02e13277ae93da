package org.pgchorus.link;

import org.pgchorus.model.Stamp;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.RepairSql;
import org.pgchorus.sql.RowSql;
import org.pgchorus.sql.Sql;

import java.util.List;
import java.util.Optional;

/**
 * What one repair changes on one node, row by row, so that it can be undone.
 *
 * <p>One thread, the session's.
 */
public final class RepairJournal {
    /** As conflicts are kept. */
    private static final long KEEP_DAYS = 30;

    private final Session session;
    private final String repair;

    /** Makes the table if it is not there; forgets what is old. */
    RepairJournal(Session session, String repair) {
        this.session = session;
        this.repair = repair;
        if (session.value(RepairSql.HAS_JOURNAL) == null) {
            session.execute(Sql.script("repair.sql"));
        }
        session.update(RepairSql.PURGE, KEEP_DAYS);
    }

    /**
     * One row that is changed.
     *
     * @param grave the tombstone that was taken away
     * @param after its values from now on; empty if it goes
     * @param times how many equal rows
     */
    record Entry(
            List<String> key,
            Optional<Mend.Version> before,
            Optional<Stamp> grave,
            Optional<List<String>> after,
            Stamp stamp,
            long times) {
        /** A row that goes. */
        static Entry ofRemoved(List<String> key, Mend.Version before, Stamp erased) {
            return new Entry(
                    key, Optional.of(before), Optional.empty(), Optional.empty(), erased, 1);
        }
    }

    /** Writes it down, in the transaction that is open. */
    void note(RowSql rows, Entry entry) {
        TableName table = rows.table().name();
        session.later(
                RepairSql.NOTE,
                repair,
                table.schema(),
                table.name(),
                array(entry.key),
                array(rows.columnNames()),
                entry.before.map(v -> array(v.values())).orElse(null),
                entry.before.map(v -> v.stamp().micros()).orElse(null),
                entry.before.map(v -> v.stamp().node()).orElse(null),
                entry.grave.map(Stamp::micros).orElse(null),
                entry.grave.map(Stamp::node).orElse(null),
                entry.after.map(RepairJournal::array).orElse(null),
                entry.stamp.micros(),
                entry.stamp.node(),
                entry.times);
    }

    /** As a parameter that is one array. */
    private static Object array(List<String> texts) {
        return texts.toArray(new String[0]);
    }

    /**
     * One row that was changed.
     *
     * @param before its values; empty if it was not there
     * @param stamp when they were first written
     * @param after what was made of them; empty if the row went
     * @param xid the transaction that did it
     */
    public record Kept(
            long seq,
            TableName table,
            List<String> key,
            List<String> columns,
            Optional<List<String>> before,
            Stamp stamp,
            Optional<Stamp> grave,
            Optional<List<String>> after,
            long times,
            String xid) {}

    /**
     * What an undo has come to.
     *
     * @param rows that are as they were before the repair
     * @param left those that were changed since, or could not be put back
     */
    public record Undone(long rows, List<LeftRow> left) {}

    /** A row that an undo leaves as it is. */
    public record LeftRow(TableName table, List<String> key, String reason) {}

    /** What was not undone yet, the last first. */
    List<Kept> kept() {
        return session.query(RepairSql.OF_REPAIR, RepairJournal::read, repair);
    }

    private static Kept read(Session.Answer row) {
        return new Kept(
                row.number(1),
                new TableName(row.text(2), row.text(3)),
                row.texts(4),
                row.texts(5),
                row.maybe(6).map(_ -> row.texts(6)),
                new Stamp(
                        row.number(7, Stamp.UNKNOWN.micros()),
                        (int) row.number(8, Stamp.UNKNOWN.node())),
                row.maybe(9).map(micros -> new Stamp(Long.parseLong(micros), (int) row.number(10))),
                row.maybe(11).map(_ -> row.texts(11)),
                row.number(12),
                row.text(13));
    }

    /** It was undone, in the transaction that is open. */
    void setUndone(Kept kept) {
        session.later(RepairSql.SET_UNDONE, kept.seq());
    }
}
