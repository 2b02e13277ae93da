package org.pgchorus.link;

import org.pgchorus.conflict.Policy;
import org.pgchorus.model.TableName;

import java.util.Map;

/**
 * The policies of one node's tables, and whether it applies by groups, as last read from its
 * catalog; shared by the links that end there. Any thread.
 */
public final class Policies {
    private volatile Map<TableName, Policy> byTable = Map.of();
    private volatile boolean grouping = true;

    /** Replaces all of them at once. */
    public void set(Map<TableName, Policy> policies) {
        byTable = Map.copyOf(policies);
    }

    /** Whether transactions may be applied together; if not, one by one and row by row. */
    public void setGrouping(boolean on) {
        grouping = on;
    }

    boolean isGrouping() {
        return grouping;
    }

    /** What decides the conflicts of a table. */
    Policy of(TableName table) {
        return byTable.getOrDefault(table, Policy.DEFAULT);
    }
}
