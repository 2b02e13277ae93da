package org.pgchorus.link;

import org.pgchorus.conflict.Displacement;
import org.pgchorus.conflict.Displacement.Entry.Lives;
import org.pgchorus.conflict.Displacement.Entry.Yields;
import org.pgchorus.conflict.Displacement.Version;
import org.pgchorus.conflict.Kind;
import org.pgchorus.conflict.Resolution;
import org.pgchorus.conflict.Sight;
import org.pgchorus.conflict.Standing;
import org.pgchorus.model.Row;
import org.pgchorus.model.Stamp;
import org.pgchorus.model.Uniqueness;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.RowSql;
import org.pgchorus.sql.UniqueSql;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Keeps rows apart that clash on a unique or exclusion constraint: of two with different keys the
 * one with the higher stamp is live, the other is displaced until it can come back.
 *
 * <p>{@link org.pgchorus.conflict.Displacement} is the law. What is done here at once is its first
 * half: a version that comes is put in its place, and those it pushes out are kept. What may come
 * back because something went is found by {@link Returns}.
 *
 * <p>A clashing row that a client or another link has written but not committed is not seen here.
 * The server then lets our write wait for it and refuses it; the transaction is applied again, and
 * sees it. A deferrable constraint would not refuse (its check does not run in sessions that
 * apply), so tables with one are locked against all other writers first.
 *
 * <p>One thread, the session's.
 */
final class Displacer {
    private final Session target;
    private final RowReader reader;
    private final History history;
    private Sight sight;
    private History.Cause cause;

    Displacer(Session target, RowReader reader, History history) {
        this.target = target;
        this.reader = reader;
        this.history = history;
    }

    /**
     * A transaction begins.
     *
     * @param transactionSight what its writer had seen; null if there is no writer to ask about
     */
    void begin(History.Cause transaction, Sight transactionSight) {
        cause = transaction;
        sight = transactionSight;
    }

    /** Forgets the displaced version of a key, if there is one. */
    void forget(UniqueSql unique, List<String> key) {
        reader.displaced(unique, key)
                .ifPresent(entry -> target.update(UniqueSql.FORGET, entry.seq()));
    }

    /**
     * Puts a version in its place among the others: displaces those it clashes with and is newer
     * than, or it. What stood under its key is left alone unless the version is displaced.
     *
     * @param standing what was found under its key
     * @param own the displaced version of that key, if there is one; forgotten then
     * @return whether it may be written to the table; if not, it is kept already
     */
    boolean makeRoom(
            UniqueSql unique,
            RowSql sql,
            List<String> key,
            Standing standing,
            Row after,
            Stamp version,
            Optional<Displaced> own) {
        if (unique.uniquenesses().stream().anyMatch(Uniqueness::deferrable)) {
            target.execute(unique.lockTable);
        }
        boolean live = own.isEmpty() && standing instanceof Standing.Present;
        if (live && isSame(unique, sql, ((Standing.Present) standing).row(), after)) {
            return true;
        }
        Map<String, String> image = image(unique, sql, key, own, live, after);
        Version<Map<String, String>> newcomer = new Version<>(key, version, image);
        List<Version<Map<String, String>>> clashes = clashes(unique, image);
        Kind one = standing instanceof Standing.Present ? Kind.UPDATE_EXISTS : Kind.INSERT_EXISTS;
        Kind kind = clashes.size() > 1 ? Kind.MULTIPLE_UNIQUE_CONFLICTS : one;
        Meeting meeting = new Meeting(unique, sql, newcomer, after, kind);
        return switch (Displacement.enter(newcomer, clashes)) {
            case Lives<Map<String, String>>(var displaces) -> {
                for (Version<Map<String, String>> other : displaces) {
                    target.update(unique.rows().delete, other.key());
                    keep(unique, other);
                    record(meeting, other, Resolution.APPLY_REMOTE);
                }
                own.ifPresent(entry -> target.update(UniqueSql.FORGET, entry.seq()));
                yield true;
            }
            case Yields<Map<String, String>>(var to) -> {
                if (live) {
                    target.update(sql.delete, key);
                }
                keep(unique, newcomer);
                record(meeting, to, Resolution.KEEP_LOCAL);
                yield false;
            }
        };
    }

    /** The live rows that clash with one. */
    private List<Version<Map<String, String>>> clashes(
            UniqueSql unique, Map<String, String> image) {
        List<String> names = unique.rows().columnNames();
        List<String> texts = new ArrayList<>();
        names.forEach(name -> texts.add(image.get(name)));
        return reader.clashing(unique, unique.values(Row.ofTexts(texts)), cause.stamp()).stream()
                .map(live ->
                        new Version<>(
                                unique.rows().key(live.row()),
                                live.written(),
                                image(names, live.row())))
                .toList();
    }

    private static Map<String, String> image(List<String> names, Row row) {
        Map<String, String> image = new LinkedHashMap<>();
        for (int i = 0; i < names.size(); i++) {
            image.put(names.get(i), row.text(i).orElse(null));
        }
        return image;
    }

    /** Whether nothing changes that a clash could come from: the row is live, so it has none. */
    private static boolean isSame(UniqueSql unique, RowSql sql, Row standing, Row after) {
        List<String> names = sql.columnNames();
        for (Uniqueness uniqueness : unique.uniquenesses()) {
            for (Uniqueness.Column column : uniqueness.columns()) {
                int place = names.indexOf(column.name());
                if (place >= 0 && !standing.text(place).equals(after.text(place))) {
                    return false;
                }
            }
        }
        return true;
    }

    /** The whole row as it would be: columns that the source does not have keep what they hold. */
    private Map<String, String> image(
            UniqueSql unique,
            RowSql sql,
            List<String> key,
            Optional<Displaced> own,
            boolean live,
            Row after) {
        Map<String, String> image = new LinkedHashMap<>();
        own.ifPresent(entry -> image.putAll(entry.image()));
        List<String> all = unique.rows().columnNames();
        List<String> sent = sql.columnNames();
        if (live && !sent.containsAll(all)) {
            reader.live(unique.rows(), key, cause.stamp())
                    .ifPresent(here -> image.putAll(image(all, here.row())));
        }
        image.putAll(image(sent, after));
        return image;
    }

    private void keep(UniqueSql unique, Version<Map<String, String>> version) {
        target.update(
                unique.displace,
                version.key(),
                version.key(),
                version.key(),
                version.row().keySet().toArray(new String[0]),
                version.row().values().toArray(new String[0]),
                version.stamp().micros(),
                version.stamp().node());
    }

    /** A version that comes in and meets others. */
    private record Meeting(
            UniqueSql unique,
            RowSql sql,
            Version<Map<String, String>> newcomer,
            Row after,
            Kind kind) {}

    /** One entry for each pair that its writers did not know of. */
    private void record(
            Meeting meeting, Version<Map<String, String>> other, Resolution resolution) {
        Stamp version = meeting.newcomer.stamp();
        boolean hadSeen =
                sight != null
                        && version.node() == cause.stamp().node()
                        && sight.writerHadSeen(other.stamp());
        if (hadSeen) {
            return;
        }
        List<String> texts = new ArrayList<>();
        meeting.unique.rows().columnNames().forEach(name -> texts.add(other.row().get(name)));
        Row row = Row.ofTexts(texts);
        history.clash(
                meeting.sql,
                meeting.newcomer.key(),
                meeting.kind,
                resolution,
                new History.Side(meeting.unique.rows(), row, other.stamp()),
                new History.Side(meeting.sql, meeting.after, version),
                cause);
    }
}
