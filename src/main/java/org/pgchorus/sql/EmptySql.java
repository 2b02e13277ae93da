package org.pgchorus.sql;

import org.pgchorus.model.Table;

import java.util.List;
import java.util.stream.Collectors;

/**
 * The statements that apply a TRUNCATE: rows that may be newer than it, or that its writer had not
 * seen, are looked at one by one; all others go in one statement.
 */
public final class EmptySql {
    private static final String COMMITTED =
            "coalesce(pg_catalog.pg_xact_commit_timestamp(t.xmin), '-infinity')";

    /** The replica identity of a table, if it is one that names no row; parameter: its oid. */
    public static final String UNNAMED =
            """
            SELECT CASE relreplident WHEN 'n' THEN 'NOTHING' ELSE 'DEFAULT' END
            FROM pg_catalog.pg_class WHERE oid = ?::oid AND relreplident IN ('d', 'n')\
            """;

    private EmptySql() {}

    /** Keeps every other writer out until the transaction ends, and waits for those inside. */
    public static String lock(Table table) {
        return "LOCK TABLE ONLY " + Sql.name(table.name()) + " IN EXCLUSIVE MODE";
    }

    /** Keeps everybody out until the transaction ends, as the TRUNCATE did at its own node. */
    public static String lockAlone(Table table) {
        return "LOCK TABLE ONLY " + Sql.name(table.name()) + " IN ACCESS EXCLUSIVE MODE";
    }

    /** Gives a table another replica identity. */
    public static String identity(Table table, String identity) {
        return "ALTER TABLE " + Sql.name(table.name()) + " REPLICA IDENTITY " + identity;
    }

    /** Keeps TRUNCATE out until the transaction ends. */
    public static String lockForInserts(Table table) {
        return "LOCK TABLE ONLY " + Sql.name(table.name()) + " IN ROW EXCLUSIVE MODE";
    }

    /**
     * Recent rows in the order of their places: place, key. Parameters: cutoff in micros twice, the
     * place to go on after, how many.
     */
    public static String recent(Table table) {
        String key =
                table.key().stream()
                        .map(column -> "t." + Sql.name(column) + "::text")
                        .collect(Collectors.joining(", "));
        return """
        SELECT t.ctid::text, %s FROM ONLY %s AS t WHERE (%s) AND t.ctid > ?::tid \
        ORDER BY t.ctid LIMIT ?::bigint\
        """
                .formatted(key, Sql.name(table.name()), isRecent(table));
    }

    /** Removes all rows but the recent ones. Parameter: cutoff in micros, twice. */
    public static String deleteOlder(Table table) {
        return "DELETE FROM ONLY %s AS t WHERE NOT (%s)"
                .formatted(Sql.name(table.name()), isRecent(table));
    }

    /**
     * May be true of too many rows. A group's transaction has the highest time of all its rows; its
     * own is asked about for rows whose transaction's time is not kept any more.
     */
    private static String isRecent(Table table) {
        return """
        %1$s > pgchorus.instant(?::bigint) OR EXISTS (SELECT FROM pgchorus.stamp_entry s \
        WHERE s.relation = %2$d AND s.row_xmin = t.xmin) \
        OR EXISTS (SELECT FROM pgchorus.stamp_group g \
        WHERE g.relation = %2$d AND g.row_xmin = t.xmin AND g.last_micros > ?::bigint)\
        """
                .formatted(COMMITTED, table.oid());
    }

    /**
     * Removes the rows of a table without a key that the TRUNCATE beats. Parameters: its commit
     * time in micros, its writer, the same twice again.
     */
    public static String deleteBeaten(Table table) {
        return """
        DELETE FROM ONLY %s AS t WHERE %s < pgchorus.instant(?::bigint) \
        OR pgchorus.writer((pg_catalog.pg_xact_commit_timestamp_origin(t.xmin)).roident) = ?::int \
        OR (%s = pgchorus.instant(?::bigint) \
        AND pgchorus.writer((pg_catalog.pg_xact_commit_timestamp_origin(t.xmin)).roident) < ?::int)\
        """
                .formatted(Sql.name(table.name()), COMMITTED, COMMITTED);
    }

    /**
     * Those rows of them that came late and were written by others than the TRUNCATE's writer, in
     * the order of their places: place, micros, writer, the columns. Parameters: the moment after
     * which they were committed, in micros; then as {@link #deleteBeaten} without the second one;
     * its writer; the place to go on after, how many.
     */
    public static String beatenLate(Table table, List<String> columns) {
        return """
        SELECT t.ctid::text, pgchorus.micros(x.timestamp), pgchorus.writer(x.roident), %s \
        FROM ONLY %s AS t CROSS JOIN LATERAL pg_xact_commit_timestamp_origin(t.xmin) x \
        WHERE x.timestamp > pgchorus.instant(?::bigint) \
        AND (x.timestamp < pgchorus.instant(?::bigint) \
        OR (x.timestamp = pgchorus.instant(?::bigint) AND pgchorus.writer(x.roident) < ?::int)) \
        AND pgchorus.writer(x.roident) <> ?::int \
        AND t.ctid > ?::tid ORDER BY t.ctid LIMIT ?::bigint\
        """
                .formatted(
                        columns.stream()
                                .map(column -> "t." + Sql.name(column))
                                .collect(Collectors.joining(", ")),
                        Sql.name(table.name()));
    }

    /** Leaves the tombstone of the whole table. */
    public static String bury(Table table) {
        return "INSERT INTO pgchorus.tombstone_entry (relation, hash, hash2) VALUES (%d, 0, 0)"
                .formatted(table.oid());
    }
}
