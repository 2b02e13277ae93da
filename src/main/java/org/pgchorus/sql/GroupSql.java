package org.pgchorus.sql;

import org.pgchorus.model.Table;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The statement by which a transaction that stands for several of one writer's keeps the true
 * stamps of the rows it wrote.
 *
 * <p>The transaction itself has the stamp of the last of them. So that no row is read with a wrong
 * one:
 *
 * <ul>
 *   <li>every key that an earlier one wrote is named with the commit time of the last one that
 *       wrote it, also where that is the very last;
 *   <li>commit times do not fall inside a group, which in a writer's log they may: the last is the
 *       highest;
 *   <li>rows are written at the top of the transaction, never under a savepoint, whose rows have
 *       another xmin;
 *   <li>a table without a key has no other stamps than those of its rows' xmin: only the last
 *       transaction of a group may write to one;
 *   <li>nor may another write to one with triggers that fire for what is applied: what these write
 *       goes by the stamp of their transaction, and so do the images of {@link ImageSql};
 *   <li>tombstones and what is added to delta columns are given their stamps in their own rows.
 * </ul>
 *
 * <p>Who looks for one row's stamp reads through all that its transaction noted for the table, so a
 * group had better end at some hundreds of rows; a large transaction is best left alone, and then
 * needs no notes.
 */
public final class GroupSql {
    private GroupSql() {}

    /**
     * Keeps the stamps of rows of one table; nothing if there are none. It may be said several
     * times in a transaction.
     *
     * <p>For the extended protocol. Parameters: a {@code text[]} for each key column, in key order;
     * the commit times in micros as {@code bigint[]}; the writer's id as {@code smallint}. The
     * arrays are of one length. Values are taken as a column of that type takes them, by this
     * session's own settings.
     */
    public static String noteStamps(Table table) {
        int keys = table.key().size();
        if (keys == 0) {
            throw new IllegalArgumentException("table %s has no key".formatted(table.name()));
        }
        List<String> typed =
                IntStream.range(0, keys)
                        .mapToObj(i ->
                                "v.k%d::%s".formatted(i, KeySql.typeOf(table, table.key().get(i))))
                        .toList();
        String arrays =
                IntStream.rangeClosed(1, keys)
                        .mapToObj(i -> "$%d::text[], ".formatted(i))
                        .collect(Collectors.joining());
        String names =
                IntStream.range(0, keys)
                        .mapToObj(i -> "k%d, ".formatted(i))
                        .collect(Collectors.joining());
        return """
        INSERT INTO pgchorus.stamp_group \
        (row_xmin, relation, node, hashes, hashes2, micros, last_micros) \
        SELECT pg_catalog.pg_current_xact_id()::xid, %d, $%d::smallint, \
        pg_catalog.array_agg(%s), pg_catalog.array_agg(%s), \
        pg_catalog.array_agg(v.micros), pg_catalog.max(v.micros) \
        FROM unnest(%s$%d::bigint[]) v (%smicros) \
        HAVING pg_catalog.count(*) > 0\
        """
                .formatted(
                        table.oid(),
                        keys + 2,
                        KeySql.hash(typed, 0),
                        KeySql.hash(typed, 1),
                        arrays,
                        keys + 1,
                        names);
    }
}
