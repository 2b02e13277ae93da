package org.pgchorus.sql;

import java.util.List;
import java.util.stream.Collectors;

/** Questions about why a row differs; each asks what one node knows. */
public final class VerifyCauseSql {
    private VerifyCauseSql() {}

    /** From which nodes changes of a table are held, and why; parameters: schema, name. */
    public static final String HELD =
            """
            SELECT coalesce(m.name, t.from_node::text), t.message
            FROM pgchorus.held_table t LEFT JOIN pgchorus.member m ON m.id = t.from_node
            WHERE t.schema_name = ? AND t.table_name = ? ORDER BY 1\
            """;

    /** Whether a version of a row is displaced; parameters: oid, the texts of its key. */
    public static final String DISPLACED =
            """
            SELECT 1 FROM pgchorus.displaced_row WHERE relation = ?::oid AND key = ?::text[]
            LIMIT 1\
            """;

    /**
     * The last change of a row that was stepped over: whose, why; parameters: schema, name, and the
     * texts of its key. Without a key, the last of any row.
     */
    public static String skipped(List<String> key) {
        String same =
                key.stream()
                        .map(column ->
                                " AND coalesce(d.after, d.before) ->> %s = ?"
                                        .formatted(Sql.literal(column)))
                        .collect(Collectors.joining());
        return """
        SELECT coalesce(m.name, d.from_node::text), d.reason
        FROM pgchorus.known_difference d LEFT JOIN pgchorus.member m ON m.id = d.from_node
        WHERE d.schema_name = ? AND d.table_name = ?%s ORDER BY d.seq DESC LIMIT 1\
        """
                .formatted(same);
    }
}
