package org.pgchorus.link;

import org.pgchorus.conflict.Counting;
import org.pgchorus.conflict.Policy;
import org.pgchorus.conflict.Standing;
import org.pgchorus.model.Row;
import org.pgchorus.model.Stamp;
import org.pgchorus.sql.RowSql;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Makes one row of two versions that one key of a table with delta columns has here: the one in the
 * table and a displaced one.
 *
 * <p>A client cannot see what is displaced, so it may write the key as if it were new; and two
 * links may write a key at once. Where the two met by the ordinary rules, on the other nodes, the
 * newer version has the counts of both. Here it gets them as soon as anybody looks.
 *
 * <p>One thread, the session's. The caller begins and ends the database's transaction.
 */
final class Reunion {
    private final RowReader reader;

    Reunion(RowReader reader) {
        this.reader = reader;
    }

    /**
     * Does it if there are two.
     *
     * @param own the stamp of the transaction under way
     * @return whether anything was changed
     */
    boolean make(RowWriter writer, RowSql sql, List<String> key, Policy policy, Stamp own) {
        Optional<Displaced> kept = reader.unique(sql).flatMap(u -> reader.displaced(u, key));
        return kept.isPresent() && make(writer, sql, key, kept.get(), policy, own);
    }

    private boolean make(
            RowWriter writer,
            RowSql sql,
            List<String> key,
            Displaced kept,
            Policy policy,
            Stamp own) {
        RowSql whole = RowSql.of(sql.table());
        Optional<Standing.Present> live = reader.live(whole, key, own);
        Optional<Stamp> erased = reader.grave(whole, key, own).flatMap(Standing::stamp);
        boolean isDeleted = erased.filter(e -> e.compareTo(kept.stamp()) > 0).isPresent();
        if (live.isEmpty() || isDeleted) {
            return false;
        }
        if (live.get().written().compareTo(kept.stamp()) > 0) {
            Row row = live.get().row();
            Row other = kept.row(whole.columnNames());
            Row both = counted(whole, policy, row, other);
            return writer.write(whole, key, live.get(), both, live.get().written());
        }
        List<String> columns = List.copyOf(kept.image().keySet());
        RowSql those = RowSql.of(sql.table(), columns);
        Standing.Present here = reader.live(those, key, own).orElseThrow();
        Row both = counted(those, policy, kept.row(columns), here.row());
        return writer.write(those, key, here, both, kept.stamp());
    }

    /** A row that has in its delta columns what another one counted too. */
    private static Row counted(RowSql sql, Policy policy, Row row, Row other) {
        Map<Integer, BigDecimal> amounts = new TreeMap<>();
        for (String column : policy.deltaColumns()) {
            int place = sql.columnNames().indexOf(column);
            if (place >= 0) {
                amounts.put(place, Counting.number(row, place));
            }
        }
        return Counters.add(row, Optional.of(other), amounts);
    }
}
