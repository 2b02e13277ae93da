package org.pgchorus.verify;

import org.pgchorus.model.NodeName;
import org.pgchorus.sql.VerifySql;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Compares a table range by range of its key; ranges that differ are divided until their rows can
 * be listed. One thread.
 */
final class RangeWalk {
    /** A list that is sooner read than divided again. */
    private static final long LISTED_ROWS = 2_000;

    /** Parts of a range that differs. */
    private static final long PARTS = 16;

    private final Sides sides;
    private final Settling settling;
    private final RowCount counted;

    RangeWalk(Sides sides, Settling settling, RowCount counted) {
        this.sides = sides;
        this.settling = settling;
        this.counted = counted;
    }

    /** Compares all; returns whether it came to the end. */
    boolean walk() throws Unreadable, InterruptedException {
        sides.all(side -> {
            side.node().session().execute(VerifySql.BY_INDEX);
            return 0;
        });
        return walk(KeyRange.ALL, Optional.empty());
    }

    /**
     * @param guide the node whose keys are counted to find bounds; all in turn if empty
     */
    private boolean walk(KeyRange range, Optional<NodeName> guide)
            throws Unreadable, InterruptedException {
        RangeSize size = RangeSize.ofRows();
        KeyRange rest = range;
        while (true) {
            if (settling.full()) {
                return false;
            }
            Optional<RowKey> bound = bound(rest, counted.atOnce(size.get()), guide);
            KeyRange part = bound.map(rest::until).orElse(rest);
            long began = System.nanoTime();
            try {
                Map<NodeName, Sums> sums = sides.all(side -> side.sums(part));
                size.took(most(sums), (System.nanoTime() - began) / 1000);
                counted.add(sums);
                narrow(part, sums);
            } catch (Unreadable e) {
                if (!e.tookTooLong()) {
                    throw e;
                }
                // Its rows are counted from now on, instead of another node's.
                if (guide.equals(Optional.of(e.node()))) {
                    if (!size.halve()) {
                        throw e;
                    }
                    continue;
                }
                if (!walk(part, Optional.of(e.node()))) {
                    return false;
                }
            }
            if (bound.isEmpty()) {
                return !settling.full();
            }
            rest = rest.since(bound.get());
        }
    }

    /** A node may have rows where another has come to its end. */
    private Optional<RowKey> bound(KeyRange range, long rows, Optional<NodeName> guide)
            throws Unreadable {
        Map<NodeName, Optional<RowKey>> bounds = new HashMap<>();
        for (Side side : sides.each()) {
            if (guide.isEmpty() || guide.get().equals(side.name())) {
                bounds.putAll(
                        Sides.ask(
                                List.of(side),
                                Side::name,
                                s -> s.bound(range, rows),
                                Runnable::run));
                if (bounds.get(side.name()).isPresent()) {
                    return bounds.get(side.name());
                }
            }
        }
        return Optional.empty();
    }

    private static long most(Map<NodeName, Sums> sums) {
        return sums.values().stream().mapToLong(Sums::rows).max().orElse(0);
    }

    private void narrow(KeyRange range, Map<NodeName, Sums> sums)
            throws Unreadable, InterruptedException {
        if (settling.full() || sums.values().stream().distinct().count() == 1) {
            return;
        }
        long rows = most(sums);
        if (rows <= LISTED_ROWS) {
            list(range);
            return;
        }
        long step = Math.max(LISTED_ROWS / 2, rows / PARTS);
        NodeName largest =
                sums.entrySet().stream()
                        .max(Comparator.comparingLong(e -> e.getValue().rows()))
                        .orElseThrow()
                        .getKey();
        List<RowKey> bounds =
                Sides.ask(
                                List.of(sides.side(largest)),
                                Side::name,
                                s -> s.bounds(range, step),
                                Runnable::run)
                        .get(largest);
        if (bounds.isEmpty()) {
            list(range);
            return;
        }
        for (KeyRange part : range.cut(bounds)) {
            narrow(part, sides.all(side -> side.sums(part)));
        }
    }

    private void list(KeyRange range) throws Unreadable, InterruptedException {
        settling.add(Differ.suspects(sides.all(side -> side.listing(range))));
    }
}
