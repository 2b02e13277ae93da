package org.pgchorus.pg;

import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A whole answer with the names of its columns, to be shown to people. Immutable.
 *
 * @param columns none for a statement that answers no rows
 * @param rows the values' texts; empty for NULL and for the empty text, as psql shows both
 * @param changed rows that a statement without an answer touched
 */
public record Sheet(List<Column> columns, List<List<String>> rows, long changed) {
    private static final Set<Integer> NUMBERS =
            Set.of(
                    Types.SMALLINT,
                    Types.INTEGER,
                    Types.BIGINT,
                    Types.NUMERIC,
                    Types.REAL,
                    Types.DOUBLE);

    /**
     * One column.
     *
     * @param isNumber whether its values are numbers, which stand flush right
     */
    public record Column(String name, boolean isNumber) {}

    static Sheet changed(long rows) {
        return new Sheet(List.of(), List.of(), rows);
    }

    static Sheet of(ResultSet answer) throws SQLException {
        ResultSetMetaData meta = answer.getMetaData();
        List<Column> columns = new ArrayList<>();
        for (int i = 1; i <= meta.getColumnCount(); i++) {
            columns.add(
                    new Column(meta.getColumnLabel(i), NUMBERS.contains(meta.getColumnType(i))));
        }
        List<List<String>> rows = new ArrayList<>();
        while (answer.next()) {
            List<String> row = new ArrayList<>();
            for (int i = 1; i <= columns.size(); i++) {
                row.add(Optional.ofNullable(answer.getString(i)).orElse(""));
            }
            rows.add(List.copyOf(row));
        }
        return new Sheet(List.copyOf(columns), List.copyOf(rows), 0);
    }

    /** The value of the one row's one column. */
    public String value() {
        if (rows.size() != 1 || columns.size() != 1) {
            throw new IllegalStateException(
                    "%d rows of %d columns are not one value"
                            .formatted(rows.size(), columns.size()));
        }
        return rows.getFirst().getFirst();
    }

    /** The values of one column, by its name. */
    public List<String> column(String name) {
        List<String> names = columns.stream().map(Column::name).toList();
        int place = names.indexOf(name);
        if (place < 0) {
            throw new IllegalArgumentException("no column " + name + " among " + names);
        }
        return rows.stream().map(row -> row.get(place)).toList();
    }
}
