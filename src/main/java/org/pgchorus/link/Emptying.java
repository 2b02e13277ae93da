package org.pgchorus.link;

import org.pgchorus.conflict.Kind;
import org.pgchorus.conflict.Policy;
import org.pgchorus.conflict.Resolution;
import org.pgchorus.conflict.Sight;
import org.pgchorus.model.Row;
import org.pgchorus.model.Stamp;
import org.pgchorus.model.Table;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.EmptySql;
import org.pgchorus.sql.RowSql;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * Applies a TRUNCATE: a delete of every key, but without looking at rows that cannot matter.
 *
 * <p>One thread, the session's.
 */
final class Emptying {
    /** Keys held in memory at once. */
    private static final int BATCH_ROWS = 1000;

    private final Session target;
    private final History history;

    Emptying(Session target, History history) {
        this.target = target;
        this.history = history;
    }

    /**
     * @param erase deletes one key by the ordinary rules, with the conflict recorded
     */
    void empty(
            RowSql sql, History.Cause cause, Sight sight, BiConsumer<RowSql, List<String>> erase) {
        Table table = sql.table();
        Stamp stamp = cause.stamp();
        if (!table.hasKey()) {
            target.execute(EmptySql.lockAlone(table));
            recordBeaten(sql, cause, sight);
            deleteBeaten(table, stamp);
        } else {
            target.execute(EmptySql.lock(table));
            long cutoff = Math.min(stamp.micros() - 1, sight.seenByAllMicros());
            eraseRecent(sql, cutoff, erase);
            target.update(EmptySql.deleteOlder(table), cutoff, cutoff);
        }
        target.execute(EmptySql.bury(table));
    }

    /**
     * The server lets nobody delete from a published table whose rows it could not name to others.
     * These deletes go to nobody, so for their time the table says that it names rows in full.
     */
    private void deleteBeaten(Table table, Stamp stamp) {
        Optional<String> unnamed = target.first(EmptySql.UNNAMED, row -> row.text(1), table.oid());
        if (unnamed.isPresent()) {
            target.execute(EmptySql.identity(table, "FULL"));
        }
        long micros = stamp.micros();
        int writer = stamp.node();
        target.update(EmptySql.deleteBeaten(table), micros, writer, micros, writer);
        if (unnamed.isPresent()) {
            target.execute(EmptySql.identity(table, unnamed.get()));
        }
    }

    private record Line(String ctid, Stamp stamp, Row row) {}

    /** Rows that nobody can look up again by a key, and of which the writer had not heard. */
    private void recordBeaten(RowSql sql, History.Cause cause, Sight sight) {
        long micros = cause.stamp().micros();
        int writer = cause.stamp().node();
        List<String> columns = sql.columnNames();
        String after = "(0,0)";
        while (true) {
            List<Line> lines =
                    target.query(
                            EmptySql.beatenLate(sql.table(), columns),
                            answer -> line(answer, columns.size()),
                            sight.seenByAllMicros(),
                            micros,
                            micros,
                            writer,
                            writer,
                            after,
                            BATCH_ROWS);
            if (lines.isEmpty()) {
                return;
            }
            for (Line line : lines) {
                if (!sight.writerHadSeen(line.stamp)) {
                    history.record(
                            sql,
                            List.of(),
                            Kind.DELETE_ORIGIN_DIFFERS,
                            Resolution.APPLY_REMOTE,
                            Policy.Rule.LAST_UPDATE_WINS,
                            line.row,
                            line.stamp,
                            null,
                            cause);
                }
            }
            after = lines.getLast().ctid;
        }
    }

    private static Line line(Session.Answer answer, int columns) {
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < columns; i++) {
            texts.add(answer.text(i + 4));
        }
        Stamp stamp = new Stamp(answer.number(2), (int) answer.number(3));
        return new Line(answer.text(1), stamp, Row.ofTexts(texts));
    }

    private record Place(String ctid, List<String> key) {}

    private void eraseRecent(RowSql sql, long cutoff, BiConsumer<RowSql, List<String>> erase) {
        String after = "(0,0)";
        while (true) {
            int width = sql.table().key().size();
            List<Place> places =
                    target.query(
                            EmptySql.recent(sql.table()),
                            row -> {
                                List<String> key = new ArrayList<>();
                                for (int i = 0; i < width; i++) {
                                    key.add(row.text(i + 2));
                                }
                                return new Place(row.text(1), key);
                            },
                            cutoff,
                            cutoff,
                            after,
                            BATCH_ROWS);
            if (places.isEmpty()) {
                return;
            }
            places.forEach(place -> erase.accept(sql, place.key));
            after = places.getLast().ctid;
        }
    }
}
