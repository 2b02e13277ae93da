package org.pgchorus.link;

import org.pgchorus.conflict.Window;
import org.pgchorus.model.Row;
import org.pgchorus.model.Stamp;
import org.pgchorus.model.Table;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.ExchangeSql;
import org.pgchorus.sql.RowSql;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Compares the rows of a table without a key, at two nodes, as multisets: such a row is known by
 * its values and by when it was committed. A row that an exchange brought has lost its writer (node
 * 0), so of those only the time is compared.
 *
 * <p>One thread. Holds what lies in the window in memory, one table at a time.
 */
final class KeylessRows {
    private static final int BATCH_ROWS = 1000;

    private final Versions source;
    private final OwnSession target;
    private final Table from;
    private final Table to;
    private final Window window;

    KeylessRows(Versions source, OwnSession target, Table from, Table to, Window window) {
        this.source = source;
        this.target = target;
        this.from = from;
        this.to = to;
        this.window = window;
    }

    /** Is told of rows that the target lacks. */
    interface Lacking {
        /**
         * @param stamp the first writer's
         * @param missing how many of them
         */
        void row(Row row, Stamp stamp, int missing);
    }

    private record Same(Row row, long micros) {}

    private record Counted(Stamp stamp, int rows) {}

    /** Tells of each, the lowest stamp first. */
    void each(Lacking lacking) {
        Map<Same, Counted> there = read(source, from, window);
        if (there.isEmpty()) {
            return;
        }
        Session session = target.session();
        session.begin();
        Map<Same, Counted> here = read(new Versions(session), to, withExchanged());
        session.rollback();
        TreeMap<Stamp, List<Same>> ordered = new TreeMap<>();
        there.forEach((same, counted) ->
                ordered.computeIfAbsent(counted.stamp, _ -> new ArrayList<>()).add(same));
        ordered.forEach((stamp, some) ->
                some.forEach(same -> {
                    Counted known = here.get(same);
                    int missing = there.get(same).rows - (known == null ? 0 : known.rows);
                    if (missing > 0) {
                        lacking.row(same.row, stamp, missing);
                    }
                }));
    }

    private Window withExchanged() {
        Map<Integer, Long> since = new HashMap<>(window.sinceMicros());
        since.put(0, since.values().stream().mapToLong(Long::longValue).min().orElse(0));
        return new Window(since);
    }

    private Map<Same, Counted> read(Versions versions, Table table, Window which) {
        List<String> columns = RowSql.of(from).columnNames();
        List<String> those = RowSql.of(table).columnNames();
        Map<Same, Counted> rows = new HashMap<>();
        versions.each(
                new ExchangeSql(table).rows(which),
                BATCH_ROWS,
                answer -> Versions.live(answer, those.size()),
                some ->
                        some.forEach(live -> {
                            Row row = ordered(live.row(), those, columns);
                            rows.merge(
                                    new Same(row, live.stamp().micros()),
                                    new Counted(live.stamp(), 1),
                                    (a, b) -> new Counted(a.stamp, a.rows + 1));
                        }));
        return rows;
    }

    private static Row ordered(Row row, List<String> names, List<String> wanted) {
        List<String> texts = new ArrayList<>();
        for (String name : wanted) {
            int place = names.indexOf(name);
            texts.add(place < 0 ? null : row.text(place).orElse(null));
        }
        return Row.ofTexts(texts);
    }
}
