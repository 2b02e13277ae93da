package org.pgchorus.link;

import org.pgchorus.model.TableName;
import org.pgchorus.sql.DdlSql;

import java.util.List;

/**
 * A statement that changes the schema, said by a client of another node.
 *
 * @param node where it was said
 * @param path the search_path it was said with
 * @param tables that look different behind it, by their names there, old and new
 * @param added what they have since, and {@code removed} what they have no more: JSON, for the
 *     server
 * @param message as it came
 */
record SchemaChange(
        String id,
        int node,
        String said,
        String role,
        String path,
        String tag,
        String statement,
        List<TableName> tables,
        String added,
        String removed,
        String message) {
    /** Whether the server refuses it inside a transaction. */
    boolean isAlone() {
        return DdlSql.isAlone(statement);
    }
}
