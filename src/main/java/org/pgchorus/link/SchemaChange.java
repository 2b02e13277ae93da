package org.pgchorus.link;

import org.pgchorus.model.TableName;

import java.util.List;
import java.util.regex.Pattern;

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
    private static final Pattern ALONE =
            Pattern.compile(
                    "(CREATE\\s+(UNIQUE\\s+)?|DROP\\s+)INDEX\\s+CONCURRENTLY\\b.*"
                            + "|ALTER\\s+TABLE\\b.*\\bDETACH\\s+PARTITION\\b.*\\bCONCURRENTLY\\s*",
                    Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

    /** Whether the server refuses it inside a transaction. */
    boolean isAlone() {
        return ALONE.matcher(statement).matches();
    }
}
