package org.pgchorus.daemon;

import org.pgchorus.config.Address;
import org.pgchorus.link.Mender;
import org.pgchorus.link.RepairJournal;
import org.pgchorus.member.Member;
import org.pgchorus.model.NodeName;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.RepairSql;

import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What has become of a repair that was undone.
 *
 * @param nodes what was put back on each node that had something of it
 * @param skipped why nodes were not asked
 */
public record RepairUndone(String id, SortedMap<NodeName, PutBack> nodes, List<String> skipped) {
    /**
     * One node's part of it.
     *
     * @param rows how many are as they were
     * @param left those that are not: they were changed since
     */
    public record PutBack(long rows, List<Left> left) {}

    /** A row that was left as it is. */
    public record Left(TableName table, List<String> key, String reason) {}

    /** Copies what can change. */
    public RepairUndone {
        nodes = new TreeMap<>(nodes);
        skipped = List.copyOf(skipped);
    }

    /** Whether everything is as it was before. */
    public boolean isWhole() {
        return skipped.isEmpty() && nodes.values().stream().allMatch(n -> n.left().isEmpty());
    }

    /**
     * Undoes a repair on every node that can be reached: rows that still are what it made of them
     * become what they were.
     *
     * @throws PgError if nobody knows of it
     */
    public static RepairUndone undo(Address any, String id) {
        try (GroupSessions group = GroupSessions.open(any)) {
            SortedMap<NodeName, PutBack> undone = new TreeMap<>();
            List<String> skipped = new ArrayList<>();
            for (Member member : group.members()) {
                if (!group.sessions().containsKey(member.id())) {
                    skipped.add(
                            "node %s cannot be reached: %s"
                                    .formatted(member.name(), group.problems().get(member.id())));
                } else if (knows(group.session(member), id)) {
                    undone.put(member.name(), undo(group, member, id));
                }
            }
            if (undone.isEmpty() && skipped.isEmpty()) {
                throw PgError.refused(
                        "no node knows of a repair %s; repairs are kept for 30 days".formatted(id));
            }
            return new RepairUndone(id, undone, skipped);
        }
    }

    private static boolean knows(Session session, String id) {
        return session.value(RepairSql.HAS_JOURNAL) != null
                && session.value(RepairSql.KNOWN, id).equals("t");
    }

    private static PutBack undo(GroupSessions group, Member member, String id) {
        try (Mender mender = new Mender(member.address(), group.groupId(), member.id(), id)) {
            RepairJournal.Undone undone = mender.undo(mender.kept());
            return new PutBack(
                    undone.rows(),
                    undone.left().stream()
                            .map(row -> new Left(row.table(), row.key(), row.reason()))
                            .toList());
        }
    }
}
