package org.pgchorus.daemon;

import org.pgchorus.pg.Session;
import org.pgchorus.sql.SurveySql;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The newest conflicts of each node; a node is asked only when its links have counted more. One
 * thread.
 */
final class RecentConflicts {
    /** Of a node, and of all. */
    static final int KEPT = 60;

    private final Map<String, Known> known = new TreeMap<>();

    /**
     * What a node had.
     *
     * @param counted by its links; a daemon that begins anew counts from 0, so not just more of
     *     them is new
     */
    private record Known(long counted, List<Conflicts.Conflict> newest) {}

    /** Asks one node, if there is something new. */
    void look(String node, Session session, Status status) {
        long counted =
                status.links().stream()
                        .filter(link -> link.to().equals(node))
                        .mapToLong(Status.Link::conflicts)
                        .sum();
        Known before = known.get(node);
        if (before == null || before.counted != counted) {
            List<Conflicts.Conflict> newest =
                    session.query(
                            SurveySql.CONFLICTS, Conflicts::read, null, null, null, null, KEPT);
            known.put(node, new Known(counted, newest));
        }
    }

    /** Over all nodes, the newest first. */
    List<Conflicts.Conflict> newest() {
        return known.values().stream()
                .flatMap(it -> it.newest.stream())
                .sorted(Comparator.comparing(Conflicts.Conflict::time).reversed())
                .limit(KEPT)
                .toList();
    }
}
