package org.pgchorus.pg;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One statement for {@link Session#together}, and afterwards what came of it.
 *
 * <p>One thread, the session's.
 */
public final class Asked<T> {
    final String sql;
    final Object[] parameters;
    private final Session.Reader<T> reader;
    private final List<T> rows = new ArrayList<>();
    private int count;

    private Asked(String sql, Session.Reader<T> reader, Object[] parameters) {
        this.sql = sql;
        this.reader = reader;
        this.parameters = parameters;
    }

    /** A question; each {@code ?} takes the next parameter as text. */
    public static <T> Asked<T> rows(String sql, Session.Reader<T> reader, Object... parameters) {
        return new Asked<>(sql, reader, parameters);
    }

    /** A change; parameters as for {@link #rows}. */
    public static Asked<Void> change(String sql, Object... parameters) {
        return new Asked<>(sql, row -> null, parameters);
    }

    /** The rows of the answer. */
    public List<T> rows() {
        return rows;
    }

    /** The first row, if there is one. */
    public Optional<T> first() {
        return rows.stream().findFirst();
    }

    /** How many rows a change touched. */
    public int count() {
        return count;
    }

    /** Takes the result that the driver stands at. */
    void take(PreparedStatement statement, boolean isRows) throws SQLException {
        if (!isRows) {
            count = statement.getUpdateCount();
            return;
        }
        try (ResultSet results = statement.getResultSet()) {
            Session.Answer answer = new Session.Answer(results);
            while (results.next()) {
                rows.add(reader.read(answer));
            }
        }
    }
}
