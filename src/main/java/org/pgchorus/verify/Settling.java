package org.pgchorus.verify;

import org.pgchorus.model.LinkName;
import org.pgchorus.model.NodeName;
import org.pgchorus.model.TableName;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads the suspects of one table again, behind fences, until each is cleared or confirmed. One
 * thread.
 */
final class Settling {
    /** Settled together; each is a few hundred bytes here. */
    private static final int BATCH = 5_000;

    /** Rows that never stand still are kept for the end, so many at most. */
    private static final int MOST_WAITING = 50_000;

    /** In the middle of a table: those left then are hot, and wait for the end. */
    private static final int ROUNDS_BETWEEN = 3;

    /** More say nothing new. */
    private static final int MOST_CONFIRMED = 10_000;

    /**
     * A node looks every second at what it may still mend by itself. What it has left alone for
     * this long it will not mend.
     */
    private static final long MENDING_NANOS = Duration.ofSeconds(10).toNanos();

    private final TableName table;
    private final Sides sides;
    private final Fence fence;
    private final Duration patience;
    private final VerifyProgress progress;
    private final Map<RowKey, Suspect> waiting = new LinkedHashMap<>();
    private final Map<RowKey, Long> mendingSince = new HashMap<>();
    private final List<Suspect> confirmed = new ArrayList<>();
    private String reason = "";

    /**
     * @param patience how long rows that never stand still are looked at again at the end
     */
    Settling(
            TableName table, Sides sides, Fence fence, Duration patience, VerifyProgress progress) {
        this.table = table;
        this.sides = sides;
        this.fence = fence;
        this.patience = patience;
        this.progress = progress;
    }

    /** Takes rows that differed; settles them when they are many. */
    void add(List<Suspect> suspects) throws Unreadable, InterruptedException {
        suspects.forEach(suspect -> waiting.put(suspect.key(), suspect));
        if (waiting.size() >= BATCH && !full()) {
            settle(ROUNDS_BETWEEN, Long.MAX_VALUE);
        }
    }

    /** Whether it makes no sense to look for more. */
    boolean full() {
        return confirmed.size() >= MOST_CONFIRMED || waiting.size() >= MOST_WAITING;
    }

    /** Settles what is left. */
    void finish() throws Unreadable, InterruptedException {
        settle(Integer.MAX_VALUE, System.nanoTime() + patience.toNanos());
    }

    private void settle(int rounds, long deadline) throws Unreadable, InterruptedException {
        for (int round = 0; round < rounds && !waiting.isEmpty(); round++) {
            progress.waiting(table, waiting.size());
            List<LinkName> late = fence.pass();
            if (!late.isEmpty()) {
                reason =
                        "what is under way does not arrive: "
                                + String.join(", ", late.stream().map(LinkName::toString).toList());
                return;
            }
            readAgain();
            if (!waiting.isEmpty() && System.nanoTime() > deadline) {
                reason = "they change all the time";
                return;
            }
        }
    }

    private void readAgain() throws Unreadable {
        List<RowKey> keys = List.copyOf(waiting.keySet());
        // In this order: what was mended meanwhile is seen by the reading.
        Set<RowKey> mending = new HashSet<>();
        sides.all(Side::mending).values().forEach(mending::addAll);
        Map<NodeName, Map<RowKey, RowVersion>> listings = sides.all(side -> side.listing(keys));
        for (RowKey key : keys) {
            Map<NodeName, RowVersion> again = new HashMap<>();
            listings.forEach((node, rows) -> {
                if (rows.containsKey(key)) {
                    again.put(node, rows.get(key));
                }
            });
            Suspect suspect = waiting.get(key);
            boolean keyed = sides.each().getFirst().table().hasKey();
            switch (Differ.rule(suspect, again, listings.keySet(), keyed)) {
                case Ruling.Cleared() -> forget(key);
                case Ruling.Again(Suspect next) -> waiting.put(key, next);
                case Ruling.Confirmed() -> {
                    if (!mending.contains(key) || mendingIsOver(key)) {
                        forget(key);
                        confirmed.add(suspect);
                    }
                }
            }
        }
        mendingSince.keySet().retainAll(mending);
    }

    private boolean mendingIsOver(RowKey key) {
        long now = System.nanoTime();
        return now - mendingSince.computeIfAbsent(key, _ -> now) > MENDING_NANOS;
    }

    private void forget(RowKey key) {
        waiting.remove(key);
        mendingSince.remove(key);
    }

    /** The rows that differ, as they were first seen. */
    List<Suspect> confirmed() {
        return confirmed;
    }

    /** How many never stood still, or could not be settled. */
    long unsettled() {
        return waiting.size();
    }

    /** Why. */
    String reason() {
        return reason;
    }
}
