package org.pgchorus.sql;

import org.pgchorus.model.Table;

/**
 * How the true stamp of a row is found where its xmin does not carry it.
 *
 * <p>Row by row and for a whole table are said differently: a group of transactions is looked
 * through as a whole for each row asked about, which is right for one row and wrong for a million.
 */
final class StampSql {
    private StampSql() {}

    /** The stamp given to the row {@code t}: micros, node; one row or none. */
    static String ofOne(Table table) {
        return "SELECT s.micros, s.node FROM pgchorus.stamp s WHERE %s LIMIT 1"
                .formatted(given(table, "s"));
    }

    /** Joins the stamps given to the rows of the table {@code t}, as {@code o}. */
    static String joined(Table table) {
        return "LEFT JOIN pgchorus.stamp o ON " + given(table, "o");
    }

    private static String given(Table table, String stamp) {
        return "%1$s.relation = %2$d AND %1$s.hash = %3$s AND %1$s.hash2 = %4$s"
                        .formatted(
                                stamp,
                                table.oid(),
                                KeySql.hashOfRow(table, "t", 0),
                                KeySql.hashOfRow(table, "t", 1))
                + " AND %s.row_xmin = t.xmin".formatted(stamp);
    }
}
