package org.pgchorus.link;

import org.pgchorus.conflict.Standing;
import org.pgchorus.model.Row;
import org.pgchorus.model.Stamp;
import org.pgchorus.model.Uniqueness;
import org.pgchorus.pg.Asked;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.RowSql;
import org.pgchorus.sql.UniqueSql;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.WeakHashMap;

/**
 * Reads what one database holds under a key: the row with its stamp, or its tombstone.
 *
 * <p>One thread at a time, the session's.
 */
final class RowReader {
    private final Session session;
    private final Writers writers;
    private final Map<RowSql, Optional<UniqueSql>> uniques = new WeakHashMap<>();

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
        Optional<Standing.Present> present = first(sql, sql.lock, key, own);
        return present.isPresent() ? present.get() : withoutRow(sql, key, own);
    }

    /** The same where most likely no row is: the later statements go along with the first. */
    Standing lockNew(RowSql sql, List<String> key, Stamp own) {
        Optional<UniqueSql> unique = unique(sql);
        Asked<Found> row = Asked.rows(sql.lock, found -> read(sql, found, own), key);
        Optional<Asked<Displaced>> displaced = unique.map(u -> askDisplaced(u, key));
        Asked<Stamp> graves = askGraves(sql, key, own);
        if (displaced.isPresent()) {
            session.together(row, displaced.get(), graves);
        } else {
            session.together(row, graves);
        }
        return current(sql, row.first(), key, own)
                .map(Standing.class::cast)
                .orElseGet(() ->
                        withoutRow(sql, displaced.flatMap(Asked::first), highest(graves.rows())));
    }

    /** The same without a lock, in a session that has written nothing itself. */
    Standing read(RowSql sql, List<String> key) {
        Optional<Standing.Present> present = first(sql, sql.read, key, Stamp.UNKNOWN);
        return present.isPresent() ? present.get() : withoutRow(sql, key, Stamp.UNKNOWN);
    }

    private Standing withoutRow(RowSql sql, List<String> key, Stamp own) {
        Optional<Asked<Displaced>> displaced = unique(sql).map(u -> askDisplaced(u, key));
        Asked<Stamp> graves = askGraves(sql, key, own);
        if (displaced.isPresent()) {
            session.together(displaced.get(), graves);
        } else {
            session.together(graves);
        }
        return withoutRow(sql, displaced.flatMap(Asked::first), highest(graves.rows()));
    }

    private static Standing withoutRow(
            RowSql sql, Optional<Displaced> displaced, Optional<Standing> grave) {
        if (displaced.isEmpty()) {
            return grave.orElseGet(Standing.Absent::new);
        }
        // Stands as if it were there; its key may have been written and deleted since, though.
        Stamp kept = displaced.get().stamp();
        return grave.filter(g -> g.stamp().orElseThrow().compareTo(kept) > 0)
                .orElseGet(
                        () -> new Standing.Present(displaced.get().row(sql.columnNames()), kept));
    }

    /**
     * What a table's rows may not have in common beside their key, with statements for the whole
     * table as it is here; empty if that is nothing.
     */
    Optional<UniqueSql> unique(RowSql sql) {
        return uniques.computeIfAbsent(sql, this::describe);
    }

    private Optional<UniqueSql> describe(RowSql sql) {
        if (!sql.table().hasKey()) {
            return Optional.empty();
        }
        List<Uniqueness> uniquenesses = Catalog.uniqueness(session, sql.table());
        return uniquenesses.isEmpty()
                ? Optional.empty()
                : Optional.of(new UniqueSql(RowSql.of(sql.table()), uniquenesses));
    }

    /** The displaced version of a key, locked; without columns that the table has lost since. */
    Optional<Displaced> displaced(UniqueSql unique, List<String> key) {
        Asked<Displaced> asked = askDisplaced(unique, key);
        session.together(asked);
        return asked.first();
    }

    private static Asked<Displaced> askDisplaced(UniqueSql unique, List<String> key) {
        List<String> known = unique.rows().columnNames();
        return Asked.rows(
                unique.lockDisplaced,
                row ->
                        Displaced.of(
                                        row.number(1),
                                        row.texts(2),
                                        row.texts(3),
                                        new Stamp(row.number(4), (int) row.number(5)))
                                .only(known),
                key,
                key);
    }

    /**
     * Rows of a table that a statement shows as {@link RowSql#lock} does, with something behind; in
     * a transaction that has written none of them.
     *
     * @return nothing if the stamp of one cannot be believed: its lock was waited for
     */
    Optional<List<Placed>> placed(RowSql sql, String statement, Object... parameters) {
        record Shown(Found found, int place) {}
        int count = sql.relation().columns().size();
        List<Shown> rows =
                session.query(
                        statement,
                        row ->
                                new Shown(
                                        read(sql, row, Stamp.UNKNOWN), (int) row.number(count + 7)),
                        parameters);
        return rows.stream().allMatch(row -> row.found.current)
                ? Optional.of(
                        rows.stream().map(row -> new Placed(row.found.present, row.place)).toList())
                : Optional.empty();
    }

    /**
     * A row that is locked.
     *
     * @param place of what was asked for, from 1
     */
    record Placed(Standing.Present present, int place) {}

    /** What stands under the key but for a displaced version of it. */
    Standing lockLive(RowSql sql, List<String> key, Stamp own) {
        return live(sql, key, own)
                .map(Standing.class::cast)
                .or(() -> grave(sql, key, own))
                .orElseGet(Standing.Absent::new);
    }

    /** The row of a table under a key, locked; displaced versions and tombstones do not count. */
    Optional<Standing.Present> live(RowSql sql, List<String> key, Stamp own) {
        return first(sql, sql.lock, key, own);
    }

    /** The rows that clash with the one that these values are of, locked. */
    List<Standing.Present> clashing(UniqueSql unique, List<String> values, Stamp own) {
        RowSql rows = unique.rows();
        return session.query(unique.lockClashing, row -> read(rows, row, own), values).stream()
                .map(found ->
                        found.current
                                ? found.present
                                : first(rows, rows.read, rows.key(found.present.row()), own)
                                        .orElseThrow())
                .toList();
    }

    /**
     * The highest tombstone of a key.
     *
     * @param own the stamp of the transaction under way, which its own tombstones do not show yet
     */
    Optional<Standing> grave(RowSql sql, List<String> key, Stamp own) {
        Asked<Stamp> graves = askGraves(sql, key, own);
        session.together(graves);
        return highest(graves.rows());
    }

    /** The question for all tombstones of a key. */
    Asked<Stamp> askGraves(RowSql sql, List<String> key, Stamp own) {
        return Asked.rows(sql.tombstone, row -> erased(row, own), key, key);
    }

    /** Of these tombstones the one that counts. */
    static Optional<Standing> highest(List<Stamp> graves) {
        return graves.stream().max(Comparator.naturalOrder()).map(Standing.Deleted::new);
    }

    private Stamp erased(Session.Answer row, Stamp own) {
        Optional<String> given = row.maybe(3);
        if (given.isPresent()) {
            return new Stamp(row.number(1), Integer.parseInt(given.get()));
        }
        return row.truth(4) ? own : writers.stamp(row.text(1), row.number(2, 0));
    }

    /**
     * A row as a statement showed it.
     *
     * @param current whether its stamp can be believed: the statement did not wait for its lock
     */
    private record Found(Standing.Present present, boolean current) {}

    /**
     * One row with its stamp; looked at again, now that it is locked, if its lock was waited for.
     */
    private Optional<Standing.Present> first(
            RowSql sql, String statement, List<String> key, Stamp own) {
        return current(sql, session.first(statement, row -> read(sql, row, own), key), key, own);
    }

    private Optional<Standing.Present> current(
            RowSql sql, Optional<Found> found, List<String> key, Stamp own) {
        return found.isEmpty() || found.get().current
                ? found.map(Found::present)
                : session.first(sql.read, row -> present(sql, row, own), key);
    }

    private Found read(RowSql sql, Session.Answer answer, Stamp own) {
        int count = sql.relation().columns().size();
        boolean ours = answer.truth(count + 4);
        int writer = (int) Long.parseLong(answer.text(count + 5));
        boolean seen = SnapshotText.parse(answer.text(count + 6)).sees(writer);
        return new Found(present(sql, answer, own), ours || seen);
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
