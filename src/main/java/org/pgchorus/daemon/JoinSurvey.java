package org.pgchorus.daemon;

import org.pgchorus.member.Member;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.JoinSql;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What the nodes of a group know of joins that are not at their end. One thread. */
final class JoinSurvey {
    private static final double MEGABYTE = 1 << 20;

    private final Map<Integer, Join> joins = new TreeMap<>();

    /**
     * A join, as the node has it that was told last.
     *
     * @param alive whether somebody holds the membership of any node
     */
    private record Join(
            int id,
            String name,
            String address,
            String step,
            long bytesDone,
            long bytesTotal,
            long rows,
            boolean alive,
            long silentMicros) {
        static Join read(Session.Answer row) {
            return new Join(
                    (int) row.number(1),
                    row.text(2),
                    row.text(3),
                    row.text(4),
                    row.number(5),
                    row.number(6),
                    row.number(7),
                    row.truth(8),
                    row.number(9));
        }

        Join with(Join other) {
            Join newer = silentMicros <= other.silentMicros ? this : other;
            return new Join(
                    id,
                    name,
                    address,
                    newer.step,
                    Math.max(bytesDone, other.bytesDone),
                    Math.max(bytesTotal, other.bytesTotal),
                    Math.max(rows, other.rows),
                    alive || other.alive,
                    newer.silentMicros);
        }

        String text() {
            if (!alive) {
                return ("its join was broken off (%s), and its slots keep the log of every node; go"
                                + " on with it: pgchorus node join %s=%s --via ADDRESS; or take it"
                                + " back: the same with --undo")
                        .formatted(step, name, address);
            }
            return bytesTotal == 0
                    ? step
                    : "%s: %.0f %%, %.1f of %.1f MB, %,d rows"
                            .formatted(
                                    step,
                                    Math.floor(Math.min(100.0, 100.0 * bytesDone / bytesTotal)),
                                    bytesDone / MEGABYTE,
                                    bytesTotal / MEGABYTE,
                                    rows);
        }
    }

    /** Adds what one node knows. */
    void ask(Session session) {
        session.query(JoinSql.SURVEY, Join::read)
                .forEach(join -> joins.merge(join.id, join, Join::with));
    }

    /** How much of its copy each newcomer has, from 0 to 1, by name. */
    Map<String, Double> progress() {
        Map<String, Double> progress = new TreeMap<>();
        joins.values()
                .forEach(join ->
                        progress.put(
                                join.name,
                                join.bytesTotal == 0
                                        ? 0
                                        : Math.min(1, (double) join.bytesDone / join.bytesTotal)));
        return progress;
    }

    /** How the join of a node stands; empty if it is at its end. */
    Optional<String> problem(int node) {
        return Optional.ofNullable(joins.get(node)).map(Join::text);
    }

    /** Nodes that are in no catalog yet. */
    List<Status.Node> newcomers(List<Member> members) {
        return joins.values().stream()
                .filter(join -> members.stream().noneMatch(m -> m.id() == join.id))
                .map(join ->
                        new Status.Node(
                                join.id, join.name, join.address, "joining", join.text(), ""))
                .toList();
    }
}
