package org.pgchorus.link;

import org.pgchorus.conflict.Policy;
import org.pgchorus.conflict.Referee;
import org.pgchorus.conflict.Standing;
import org.pgchorus.conflict.Window;
import org.pgchorus.model.Row;
import org.pgchorus.model.Stamp;
import org.pgchorus.model.Table;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.EmptySql;
import org.pgchorus.sql.ExchangeSql;
import org.pgchorus.sql.RowSql;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Merges versions that came by another path than their writers' streams: the higher stamp stands,
 * whatever the table's policy, and keeps its true stamp. Delta columns get the amounts that were
 * not known here.
 *
 * <p>What was simply not received yet is no conflict and is not recorded; rows of different keys
 * that clash are, as always. One thread, the session's. The caller begins and ends transactions.
 */
final class VersionMerger {
    /** A key that is inserted and deleted by others this often between our looks is stuck. */
    private static final int ATTEMPTS = 100;

    private final OwnSession own;
    private final Table table;
    private final Policy policy;
    private final RowSql rows;
    private final ExchangeSql exchange;
    private final Counters counters;
    private final Map<List<String>, RowSql> statements = new HashMap<>();
    private RowWriter writer;

    VersionMerger(OwnSession own, Table table, Policy policy) {
        this.own = own;
        this.table = table;
        this.policy = policy;
        rows = RowSql.of(table);
        exchange = new ExchangeSql(table);
        counters = new Counters(own.session());
    }

    /** Whether some of the table's columns count. */
    boolean counts() {
        return !policy.deltaColumns().isEmpty();
    }

    /** A transaction begins. */
    void begin() {
        writer = own.writer();
    }

    /** Statements for rows with these columns. */
    RowSql statements(List<String> columns) {
        return statements.computeIfAbsent(columns, names -> statementsFor(table, names));
    }

    private static RowSql statementsFor(Table table, List<String> columns) {
        try {
            return RowSql.of(table, columns);
        } catch (IllegalArgumentException e) {
            throw PgError.refused(e.getMessage() + "; add it here, and try again", "42703");
        }
    }

    /** Merges a row; returns whether it stands now. */
    boolean write(RowSql sql, Row row, Stamp version) {
        List<String> key = sql.key(row);
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            Standing standing = own.reader().lock(sql, key, OwnSession.NONE);
            if (!stands(version, standing)) {
                return false;
            }
            if (writer.write(sql, key, standing, row, version)) {
                return true;
            }
        }
        throw PgError.busy("key " + key + " of " + table.name() + " keeps changing");
    }

    /**
     * Whether a live row goes in place of what stands here. One that has the stamp of a delete was
     * written after it by the same transaction: had it been deleted then, it would not live.
     */
    private static boolean stands(Stamp version, Standing standing) {
        return Referee.isNewer(version, standing)
                || standing instanceof Standing.Deleted(Stamp erased) && erased.equals(version);
    }

    /** Merges a delete; returns whether it was news. */
    boolean erase(List<String> key, Stamp erased) {
        Standing standing = own.reader().lock(rows, key, OwnSession.NONE);
        if (Referee.isNewer(erased, standing)) {
            writer.erase(rows, key, standing, erased);
            return true;
        }
        return counts()
                && standing instanceof Standing.Present present
                && recount(key, present, erased);
    }

    /** A delete that lost to the row still takes away what was added to it before. */
    private boolean recount(List<String> key, Standing.Present present, Stamp erased) {
        Optional<Standing> grave = own.reader().grave(rows, key, OwnSession.NONE);
        if (grave.isPresent() && !Referee.isNewer(erased, grave.get())) {
            return false;
        }
        own.session().update(rows.bury, key, key, key, false, erased.micros(), erased.node());
        Row row = counters.recounted(rows, key, policy, present.row(), erased);
        writer.write(rows, key, present, row, present.written());
        return true;
    }

    /** Removes a row that is here under exactly this stamp and was deleted elsewhere long ago. */
    boolean forget(List<String> key, Stamp stamp) {
        Standing standing = own.reader().lock(rows, key, OwnSession.NONE);
        if (!(standing instanceof Standing.Present(_, Stamp written)) || !written.equals(stamp)) {
            return false;
        }
        own.session().update(rows.delete, key);
        own.reader()
                .unique(rows)
                .flatMap(unique -> own.reader().displaced(unique, key))
                .ifPresent(d -> own.session().update(org.pgchorus.sql.UniqueSql.FORGET, d.seq()));
        return true;
    }

    /** Merges a TRUNCATE; returns whether it was news. */
    boolean empty(Stamp emptied) {
        Session session = own.session();
        session.execute(table.hasKey() ? EmptySql.lock(table) : EmptySql.lockAlone(table));
        boolean known =
                session.query(exchange.marks, row -> Versions.stamp(row, 1)).stream()
                        .anyMatch(mark -> mark.compareTo(emptied) >= 0);
        if (known) {
            return false;
        }
        Optional<String> unnamed =
                table.hasKey()
                        ? Optional.empty()
                        : session.first(EmptySql.UNNAMED, row -> row.text(1), table.oid());
        if (unnamed.isPresent()) {
            session.execute(EmptySql.identity(table, "FULL"));
        }
        session.update(exchange.deleteOlder, emptied.micros(), emptied.node());
        if (unnamed.isPresent()) {
            session.execute(EmptySql.identity(table, unnamed.get()));
        }
        session.update(exchange.bury, emptied.micros(), emptied.node());
        if (counts()) {
            for (List<String> key : session.query(exchange.countedKeys, row -> row.texts(1))) {
                if (own.reader().lock(rows, key, OwnSession.NONE)
                        instanceof Standing.Present present) {
                    Row row = counters.recounted(rows, key, policy, present.row(), emptied);
                    writer.write(rows, key, present, row, present.written());
                }
            }
        }
        return true;
    }

    /** What was added to a delta column of one key. */
    record Entry(String column, BigDecimal amount, Stamp stamp) {
        /** Reads column, amount, micros, node. */
        static Entry of(Session.Answer row) {
            return new Entry(row.text(1), new BigDecimal(row.text(2)), Versions.stamp(row, 3));
        }

        boolean sameAs(Entry other) {
            return column.equals(other.column)
                    && amount.compareTo(other.amount) == 0
                    && stamp.equals(other.stamp);
        }
    }

    /**
     * What the source knows of one key of a table with delta columns.
     *
     * @param sql the statements for the row
     * @param row what it holds under the key, whoever wrote it; empty if nothing
     * @param entries what was added to the key in the window
     */
    record Known(RowSql sql, List<String> key, Optional<Versions.Live> row, List<Entry> entries) {
        Stamp stamp() {
            Stamp highest = row.map(Versions.Live::stamp).orElse(Stamp.UNKNOWN);
            for (Entry entry : entries) {
                highest = entry.stamp().compareTo(highest) > 0 ? entry.stamp() : highest;
            }
            return highest;
        }
    }

    /**
     * Merges one key of a table with delta columns.
     *
     * @param unknown if there, the source may have forgotten entries that this node lacks, since it
     *     thought that all had them: then its values count as they are, and what was added here in
     *     that window and is not among its entries is added to them
     * @return whether something changed
     */
    boolean count(Known known, Window window, Optional<Unknown> unknown) {
        List<String> key = known.key;
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            Standing standing = own.reader().lock(rows, key, OwnSession.NONE);
            Optional<Stamp> erased =
                    own.reader().grave(rows, key, OwnSession.NONE).flatMap(Standing::stamp);
            List<Entry> missing =
                    lacking(known.entries, entries(key, window)).stream()
                            .filter(e -> counts(e, erased))
                            .toList();
            boolean newer = known.row.filter(r -> stands(r.stamp(), standing)).isPresent();
            if (!newer && !(standing instanceof Standing.Present)) {
                return false;
            }
            Optional<List<Entry>> more = more(known, unknown, erased);
            Change change = change(known, standing, newer, missing, more, erased);
            if (!newer && change.isNothing(standing) && missing.isEmpty()) {
                return false;
            }
            if (writer.write(change.sql, key, standing, change.row, change.version)) {
                missing.forEach(e -> keep(key, e));
                return true;
            }
        }
        throw PgError.busy("key " + key + " of " + table.name() + " keeps changing");
    }

    /**
     * If the source's values count as they are: what was added to them here. They do also if a
     * transaction has deleted the row and has written it anew: its entries do not tell which came
     * before.
     */
    private Optional<List<Entry>> more(
            Known known, Optional<Unknown> unknown, Optional<Stamp> erased) {
        Optional<Stamp> row = known.row.map(Versions.Live::stamp);
        if (row.isEmpty()) {
            return Optional.empty();
        }
        if (row.equals(erased)) {
            return Optional.of(List.of());
        }
        return unknown.filter(_ -> counts(row.get(), erased))
                .map(u -> lacking(entries(known.key, u.window), u.entries(known.key)));
    }

    /**
     * Where the target knows more than the source.
     *
     * @param window what the source may not have of what is here
     * @param atSource reads the source's entries of a key in that window
     */
    record Unknown(Window window, java.util.function.Function<List<String>, List<Entry>> atSource) {
        List<Entry> entries(List<String> key) {
            return atSource.apply(key);
        }
    }

    private void keep(List<String> key, Entry e) {
        String amount = e.amount.toPlainString();
        long micros = e.stamp.micros();
        int node = e.stamp.node();
        own.session().update(exchange.keepEntry, key, key, key, e.column, amount, micros, node);
    }

    private List<Entry> entries(List<String> key, Window window) {
        return own.session().query(exchange.entriesOfKey(window), Entry::of, key, key);
    }

    private static boolean counts(Entry entry, Optional<Stamp> erased) {
        return counts(entry.stamp, erased);
    }

    private static boolean counts(Stamp stamp, Optional<Stamp> erased) {
        return erased.filter(e -> e.compareTo(stamp) >= 0).isEmpty();
    }

    /** A row to write. */
    private record Change(RowSql sql, Row row, Stamp version) {
        boolean isNothing(Standing standing) {
            return standing instanceof Standing.Present(Row here, Stamp written)
                    && here.equals(row)
                    && written.equals(version);
        }
    }

    private Change change(
            Known known,
            Standing standing,
            boolean newer,
            List<Entry> missing,
            Optional<List<Entry>> more,
            Optional<Stamp> erased) {
        Standing.Present here = standing instanceof Standing.Present present ? present : null;
        RowSql used = newer ? known.sql : rows;
        Row base = newer ? known.row.orElseThrow().row() : here.row();
        Stamp version = newer ? known.row.orElseThrow().stamp() : here.written();
        Map<Integer, BigDecimal> values = new TreeMap<>();
        for (String column : policy.deltaColumns()) {
            BigDecimal sum;
            List<Entry> added;
            if (more.isPresent()) {
                sum = value(known.sql, known.row.orElseThrow().row(), column);
                added = more.get().stream().filter(e -> counts(e, erased)).toList();
            } else {
                sum = here == null ? BigDecimal.ZERO : value(rows, here.row(), column);
                added = missing;
            }
            for (Entry entry : added) {
                sum = entry.column.equals(column) ? sum.add(entry.amount) : sum;
            }
            values.put(used.columnNames().indexOf(column), sum);
        }
        return new Change(used, Counters.add(base, Optional.empty(), values), version);
    }

    private static BigDecimal value(RowSql sql, Row row, String column) {
        return row.text(sql.columnNames().indexOf(column))
                .map(BigDecimal::new)
                .orElse(BigDecimal.ZERO);
    }

    /** Those that are not among others, each as often as it is missing there. */
    private static List<Entry> lacking(List<Entry> entries, List<Entry> others) {
        List<Entry> left = new ArrayList<>(others);
        List<Entry> lacking = new ArrayList<>();
        for (Entry entry : entries) {
            Optional<Entry> same = left.stream().filter(o -> o.sameAs(entry)).findFirst();
            same.ifPresentOrElse(left::remove, () -> lacking.add(entry));
        }
        return lacking;
    }

    /** Adds a row of a table without a key, unless a TRUNCATE that is known here beats it. */
    boolean append(RowSql sql, Row row, Stamp stamp) {
        own.session().execute(EmptySql.lockForInserts(table));
        boolean beaten =
                own.session().query(exchange.marks, answer -> Versions.stamp(answer, 1)).stream()
                        .anyMatch(mark -> mark.node() != stamp.node() && mark.compareTo(stamp) > 0);
        if (!beaten) {
            own.session().update(sql.insert, sql.all(row));
        }
        return !beaten;
    }
}
