package org.pgchorus.link;

import org.pgchorus.conflict.Counting;
import org.pgchorus.conflict.Policy;
import org.pgchorus.model.Row;
import org.pgchorus.model.Stamp;
import org.pgchorus.model.Table;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.CounterSql;
import org.pgchorus.sql.RowSql;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The delta columns of rows: what changes add to them, and what was added lately. {@link Counting}
 * says what is to be done; this does it.
 *
 * <p>One thread, the session's.
 */
final class Counters {
    private final Session target;
    private final Map<Table, CounterSql> statements = new HashMap<>();

    Counters(Session target) {
        this.target = target;
    }

    /**
     * What a change adds, by the columns' places in the source's rows.
     *
     * @param before the row as it was; empty for an insert or a row under a new key
     * @throws PgError.Refused if the change does not say it
     */
    Map<Integer, BigDecimal> amounts(RowSql sql, Policy policy, Row after, Optional<Row> before) {
        Map<Integer, BigDecimal> amounts = new TreeMap<>();
        for (String column : policy.deltaColumns()) {
            int place = sql.columnNames().indexOf(column);
            if (place < 0 || after.isUnchanged(place)) {
                throw PgError.refused(
                        "the source does not send the delta column %s of table %s; it takes part"
                                        .formatted(column, sql.table().name())
                                + " in full only with REPLICA IDENTITY FULL there");
            }
            try {
                amounts.put(place, Counting.amount(after, before, place));
            } catch (NumberFormatException e) {
                throw PgError.refused(
                        "the delta column %s of table %s is no finite number in %s or %s"
                                .formatted(column, sql.table().name(), after, before),
                        e);
            }
        }
        return amounts;
    }

    /** A row with these amounts in its delta columns, added to those of another or to zero. */
    static Row add(Row row, Optional<Row> base, Map<Integer, BigDecimal> amounts) {
        Map<Integer, BigDecimal> values = new TreeMap<>();
        amounts.forEach((place, amount) ->
                values.put(
                        place,
                        base.map(b -> Counting.number(b, place).add(amount)).orElse(amount)));
        return with(row, values);
    }

    private static Row with(Row row, Map<Integer, BigDecimal> values) {
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < row.size(); i++) {
            BigDecimal value = values.get(i);
            texts.add(value == null ? row.text(i).orElse(null) : value.toPlainString());
        }
        return Row.ofTexts(texts);
    }

    /** Notes what was added, under the stamp of the transaction under way. */
    void note(RowSql sql, List<String> key, Map<Integer, BigDecimal> amounts) {
        amounts.forEach((place, amount) -> {
            if (amount.signum() != 0) {
                String column = sql.columnNames().get(place);
                target.update(of(sql).add, key, key, key, column, amount.toPlainString());
            }
        });
    }

    /** A row with only what was added to its delta columns after a delete. */
    Row recounted(RowSql sql, List<String> key, Policy policy, Row row, Stamp erased) {
        Map<String, BigDecimal> sums = new HashMap<>();
        target.query(
                        of(sql).sums,
                        answer -> Map.entry(answer.text(1), new BigDecimal(answer.text(2))),
                        key,
                        key,
                        erased.micros(),
                        erased.node())
                .forEach(sum -> sums.put(sum.getKey(), sum.getValue()));
        Map<Integer, BigDecimal> values = new TreeMap<>();
        for (String column : policy.deltaColumns()) {
            values.put(
                    sql.columnNames().indexOf(column), sums.getOrDefault(column, BigDecimal.ZERO));
        }
        return with(row, values);
    }

    private CounterSql of(RowSql sql) {
        return statements.computeIfAbsent(sql.table(), CounterSql::new);
    }
}
