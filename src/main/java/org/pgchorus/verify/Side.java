package org.pgchorus.verify;

import org.pgchorus.model.NodeName;
import org.pgchorus.model.Table;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.VerifySql;
import org.pgchorus.sql.VerifySql.Pages;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BinaryOperator;
import java.util.function.Consumer;

/**
 * One table on one node, read in the ways that comparing takes. One thread at a time.
 *
 * @param pages how large it was when this began; 0 if its rows are in other tables
 */
record Side(Node node, Table table, VerifySql sql, long pages) {
    /** Keys asked for at once: their texts are in the statement. */
    private static final int KEYS_AT_ONCE = 1000;

    NodeName name() {
        return node.name();
    }

    private Session session() {
        return node.session();
    }

    /** Rows and hashes of a range of keys. */
    Sums sums(KeyRange range) {
        return session()
                .first(
                        sql.sums(range.from().isPresent(), range.before().isPresent()),
                        row ->
                                new Sums(
                                        row.number(1),
                                        new BigInteger(row.text(2)),
                                        new BigInteger(row.text(3))),
                        range.parameters())
                .orElseThrow();
    }

    /** The key so many rows behind the start of a range, if it has more. */
    Optional<RowKey> bound(KeyRange range, long rows) {
        return session()
                .first(
                        sql.bound(range.from().isPresent(), range.before().isPresent()),
                        row -> new RowKey(row.texts(1)),
                        range.parameters(rows));
    }

    /** Every so many-th key of a range. */
    List<RowKey> bounds(KeyRange range, long step) {
        return session()
                .query(
                        sql.bounds(range.from().isPresent(), range.before().isPresent()),
                        row -> new RowKey(row.texts(1)),
                        range.parameters(step));
    }

    /** The rows of a range. */
    Map<RowKey, RowVersion> listing(KeyRange range) {
        Map<RowKey, RowVersion> rows = new HashMap<>();
        read(
                rows,
                RowVersion::and,
                sql.listing(range.from().isPresent(), range.before().isPresent()),
                range.parameters());
        return rows;
    }

    private void read(
            Map<RowKey, RowVersion> into,
            BinaryOperator<RowVersion> both,
            String statement,
            Object... parameters) {
        session()
                .query(
                        statement,
                        row -> {
                            into.merge(
                                    new RowKey(row.texts(1)),
                                    new RowVersion(row.text(2), row.text(3)),
                                    both);
                            return 0;
                        },
                        parameters);
    }

    /** Rows by their keys, or, without keys, by their hashes; those that are not there lack. */
    Map<RowKey, RowVersion> listing(Collection<RowKey> keys) {
        Map<RowKey, RowVersion> rows = new HashMap<>();
        if (table.hasKey()) {
            for (List<RowKey> some : portions(keys)) {
                read(rows, RowVersion::and, sql.listingOfKeys(), byColumn(some));
            }
            return rows;
        }
        Object hashes = firstHashes(keys);
        sweep(part -> read(rows, RowVersion::plus, sql.listingOfHashes(part), hashes));
        rows.keySet().retainAll(new HashSet<>(keys));
        return rows;
    }

    private static List<List<RowKey>> portions(Collection<RowKey> keys) {
        List<RowKey> all = List.copyOf(keys);
        List<List<RowKey>> portions = new ArrayList<>();
        for (int from = 0; from < all.size(); from += KEYS_AT_ONCE) {
            portions.add(all.subList(from, Math.min(all.size(), from + KEYS_AT_ONCE)));
        }
        return portions;
    }

    /** The texts of each key column, an array each. */
    Object[] byColumn(List<RowKey> keys) {
        Object[] columns = new Object[table.key().size()];
        for (int i = 0; i < columns.length; i++) {
            int place = i;
            columns[i] = keys.stream().map(k -> k.values().get(place)).toArray(String[]::new);
        }
        return columns;
    }

    /** The first hash of each, for rows without a key. */
    static Object firstHashes(Collection<RowKey> keys) {
        return keys.stream().map(k -> k.values().getFirst()).distinct().toArray(String[]::new);
    }

    /** Rows and hashes of the whole table, divided by a hash of the key. */
    Map<Integer, Sums> buckets(Consumer<Long> rowsRead) {
        Map<Integer, Sums> buckets = new HashMap<>();
        sweep(part -> {
            long[] rows = new long[1];
            session()
                    .query(
                            sql.sweep(part),
                            row -> {
                                rows[0] += row.number(2);
                                buckets.merge(
                                        (int) row.number(1),
                                        new Sums(
                                                row.number(2),
                                                new BigInteger(row.text(3)),
                                                new BigInteger(row.text(4))),
                                        Sums::plus);
                                return 0;
                            });
            rowsRead.accept(rows[0]);
        });
        return buckets;
    }

    /** The rows of some of these. */
    Map<RowKey, RowVersion> listingOfBuckets(Collection<Integer> buckets) {
        Map<RowKey, RowVersion> rows = new HashMap<>();
        Object numbers = buckets.stream().map(String::valueOf).toArray(String[]::new);
        BinaryOperator<RowVersion> both = table.hasKey() ? RowVersion::and : RowVersion::plus;
        sweep(part -> read(rows, both, sql.listingOfBuckets(part), numbers));
        return rows;
    }

    /**
     * All pages, some at a time. A row that moves meanwhile may be met twice or not at all; it is
     * looked at again then.
     */
    private void sweep(Consumer<Pages> reading) {
        RangeSize size = RangeSize.ofPages();
        long from = 0;
        while (from + size.get() < pages) {
            long before = from + size.get();
            long began = System.nanoTime();
            reading.accept(new Pages(from, before));
            size.took(before - from, (System.nanoTime() - began) / 1000);
            from = before;
        }
        reading.accept(new Pages(from, Long.MAX_VALUE));
    }

    /** Keys that the node may still change by itself. */
    Set<RowKey> mending() {
        return new HashSet<>(
                session()
                        .query(
                                VerifySql.MENDING,
                                row -> new RowKey(row.texts(1)),
                                table.oid(),
                                table.oid()));
    }
}
