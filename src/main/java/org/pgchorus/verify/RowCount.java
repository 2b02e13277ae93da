package org.pgchorus.verify;

import org.pgchorus.model.NodeName;
import org.pgchorus.model.TableName;

import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;

/** How many rows of a table were read of each node. Any thread. */
final class RowCount {
    private final TableName table;
    private final VerifyProgress progress;
    private final SortedMap<NodeName, Long> rows = new TreeMap<>();
    private final AtomicLong told = new AtomicLong();
    private final Pace pace;
    private final long beganNanos = System.nanoTime();

    RowCount(TableName table, VerifyProgress progress, Pace pace) {
        this.table = table;
        this.progress = progress;
        this.pace = pace;
    }

    /** Counts, and waits if these were too many for the time. */
    void add(NodeName node, long more) {
        pace.await(tally(node, more), beganNanos);
    }

    private synchronized long tally(NodeName node, long more) {
        long now = rows.merge(node, more, Long::sum);
        long before = told.getAndAccumulate(now, Math::max);
        if (now > before) {
            progress.compared(table, now - before);
        }
        return now;
    }

    /** The same for rows of all nodes, read side by side. */
    void add(Map<NodeName, Sums> sums) {
        long most = 0;
        for (Map.Entry<NodeName, Sums> entry : sums.entrySet()) {
            most = Math.max(most, tally(entry.getKey(), entry.getValue().rows()));
        }
        pace.await(most, beganNanos);
    }

    /** How many rows to read at once at most. */
    long atOnce(long wanted) {
        return pace.mostAtOnce(wanted);
    }

    synchronized SortedMap<NodeName, Long> rows() {
        return new TreeMap<>(rows);
    }
}
