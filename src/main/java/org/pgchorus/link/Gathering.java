package org.pgchorus.link;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What several changes come to: for each row the last version only, in as few stages as the order
 * of changes to one row allows. Stages are done one after the other; within a stage no row is
 * changed twice, so the order does not matter.
 *
 * <p>Commit times must not fall from one change of a row to the next: {@link #mayTake}. Pure; one
 * thread.
 */
final class Gathering {
    private final List<Map<BulkTable, Part>> stages = new ArrayList<>();
    private int changes;
    private long highestMicros = Long.MIN_VALUE;

    /** The changes of one table in one stage; those of rows without a key in a list. */
    static final class Part {
        private final Map<RowKey, Change> byKey = new LinkedHashMap<>();
        private final List<Change> keyless = new ArrayList<>();

        /** The changes of one kind, in the order in which their rows came first. */
        List<Change> of(Change.Operation operation) {
            List<Change> found = new ArrayList<>();
            for (Change change : byKey.values()) {
                if (change.operation() == operation) {
                    found.add(change);
                }
            }
            if (operation == Change.Operation.INSERT) {
                found.addAll(keyless);
            }
            return found;
        }
    }

    /** The stages, each by table in the order in which the tables came. */
    List<Map<BulkTable, Part>> stages() {
        return stages;
    }

    /** How many changes it was given since it was empty. */
    int changes() {
        return changes;
    }

    /** The highest commit time among them. */
    long highestMicros() {
        return highestMicros;
    }

    /** Forgets them. */
    void clear() {
        stages.clear();
        changes = 0;
        highestMicros = Long.MIN_VALUE;
    }

    /** Whether the changes of a transaction may come on top: no row would go back in time. */
    boolean mayTake(List<Change> transaction, long micros) {
        if (micros >= highestMicros) {
            return true;
        }
        for (Change change : transaction) {
            if (change.key() != null && latest(change) > micros) {
                return false;
            }
        }
        return true;
    }

    private long latest(Change change) {
        long latest = Long.MIN_VALUE;
        for (Map<BulkTable, Part> stage : stages) {
            Part part = stage.get(change.table());
            Change last = part == null ? null : part.byKey.get(change.key());
            latest = last == null ? latest : Math.max(latest, last.micros());
        }
        return latest;
    }

    /** Adds a change behind all others. */
    void add(Change change) {
        changes++;
        highestMicros = Math.max(highestMicros, change.micros());
        if (stages.isEmpty()) {
            stages.add(new LinkedHashMap<>());
        }
        if (!put(stages.getLast(), change)) {
            stages.add(new LinkedHashMap<>());
            put(stages.getLast(), change);
        }
    }

    /** Puts a change into a stage; false if what that does to the row already has to come first. */
    private static boolean put(Map<BulkTable, Part> stage, Change change) {
        Part part = stage.computeIfAbsent(change.table(), table -> new Part());
        if (change.key() == null) {
            part.keyless.add(change);
            return true;
        }
        Change before = part.byKey.putIfAbsent(change.key(), change);
        if (before == null) {
            return true;
        }
        return switch (before.operation()) {
            case INSERT -> replaced(part, change, Change.Operation.UPDATE, before.operation());
            case UPDATE ->
                    change.operation() != Change.Operation.INSERT
                            && replaced(part, change, change.operation(), change.operation());
            case DELETE -> false;
        };
    }

    private static boolean replaced(
            Part part, Change change, Change.Operation wanted, Change.Operation result) {
        if (change.operation() != wanted) {
            return false;
        }
        part.byKey.put(change.key(), change.as(result));
        return true;
    }
}
