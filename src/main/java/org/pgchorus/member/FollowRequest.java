package org.pgchorus.member;

import org.pgchorus.config.Address;
import org.pgchorus.config.NodeAddress;
import org.pgchorus.config.TablePattern;

import java.util.List;
import java.util.Map;

/**
 * What an operator asks for with {@code node follow}.
 *
 * @param via the provider: a node of a group, or a database in none
 * @param schema where the tables come from
 * @param copyData whether to copy the rows; if not, they must be the same already
 * @param jobs tables copied at once
 * @param patterns which tables; those of the group, or all, if empty
 * @param filters conditions for rows, by table as the operator wrote it
 * @param columns the columns to follow, by table as the operator wrote it
 */
public record FollowRequest(
        NodeAddress node,
        Address via,
        JoinRequest.Schema schema,
        boolean copyData,
        int jobs,
        List<TablePattern> patterns,
        Map<String, String> filters,
        Map<String, List<String>> columns) {
    /** Refuses a senseless number of jobs. */
    public FollowRequest {
        if (jobs < 1 || jobs > 64) {
            throw new IllegalArgumentException("--jobs must be from 1 to 64, not " + jobs);
        }
        patterns = List.copyOf(patterns);
        filters = Map.copyOf(filters);
        columns = Map.copyOf(columns);
    }

    boolean copySchema() {
        return schema == JoinRequest.Schema.COPY;
    }
}
