package org.pgchorus.daemon;

import org.pgchorus.config.Address;
import org.pgchorus.model.NodeName;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.SurveySql;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** The conflict history over all nodes of a group. No state. */
public final class Conflicts {
    private Conflicts() {}

    /**
     * One conflict. Rows and keys are JSON objects as text; empty if there was none.
     *
     * @param node the node that decided
     * @param localStamp time and node of the version that stood there
     */
    public record Conflict(
            String id,
            String time,
            String node,
            String table,
            String key,
            String type,
            String resolution,
            String policy,
            Optional<String> local,
            Optional<String> remote,
            Optional<Version> localStamp,
            Version remoteStamp,
            String remoteXid,
            String remoteLsn) {}

    /** A stamp, for people. */
    public record Version(Optional<String> time, String node) {}

    /** How many there were of a kind. */
    public record Count(
            String node, String table, String type, String resolution, long count, String newest) {}

    /** What was found, and which nodes could not be asked. */
    public record Answer<T>(List<T> found, List<String> unreachable) {}

    /** The newest first, over all nodes. */
    public static Answer<Conflict> list(
            Address any,
            Optional<String> table,
            Optional<NodeName> node,
            Optional<Instant> since,
            int limit) {
        try (GroupSessions group = GroupSessions.open(any)) {
            node.ifPresent(group::member);
            List<Conflict> found = new ArrayList<>();
            for (Session session : chosen(group, node)) {
                found.addAll(
                        session.query(
                                SurveySql.CONFLICTS,
                                Conflicts::read,
                                table.orElse(null),
                                table.orElse(null),
                                since.orElse(null),
                                since.orElse(null),
                                limit));
            }
            found.sort(Comparator.comparing(Conflict::time).reversed());
            return new Answer<>(
                    found.stream().limit(limit).toList(), List.copyOf(group.problems().values()));
        }
    }

    private static List<Session> chosen(GroupSessions group, Optional<NodeName> node) {
        return node.map(name -> List.of(group.session(group.member(name))))
                .orElseGet(() -> List.copyOf(group.sessions().values()));
    }

    /** One by its id, such as {@code n2.15}. */
    public static Conflict show(Address any, String id) {
        try (GroupSessions group = GroupSessions.open(any)) {
            for (Session session : group.sessions().values()) {
                Optional<Conflict> found =
                        session.first(SurveySql.CONFLICT_BY_ID, Conflicts::read, id);
                if (found.isPresent()) {
                    return found.get();
                }
            }
            throw PgError.refused(
                    "there is no conflict %s; pgchorus conflict list shows those there are"
                            .formatted(id));
        }
    }

    /** Numbers by node, table, type and resolution. */
    public static Answer<Count> stats(Address any) {
        try (GroupSessions group = GroupSessions.open(any)) {
            List<Count> counts = new ArrayList<>();
            group.members()
                    .forEach(member -> {
                        Session session = group.sessions().get(member.id());
                        if (session != null) {
                            counts.addAll(
                                    session.query(
                                            SurveySql.CONFLICT_COUNTS,
                                            row ->
                                                    new Count(
                                                            member.name().text(),
                                                            row.text(1),
                                                            row.text(2),
                                                            row.text(3),
                                                            row.number(4),
                                                            row.text(5))));
                        }
                    });
            return new Answer<>(counts, List.copyOf(group.problems().values()));
        }
    }

    static Conflict read(Session.Answer row) {
        Optional<Version> local =
                row.maybe(13)
                        .filter(node -> !node.isEmpty())
                        .map(node -> new Version(row.maybe(12), node));
        return new Conflict(
                row.text(1),
                row.text(2),
                row.text(3),
                row.text(4) + "." + row.text(5),
                row.text(6),
                row.text(7),
                row.text(8),
                row.text(9),
                row.maybe(10),
                row.maybe(11),
                local,
                new Version(row.maybe(14), row.text(15)),
                row.maybe(16).orElse(""),
                row.maybe(17).orElse(""));
    }
}
