package org.pgchorus.link;

import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.BulkSql;
import org.pgchorus.sql.RowSql;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Which of the target's tables may be changed in bulk. Asked again every few seconds: a trigger or
 * a rule may have come.
 *
 * <p>One thread, the session's.
 */
final class BulkTables {
    private static final long GOOD_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final Session target;
    private final TargetTables tables;
    private final Runnable beforeAsking;
    private final Map<Integer, Known> known = new HashMap<>();

    private record Known(RowSql rows, Optional<BulkTable> table, long sinceNanos) {}

    /**
     * @param beforeAsking makes the session free for a question
     */
    BulkTables(Session target, TargetTables tables, Runnable beforeAsking) {
        this.target = target;
        this.tables = tables;
        this.beforeAsking = beforeAsking;
    }

    /** The table of a relation of the source; empty if it must be changed row by row. */
    Optional<BulkTable> of(int relation) {
        Known last = known.get(relation);
        if (last != null
                && last.rows == tables.known(relation)
                && System.nanoTime() - last.sinceNanos < GOOD_NANOS) {
            return last.table;
        }
        beforeAsking.run();
        Known now = ask(relation, Optional.ofNullable(last));
        known.put(relation, now);
        return now.table;
    }

    private Known ask(int relation, Optional<Known> last) {
        RowSql rows;
        try {
            rows = tables.statements(relation);
        } catch (PgError.Refused e) {
            // Who goes row by row finds it too, and holds the table.
            return new Known(null, Optional.empty(), System.nanoTime());
        }
        Optional<BulkTable> same = last.filter(l -> l.rows == rows).flatMap(Known::table);
        Optional<BulkTable> table =
                allows(rows)
                        ? Optional.of(
                                same.orElseGet(() -> new BulkTable(describe(rows), tables.asOf())))
                        : Optional.empty();
        if (target.first(BulkSql.ANY_GRAVES, row -> row.truth(1), rows.oid()).orElse(false)) {
            table.ifPresent(BulkTable::metGraves);
        }
        return new Known(rows, table, System.nanoTime());
    }

    private boolean allows(RowSql rows) {
        boolean overwritable = !rows.table().hasKey() || rows.canUpdate();
        return overwritable
                && rows.settableColumns().length > 0
                && target.first(BulkSql.ALLOWS, row -> row.truth(1), rows.oid()).orElse(false);
    }

    private BulkSql describe(RowSql rows) {
        Map<String, String> types = new HashMap<>();
        target.query(BulkSql.TYPES, row -> Map.entry(row.text(1), row.text(2)), rows.oid())
                .forEach(type -> types.put(type.getKey(), type.getValue()));
        List<String> sent =
                rows.columnNames().stream().map(c -> types.getOrDefault(c, "text")).toList();
        return new BulkSql(rows, sent);
    }
}
