package org.pgchorus.link;

import org.pgchorus.conflict.Standing;
import org.pgchorus.model.Row;
import org.pgchorus.model.Stamp;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.RowSql;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Reads what one database holds under a key: the row with its stamp, or its tombstone.
 *
 * <p>One thread at a time, the session's.
 */
final class RowReader {
    private final Session session;
    private final Writers writers;

    RowReader(Session session, Writers writers) {
        this.session = session;
        this.writers = writers;
    }

    /**
     * What stands under the key. The row comes first and the tombstone in a later statement, with a
     * newer snapshot: a delete and its tombstone commit together, so one of the two is seen.
     *
     * @param own the stamp of the transaction under way, which its own rows do not show yet
     */
    Standing lock(RowSql sql, List<String> key, Stamp own) {
        return standing(sql, sql.lock, key, own);
    }

    /** The same without a lock, in a session that has written nothing itself. */
    Standing read(RowSql sql, List<String> key) {
        return standing(sql, sql.read, key, Stamp.UNKNOWN);
    }

    private Standing standing(RowSql sql, String statement, List<String> key, Stamp own) {
        Optional<Standing> present =
                session.first(statement, row -> (Standing) present(sql, row, own), key);
        return present.or(() -> grave(sql, key, own)).orElseGet(Standing.Absent::new);
    }

    /**
     * The highest tombstone of a key.
     *
     * @param own the stamp of the transaction under way, which its own tombstones do not show yet
     */
    Optional<Standing> grave(RowSql sql, List<String> key, Stamp own) {
        return session.query(sql.tombstone, row -> erased(row, own), key, key).stream()
                .max(Comparator.naturalOrder())
                .map(Standing.Deleted::new);
    }

    private Stamp erased(Session.Answer row, Stamp own) {
        Optional<String> given = row.maybe(3);
        if (given.isPresent()) {
            return new Stamp(row.number(1), Integer.parseInt(given.get()));
        }
        return row.truth(4) ? own : writers.stamp(row.text(1), row.number(2, 0));
    }

    private Standing.Present present(RowSql sql, Session.Answer answer, Stamp own) {
        int count = sql.relation().columns().size();
        List<String> texts = new ArrayList<>(count);
        for (int i = 1; i <= count; i++) {
            texts.add(answer.text(i));
        }
        Stamp stamp =
                answer.maybe(count + 3)
                        .map(RowReader::override)
                        .orElseGet(() ->
                                answer.truth(count + 4)
                                        ? own
                                        : writers.stamp(
                                                answer.text(count + 1),
                                                answer.number(count + 2, 0)));
        return new Standing.Present(Row.ofTexts(texts), stamp);
    }

    private static Stamp override(String text) {
        int at = text.indexOf('@');
        return new Stamp(
                Long.parseLong(text.substring(0, at)), Integer.parseInt(text.substring(at + 1)));
    }
}
