package org.pgchorus.member;

import org.pgchorus.model.Table;
import org.pgchorus.model.TableName;
import org.pgchorus.sql.FollowSql;

import java.util.List;
import java.util.Optional;

/**
 * A table as a follower follows it.
 *
 * @param table as it is at the provider
 * @param filter a condition for its rows, if not all are followed
 * @param listed the columns asked for; empty if all are followed
 * @param insertsOnly whether the provider cannot send its updates and deletes
 */
record Followed(Table table, Optional<String> filter, List<String> listed, boolean insertsOnly) {
    Followed {
        listed = List.copyOf(listed);
    }

    TableName name() {
        return table.name();
    }

    /** The columns whose values come, in the provider's order. */
    List<String> columns() {
        return table.columns().stream()
                .filter(c -> !c.generated() && (listed.isEmpty() || listed.contains(c.name())))
                .map(Table.Column::name)
                .toList();
    }

    /** The columns that are not followed. */
    List<String> leftOut() {
        return listed.isEmpty()
                ? List.of()
                : table.columns().stream()
                        .map(Table.Column::name)
                        .filter(c -> !listed.contains(c))
                        .toList();
    }

    FollowSql.Published published() {
        return new FollowSql.Published(name(), filter, listed);
    }

    /** One line for people. */
    String line() {
        return name()
                + (listed.isEmpty() ? "" : " (" + String.join(", ", listed) + ")")
                + filter.map(f -> " where " + f).orElse("")
                + (insertsOnly ? ", inserts and TRUNCATE only: it has no key" : "");
    }
}
