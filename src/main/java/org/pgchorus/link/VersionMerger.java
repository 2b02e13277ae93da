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
import java.util.Comparator;
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
            if (!Referee.isNewer(version, standing)) {
                return false;
            }
            if (writer.write(sql, key, standing, row, version)) {
                return true;
            }
        }
        throw PgError.busy("key " + key + " of " + table.name() + " keeps changing");
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
     * Merges one key of a table with delta columns.
     *
     * @param sql the statements for the source's row
     * @param row what the source holds under the key, whoever wrote it; empty if nothing
     * @param entries what was added to the key in the window, as the source knows it
     * @return whether something changed
     */
    boolean count(
            RowSql sql,
            List<String> key,
            Optional<Versions.Live> row,
            List<Entry> entries,
            Window window) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            Standing standing = own.reader().lock(rows, key, OwnSession.NONE);
            Optional<Stamp> erased =
                    own.reader().grave(rows, key, OwnSession.NONE).flatMap(Standing::stamp);
            List<Entry> missing = missing(key, entries, window, erased);
            boolean newer = row.filter(r -> Referee.isNewer(r.stamp(), standing)).isPresent();
            boolean isHere = standing instanceof Standing.Present;
            if (!newer && (missing.isEmpty() || !isHere)) {
                return false;
            }
            if (add(sql, key, standing, newer ? row : Optional.empty(), missing)) {
                missing.forEach(e ->
                        own.session()
                                .update(
                                        exchange.keepEntry,
                                        key,
                                        key,
                                        key,
                                        e.column,
                                        e.amount.toPlainString(),
                                        e.stamp.micros(),
                                        e.stamp.node()));
                return true;
            }
        }
        throw PgError.busy("key " + key + " of " + table.name() + " keeps changing");
    }

    private boolean add(
            RowSql sql,
            List<String> key,
            Standing standing,
            Optional<Versions.Live> newer,
            List<Entry> missing) {
        RowSql used = newer.isPresent() ? sql : rows;
        Standing.Present here = standing instanceof Standing.Present present ? present : null;
        Row base = newer.map(Versions.Live::row).orElseGet(() -> here.row());
        Stamp version = newer.map(Versions.Live::stamp).orElseGet(() -> here.written());
        Map<Integer, BigDecimal> values = new TreeMap<>();
        for (String column : policy.deltaColumns()) {
            BigDecimal sum =
                    here == null
                            ? BigDecimal.ZERO
                            : here.row()
                                    .text(rows.columnNames().indexOf(column))
                                    .map(BigDecimal::new)
                                    .orElse(BigDecimal.ZERO);
            for (Entry entry : missing) {
                sum = entry.column.equals(column) ? sum.add(entry.amount) : sum;
            }
            values.put(used.columnNames().indexOf(column), sum);
        }
        return writer.write(
                used, key, standing, Counters.add(base, Optional.empty(), values), version);
    }

    /** The entries not known here, each as often as it is missing; none from before the delete. */
    private List<Entry> missing(
            List<String> key, List<Entry> entries, Window window, Optional<Stamp> erased) {
        List<Entry> known =
                new ArrayList<>(
                        own.session().query(exchange.entriesOfKey(window), Entry::of, key, key));
        List<Entry> missing = new ArrayList<>();
        for (Entry entry : entries) {
            boolean counts = erased.filter(e -> e.compareTo(entry.stamp) >= 0).isEmpty();
            boolean isKnown =
                    known.stream()
                            .filter(k -> k.sameAs(entry))
                            .findFirst()
                            .map(known::remove)
                            .orElse(false);
            if (counts && !isKnown) {
                missing.add(entry);
            }
        }
        missing.sort(Comparator.comparing(Entry::stamp));
        return missing;
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
