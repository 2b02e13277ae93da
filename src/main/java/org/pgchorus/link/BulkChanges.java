package org.pgchorus.link;

import org.pgchorus.model.Row;
import org.pgchorus.pg.Session;
import org.pgchorus.pgoutput.Message;
import org.pgchorus.sql.RowSql;

import java.util.Optional;

/**
 * Which messages are changes that can be made in bulk, and what these are at the target.
 *
 * <p>One thread, the session's.
 */
final class BulkChanges {
    private final TargetTables tables;
    private final Applier applier;
    private final Policies policies;
    private final BulkTables bulkTables;

    /**
     * @param beforeAsking makes the session free for a question
     */
    BulkChanges(Session target, Applier applier, Policies policies, Runnable beforeAsking) {
        this.applier = applier;
        this.policies = policies;
        tables = applier.tables();
        bulkTables = new BulkTables(target, tables, beforeAsking);
    }

    /**
     * The change that a message is.
     *
     * @param micros the commit time of its transaction
     * @return empty if it has to be looked at by itself
     */
    Optional<Change> of(Message message, long micros) {
        return switch (message) {
            case Message.Insert insert -> insert(insert, micros);
            case Message.Update update -> update(update, micros);
            case Message.Delete delete -> delete(delete, micros);
            case Message.Truncate _,
                    Message.LogicalMessage _,
                    Message.Begin _,
                    Message.Commit _,
                    Message.Origin _,
                    Message.Describe _,
                    Message.Type _ ->
                    Optional.empty();
        };
    }

    private Optional<Change> insert(Message.Insert insert, long micros) {
        return table(insert.relation())
                .filter(table -> insert.after().isComplete() && isKeyed(table, insert.after()))
                .map(table -> change(table, Change.Operation.INSERT, insert.after(), micros));
    }

    private Optional<Change> update(Message.Update update, long micros) {
        Optional<BulkTable> table = table(update.relation()).filter(BulkTable::hasKey);
        if (table.isEmpty() || update.keyOnly()) {
            return Optional.empty();
        }
        Row after = update.after();
        if (update.before().isPresent()) {
            Row before = update.before().get();
            after = after.completedFrom(before);
            if (!after.equalAt(table.get().key, before)) {
                return Optional.empty();
            }
        }
        return after.isComplete() && isKeyed(table.get(), after)
                ? Optional.of(change(table.get(), Change.Operation.UPDATE, after, micros))
                : Optional.empty();
    }

    private Optional<Change> delete(Message.Delete delete, long micros) {
        return table(delete.relation())
                .filter(table -> table.hasKey() && isKeyed(table, delete.before()))
                .map(table -> change(table, Change.Operation.DELETE, delete.before(), micros));
    }

    /** Whether the row says its whole key. */
    private static boolean isKeyed(BulkTable table, Row row) {
        for (int column : table.key) {
            if (row.isNull(column) || row.isUnchanged(column)) {
                return false;
            }
        }
        return true;
    }

    private static Change change(
            BulkTable table, Change.Operation operation, Row row, long micros) {
        RowKey key = table.hasKey() ? new RowKey(row, table.key) : null;
        return new Change(table, operation, key, row, micros);
    }

    /** The table, if its rows can be changed in bulk now. */
    private Optional<BulkTable> table(int relation) {
        Optional<BulkTable> table = bulkTables.of(relation);
        if (table.isEmpty()) {
            return table;
        }
        RowSql rows = table.get().sql.rows();
        boolean held = applier.holds(tables.relation(relation).table());
        boolean translated = tables.isTranslated(relation);
        boolean counted = !policies.of(rows.table().name()).deltaColumns().isEmpty();
        return held || counted || translated ? Optional.empty() : table;
    }
}
