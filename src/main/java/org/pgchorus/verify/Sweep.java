package org.pgchorus.verify;

import org.pgchorus.model.NodeName;
import org.pgchorus.sql.VerifySql;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Compares a table that cannot be walked by key: every node reads all of its own pages, and rows
 * are divided by a hash of their keys; without a key, of the rows themselves. One thread.
 */
final class Sweep {
    /** Rows listed at once: the whole table is read again for each such portion. */
    private static final long LISTED_ROWS = 200_000;

    private final Sides sides;
    private final Settling settling;
    private final RowCount counted;

    Sweep(Sides sides, Settling settling, RowCount counted) {
        this.sides = sides;
        this.settling = settling;
        this.counted = counted;
    }

    /** Compares all; returns whether it came to the end. */
    boolean sweep() throws Unreadable, InterruptedException {
        Map<NodeName, Map<Integer, Sums>> all =
                sides.all(side -> {
                    side.node().session().execute(VerifySql.BY_PAGES);
                    return side.buckets(rows -> counted.add(side.name(), rows));
                });
        List<Integer> portion = new ArrayList<>();
        long rows = 0;
        for (int bucket = 0; bucket < VerifySql.BUCKETS; bucket++) {
            long most = mostIfUnlike(all, bucket);
            if (most > 0) {
                if (rows > 0 && rows + most > LISTED_ROWS) {
                    list(portion);
                    portion.clear();
                    rows = 0;
                }
                portion.add(bucket);
                rows += most;
            }
            if (settling.full()) {
                return false;
            }
        }
        list(portion);
        return !settling.full();
    }

    /** How many rows of a bucket a node has at most; 0 if all have the same. */
    private static long mostIfUnlike(Map<NodeName, Map<Integer, Sums>> all, int bucket) {
        List<Sums> sums =
                all.values().stream().map(of -> of.getOrDefault(bucket, Sums.NONE)).toList();
        return sums.stream().distinct().count() == 1
                ? 0
                : sums.stream().mapToLong(Sums::rows).max().orElse(0);
    }

    private void list(List<Integer> buckets) throws Unreadable, InterruptedException {
        if (!buckets.isEmpty()) {
            List<Integer> some = List.copyOf(buckets);
            settling.add(Differ.suspects(sides.all(side -> side.listingOfBuckets(some))));
        }
    }
}
