package org.pgchorus.link;

import org.pgchorus.conflict.Standing;
import org.pgchorus.link.RepairJournal.Kept;
import org.pgchorus.link.RepairJournal.LeftRow;
import org.pgchorus.link.RepairJournal.Undone;
import org.pgchorus.model.Row;
import org.pgchorus.model.Table;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.RepairSql;
import org.pgchorus.sql.RowSql;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Puts rows back as they were before a repair, with the stamps they had, where they still are what
 * the repair made of them. Row by row; what is put back does not travel either.
 *
 * <p>One thread, the session's.
 */
final class RepairUndo {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);

    private static final long PAUSE_MILLIS = 50;

    private final OwnSession own;
    private final Session session;
    private final RepairJournal journal;

    RepairUndo(OwnSession own, RepairJournal journal) {
        this.own = own;
        this.session = own.session();
        this.journal = journal;
    }

    Undone undo(List<Kept> entries) {
        long done = 0;
        List<LeftRow> left = new ArrayList<>();
        for (Kept kept : entries) {
            Optional<String> why = undo(kept);
            if (why.isEmpty()) {
                done++;
            } else {
                left.add(new LeftRow(kept.table(), kept.key(), why.get()));
            }
        }
        return new Undone(done, List.copyOf(left));
    }

    private Optional<String> undo(Kept kept) {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (true) {
            try {
                return session.inTransaction(() -> attempt(kept))
                        ? Optional.empty()
                        : Optional.of("it was changed since the repair");
            } catch (PgError.Refused e) {
                return Optional.of(e.getMessage());
            } catch (PgError e) {
                if (!OwnSession.passes(e)) {
                    throw e;
                }
                if (System.nanoTime() > deadline) {
                    return Optional.of(e.getMessage());
                }
                CommitWait.pause(PAUSE_MILLIS);
            }
        }
    }

    private boolean attempt(Kept kept) {
        Table table =
                Catalog.describe(session, kept.table())
                        .orElseThrow(
                                () -> PgError.refused("table %s is gone".formatted(kept.table())))
                        .table();
        RowSql rows = statements(table, kept.columns());
        boolean same =
                table.hasKey()
                        ? putBack(rows, kept)
                        : new KeylessMending(session, journal).undo(rows, kept);
        if (same) {
            journal.setUndone(kept);
        }
        return same;
    }

    private static RowSql statements(Table table, List<String> columns) {
        try {
            return RowSql.of(table, columns);
        } catch (IllegalArgumentException e) {
            throw PgError.refused(e.getMessage());
        }
    }

    private boolean putBack(RowSql rows, Kept kept) {
        List<String> key = kept.key();
        RepairSql sql = new RepairSql(rows.table());
        boolean same =
                kept.after().isPresent()
                        ? session.first(sql.guard, row -> true, key, kept.xid()).isPresent()
                        : isStillGone(rows, sql, kept);
        if (!same) {
            return false;
        }
        if (kept.before().isPresent()) {
            Standing standing = own.reader().lock(rows, key, OwnSession.NONE);
            Row before = Row.ofTexts(kept.before().get());
            return own.writer().write(rows, key, standing, before, kept.stamp());
        }
        session.update(rows.delete, key);
        kept.grave()
                .ifPresent(grave ->
                        session.later(
                                rows.bury, key, key, key, false, grave.micros(), grave.node()));
        return true;
    }

    /** No row has come, and the highest tombstone is the one that the repair left; it goes. */
    private boolean isStillGone(RowSql rows, RepairSql sql, Kept kept) {
        List<String> key = kept.key();
        boolean gone =
                own.reader().live(rows, key, OwnSession.NONE).isEmpty()
                        && session.first(sql.buriedBy, row -> row.text(1), key, key)
                                .filter(kept.xid()::equals)
                                .isPresent();
        if (gone) {
            session.update(sql.unbury, key, key);
        }
        return gone;
    }
}
