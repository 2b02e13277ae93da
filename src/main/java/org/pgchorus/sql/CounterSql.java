package org.pgchorus.sql;

import org.pgchorus.model.Table;

/** What was added to the delta columns of one table. Immutable; safe to share between threads. */
public final class CounterSql {
    /** Notes an amount; parameters: key three times, column, amount. */
    public final String add;

    /**
     * Sums of what was added to a key under higher stamps than a given one: column, sum; what the
     * transaction under way added is not among it. Parameters: key twice, micros, node.
     */
    public final String sums;

    /** For a table with a key. */
    public CounterSql(Table table) {
        String hash = KeySql.hashOfParameters(table, 0);
        String hash2 = KeySql.hashOfParameters(table, 1);
        add =
                """
                INSERT INTO pgchorus.delta_entry (relation, hash, hash2, key, column_name, amount) \
                VALUES (%d, %s, %s, %s, ?, ?::numeric)\
                """
                        .formatted(table.oid(), hash, hash2, KeySql.textsOfParameters(table));
        sums =
                """
                SELECT e.column_name, sum(e.amount) FROM pgchorus.delta_entry e \
                CROSS JOIN LATERAL pg_catalog.pg_xact_commit_timestamp_origin(e.xmin) x \
                WHERE e.relation = %d AND e.hash = %s AND e.hash2 = %s \
                AND (coalesce(e.micros, pgchorus.micros(x.timestamp)), \
                coalesce(e.node, pgchorus.writer(x.roident))) > (?::bigint, ?::integer) \
                GROUP BY e.column_name\
                """
                        .formatted(table.oid(), hash, hash2);
    }
}
