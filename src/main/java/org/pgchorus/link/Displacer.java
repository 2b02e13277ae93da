package org.pgchorus.link;

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
        List<Clash> clashes = clashes(unique, image);
        List<Clash> blockers =
                clashes.stream().filter(clash -> clash.isAbove(version, key)).toList();
        if (blockers.isEmpty()) {
            for (Clash clash : clashes) {
                target.update(unique.rows().delete, clash.key);
                keep(unique, clash.key, clash.image(unique), clash.stamp);
            }
            own.ifPresent(entry -> target.update(UniqueSql.FORGET, entry.seq()));
        } else {
            if (live) {
                target.update(sql.delete, key);
            }
            keep(unique, key, image, version);
        }
        record(
                unique,
                sql,
                key,
                standing instanceof Standing.Present,
                blockers.isEmpty() ? clashes : blockers,
                blockers.isEmpty() ? Resolution.APPLY_REMOTE : Resolution.KEEP_LOCAL,
                after,
                version);
        return blockers.isEmpty();
    }

    /** A live row that clashes with a version. */
    private record Clash(List<String> key, Row row, Stamp stamp) {
        /** The order of {@code Displacement}: by stamp, and by key within one transaction. */
        boolean isAbove(Stamp version, List<String> versionKey) {
            int order = stamp.compareTo(version);
            for (int i = 0; order == 0 && i < key.size(); i++) {
                order = key.get(i).compareTo(versionKey.get(i));
            }
            return order > 0;
        }

        Map<String, String> image(UniqueSql unique) {
            Map<String, String> image = new LinkedHashMap<>();
            List<String> names = unique.rows().columnNames();
            for (int i = 0; i < names.size(); i++) {
                image.put(names.get(i), row.text(i).orElse(null));
            }
            return image;
        }
    }

    private List<Clash> clashes(UniqueSql unique, Map<String, String> image) {
        List<String> texts = new ArrayList<>();
        unique.rows().columnNames().forEach(name -> texts.add(image.get(name)));
        return reader.clashing(unique, unique.values(Row.ofTexts(texts)), cause.stamp()).stream()
                .map(p -> new Clash(unique.rows().key(p.row()), p.row(), p.written()))
                .toList();
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
        List<String> names = sql.columnNames();
        if (live && !names.containsAll(unique.rows().columnNames())) {
            reader.live(unique.rows(), key, cause.stamp())
                    .ifPresent(
                            p -> image.putAll(new Clash(key, p.row(), p.written()).image(unique)));
        }
        for (int i = 0; i < names.size(); i++) {
            image.put(names.get(i), after.text(i).orElse(null));
        }
        return image;
    }

    private void keep(UniqueSql unique, List<String> key, Map<String, String> image, Stamp stamp) {
        target.update(
                unique.displace,
                key,
                key,
                key,
                image.keySet().toArray(new String[0]),
                image.values().toArray(new String[0]),
                stamp.micros(),
                stamp.node());
    }

    /** One entry for each pair that its writers did not know of. */
    private void record(
            UniqueSql unique,
            RowSql sql,
            List<String> key,
            boolean update,
            List<Clash> clashes,
            Resolution resolution,
            Row after,
            Stamp version) {
        Kind one = update ? Kind.UPDATE_EXISTS : Kind.INSERT_EXISTS;
        Kind kind = clashes.size() > 1 ? Kind.MULTIPLE_UNIQUE_CONFLICTS : one;
        for (Clash clash : clashes) {
            if (!hadSeen(clash.stamp, version)) {
                history.clash(
                        sql,
                        key,
                        kind,
                        resolution,
                        new History.Side(unique.rows(), clash.row, clash.stamp),
                        new History.Side(sql, after, version),
                        cause);
            }
        }
    }

    private boolean hadSeen(Stamp other, Stamp version) {
        return sight != null
                && version.node() == cause.stamp().node()
                && sight.writerHadSeen(other);
    }
}
