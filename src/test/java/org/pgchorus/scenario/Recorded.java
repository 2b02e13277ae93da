package org.pgchorus.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;

/**
 * What one node's conflict history holds of one key, in the order of deciding, a line each: type,
 * resolution, the version that stood here, the version that came. A version is the row's values and
 * its writer, {@code 1,one@a}; {@code -@a} is a deleted one.
 */
final class Recorded {
    private static final String LINES =
            """
            SELECT conflict_type || ' ' || resolution || ' ' || %s || '@' || local_node || ' ' || %s
                   || '@' || remote_node
            FROM pgchorus.conflict_history
            WHERE "table" = '%s' AND %s
            ORDER BY split_part(conflict_id, '.', 2)::bigint\
            """;

    private static final String VALUES =
            """
            coalesce((SELECT string_agg(coalesce(left(value, 20), 'NULL'), ',' ORDER BY place)
                      FROM json_each_text(%s_tuple) WITH ORDINALITY v (key, value, place)), '-')\
            """;

    /** Entries that contradict themselves: the higher stamp did not win, or a stamp is missing. */
    private static final String WRONG =
            """
            SELECT conflict_id, conflict_type, resolution, local_commit_time, local_node,
                   remote_commit_time, remote_node
            FROM pgchorus.conflict_history
            WHERE "table" = '%s' AND %s
              AND (remote_commit_time IS NULL OR local_commit_time IS NULL
                   OR (resolution = 'apply_remote')
                      <> ((remote_commit_time, remote_node) > (local_commit_time, local_node)))\
            """;

    /** Either version has this value in some column. */
    private static final String HOLDS =
            """
            EXISTS (SELECT FROM (SELECT * FROM json_each_text(local_tuple)
                                 UNION ALL SELECT * FROM json_each_text(remote_tuple)) v
                    WHERE v.value = '%s')\
            """;

    private Recorded() {}

    /** The lines; checks on the way that both stamps are there and that the higher one won. */
    static List<String> of(TestGroup group, int node, String table, String key) {
        return matching(group, node, table, "key->>'id' = '" + key + "'");
    }

    /** The lines with this value in either version: of rows that clash their keys differ. */
    static List<String> holding(TestGroup group, int node, String table, String value) {
        return matching(group, node, table, HOLDS.formatted(value));
    }

    private static List<String> matching(
            TestGroup group, int node, String table, String condition) {
        assertThat(group.rows(node, WRONG.formatted(table, condition)))
                .as("entries on node %s whose winner is not the later one", TestGroup.name(node))
                .isEmpty();
        return group.rows(
                node,
                LINES.formatted(
                        VALUES.formatted("local"), VALUES.formatted("remote"), table, condition));
    }
}
