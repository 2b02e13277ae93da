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

    RowCount(TableName table, VerifyProgress progress) {
        this.table = table;
        this.progress = progress;
    }

    synchronized void add(NodeName node, long more) {
        long now = rows.merge(node, more, Long::sum);
        long before = told.getAndAccumulate(now, Math::max);
        if (now > before) {
            progress.compared(table, now - before);
        }
    }

    void add(Map<NodeName, Sums> sums) {
        sums.forEach((node, some) -> add(node, some.rows()));
    }

    synchronized SortedMap<NodeName, Long> rows() {
        return new TreeMap<>(rows);
    }
}
