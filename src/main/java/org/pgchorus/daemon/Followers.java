package org.pgchorus.daemon;

import org.pgchorus.config.Address;
import org.pgchorus.member.Following;
import org.pgchorus.member.Identity;
import org.pgchorus.member.Member;
import org.pgchorus.member.Takeover;
import org.pgchorus.model.LinkName;
import org.pgchorus.model.Lsn;
import org.pgchorus.model.NodeName;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.FollowSql;
import org.pgchorus.sql.MemberSql;
import org.pgchorus.sql.ObjectNames;
import org.pgchorus.sql.PaceSql;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** How followers stand, those of a group's nodes and those of plain servers. No state. */
final class Followers {
    private static final String NAME = "pgchorus";

    /** A daemon says something twice a second; after this many it is taken for gone. */
    private static final long SILENT_SECONDS = 5;

    private static final long POLL_MILLIS = 20;

    private Followers() {}

    /** A follower, and who feeds it. */
    private record Fed(String from, Session provider, Following.Known follower) {}

    /** All followers of the nodes that can be reached. */
    private static List<Fed> of(GroupSessions group) {
        List<Fed> all = new ArrayList<>();
        for (Member member : group.members()) {
            Session session = group.sessions().get(member.id());
            if (session != null) {
                for (Following.Known known : known(session)) {
                    all.add(new Fed(member.name().text(), session, known));
                }
            }
        }
        return all;
    }

    /** A node lost meanwhile is named by the survey itself. */
    private static List<Following.Known> known(Session node) {
        try {
            return Following.followersOf(node);
        } catch (PgError.Busy e) {
            return List.of();
        }
    }

    /** Adds the followers of a group's nodes to what is known of it. */
    static void survey(GroupSessions group, List<Status.Node> nodes, List<Status.Link> links) {
        for (Fed fed : of(group)) {
            Following.Known known = fed.follower;
            try (Session follower = group.connect(known.address())) {
                Optional<Following> following =
                        Following.of(follower).filter(f -> f.id().equals(known.id()));
                if (following.isPresent()) {
                    nodes.add(node(following.get(), known.address(), follower));
                    links.add(link(following.get(), Optional.of(fed.provider), follower));
                } else {
                    down(fed, "the database there is not this follower any more", nodes, links);
                }
            } catch (PgError e) {
                down(fed, e.getMessage(), nodes, links);
            }
        }
    }

    private static void down(
            Fed fed, String problem, List<Status.Node> nodes, List<Status.Link> links) {
        Following.Known known = fed.follower;
        nodes.add(
                new Status.Node(
                        0, known.name().text(), known.address().text(), "down", problem, ""));
        links.add(
                link(
                        fed.from,
                        known.name().text(),
                        new Said("down", "follower %s cannot be reached".formatted(known.name())),
                        Optional.empty(),
                        provided(fed.provider, known.id(), known.name()),
                        OptionalLong.empty()));
    }

    /**
     * Of a follower that is asked itself: what it and its provider say. Empty if the database is no
     * follower, or if its whole group can be asked.
     *
     * @param patience how long at most a server may say nothing, to the second
     */
    static Optional<Status> statusOf(Address any, Duration patience) {
        Optional<Duration> silence = Optional.of(patience);
        try (Session session = GroupSessions.connect(any, silence)) {
            Optional<Following> found = Following.of(session);
            if (found.isEmpty()) {
                return Optional.empty();
            }
            Following following = found.get();
            Optional<Session> provider = Optional.empty();
            String problem = "";
            try {
                provider = Optional.of(GroupSessions.connect(following.provider(), silence));
                if (following.providerName().isPresent()
                        && Identity.of(provider.get()).isPresent()) {
                    provider.get().close();
                    return Optional.empty();
                }
            } catch (PgError e) {
                problem = e.getMessage();
            }
            try {
                Status.Node feeding =
                        new Status.Node(
                                0,
                                following.source().text(),
                                following.provider().text(),
                                provider.isPresent() ? "ready" : "down",
                                problem,
                                provider.map(Followers::version).orElse(""));
                return Optional.of(
                        new Status(
                                "",
                                List.of(feeding, node(following, any, session)),
                                List.of(link(following, provider, session)),
                                List.of()));
            } finally {
                provider.ifPresent(Session::close);
            }
        }
    }

    /**
     * A session on the provider instead of the follower, if that is a node of a group.
     *
     * @param first is closed if another is returned, or nothing
     * @param connect makes a session on the provider
     */
    static Session leadToGroup(Session first, Function<Address, Session> connect) {
        try {
            Optional<Following> following = Following.of(first);
            if (following.isEmpty()) {
                return first;
            }
            if (following.get().providerName().isEmpty()) {
                throw PgError.refused(
                        "the database at %s is follower %s of a server that is in no group"
                                .formatted(first.where(), following.get().name()));
            }
            Session provider = connect.apply(following.get().provider());
            first.close();
            return provider;
        } catch (RuntimeException e) {
            first.close();
            throw e;
        }
    }

    private static String version(Session session) {
        return session.value("SHOW server_version");
    }

    private static Status.Node node(Following following, Address address, Session session) {
        return new Status.Node(
                0,
                following.name().text(),
                address.withoutPassword().text(),
                following.state().equals("ready") ? "following" : following.state(),
                problem(session),
                version(session));
    }

    private static String problem(Session follower) {
        List<String> problems = new ArrayList<>();
        String writes = follower.value(FollowSql.LOCAL_WRITES);
        if (writes != null) {
            problems.add(
                    ("clients wrote to followed tables here (%s), so they may differ from the"
                                    + " provider's; mend the rows, then forget it: DELETE FROM"
                                    + " pgchorus.local_write")
                            .formatted(writes));
        }
        record Missed(long count, Optional<String> tables) {}
        Missed missed =
                follower.first(FollowSql.MISSED, row -> new Missed(row.number(1), row.maybe(2)))
                        .orElseThrow();
        if (missed.count > 0) {
            problems.add(
                    ("%d change%s of %s found no row here; copy the rows named in"
                                    + " pgchorus.missed_change from the provider, then delete its"
                                    + " entries")
                            .formatted(
                                    missed.count,
                                    missed.count == 1 ? "" : "s",
                                    missed.tables.orElse("")));
        }
        return String.join("; ", problems);
    }

    /** What the daemon said. */
    private record Said(
            String state,
            String reason,
            Lsn received,
            String durable,
            long transactions,
            long changes,
            String standingAt,
            long silentSeconds,
            Optional<String> behindMicros) {
        Said(String state, String reason) {
            this(state, reason, Lsn.ZERO, "", 0, 0, "", 0, Optional.empty());
        }
    }

    /** The provider's side of a link. */
    private record Provided(Lsn end, Optional<Status.Slot> slot) {}

    private static Optional<Provided> provided(Session provider, String id, NodeName name) {
        try {
            String slot = ObjectNames.follow(id, name.text());
            Lsn end = Lsn.parse(provider.value(MemberSql.INSERT_POSITION));
            return Optional.of(
                    new Provided(
                            end,
                            provider.first(
                                    FollowSql.SLOT,
                                    row ->
                                            new Status.Slot(
                                                    slot,
                                                    row.truth(4),
                                                    row.maybe(5).orElse(""),
                                                    row.maybe(6).orElse(""),
                                                    row.maybe(1).orElse(""),
                                                    row.number(7, 0),
                                                    row.text(2)),
                                    slot)));
        } catch (PgError.Busy e) {
            return Optional.empty();
        }
    }

    private static Status.Link link(
            Following following, Optional<Session> provider, Session follower) {
        Said said =
                follower.first(
                                FollowSql.STATUS,
                                row ->
                                        new Said(
                                                row.text(1),
                                                row.text(2),
                                                row.lsn(3),
                                                row.text(4),
                                                row.number(5),
                                                row.number(6),
                                                row.text(7),
                                                row.number(8),
                                                row.maybe(9)))
                        .orElse(new Said("down", silence(following, follower, "")));
        Said heard =
                said.silentSeconds > SILENT_SECONDS
                        ? new Said(
                                "down",
                                silence(
                                        following,
                                        follower,
                                        " (last heard of %d s ago)".formatted(said.silentSeconds)),
                                said.received,
                                said.durable,
                                said.transactions,
                                said.changes,
                                said.standingAt,
                                said.silentSeconds,
                                said.behindMicros)
                        : said;
        return link(
                following.source().text(),
                following.name().text(),
                heard,
                following.position(),
                provider.flatMap(p -> provided(p, following.id(), following.name())),
                Survey.number(
                        follower.first(PaceSql.FOLLOWER_TAKES, row -> row.maybe(1))
                                .flatMap(taken -> taken)));
    }

    private static String silence(Following following, Session follower, String since) {
        return following.position().isEmpty()
                ? "the rows are being copied; if that was broken off, say pgchorus node follow"
                        + " again"
                : "no daemon serves follower %s%s; start one: pgchorus run %s=%s"
                        .formatted(following.name(), since, following.name(), follower.where());
    }

    private static Status.Link link(
            String from,
            String to,
            Said said,
            Optional<Lsn> position,
            Optional<Provided> provided,
            OptionalLong transactionBytes) {
        OptionalLong lagBytes =
                position.isPresent() && provided.isPresent()
                        ? OptionalLong.of(
                                Math.max(0, provided.get().end.bytesSince(position.get())))
                        : OptionalLong.empty();
        Lsn received = position.filter(p -> p.isAfter(said.received)).orElse(said.received);
        OptionalDouble lagSeconds = lagSeconds(said, lagBytes);
        return new Status.Link(
                from,
                to,
                said.state,
                said.reason,
                lagBytes,
                lagSeconds,
                Pace.lacking(lagBytes, lagSeconds, transactionBytes),
                OptionalDouble.empty(),
                provided.map(p -> p.end.toString()).orElse(""),
                received.equals(Lsn.ZERO) ? "" : received.toString(),
                position.map(Lsn::toString).orElse(""),
                said.durable,
                said.transactions,
                said.changes,
                0,
                said.standingAt,
                provided.flatMap(Provided::slot),
                List.of(),
                Status.Differences.NONE);
    }

    private static OptionalDouble lagSeconds(Said said, OptionalLong lagBytes) {
        if (lagBytes.isPresent() && lagBytes.getAsLong() == 0) {
            return OptionalDouble.of(0);
        }
        if (said.behindMicros.isEmpty()) {
            return OptionalDouble.empty();
        }
        long silent = said.silentSeconds > SILENT_SECONDS ? said.silentSeconds : 0;
        double behind = Long.parseLong(said.behindMicros.get()) / 1e6;
        return OptionalDouble.of(Math.max(0, behind) + silent);
    }

    /**
     * Waits until what a group's nodes, or a plain provider, have committed now is applied at the
     * followers.
     *
     * @param to only at this one; at all if empty
     * @param deadlineNanos by {@link System#nanoTime}
     * @return the links that have not applied it in time
     */
    static List<LinkName> untilApplied(
            GroupSessions group, Optional<NodeName> to, long deadlineNanos)
            throws InterruptedException {
        List<LinkName> late = new ArrayList<>();
        for (Fed fed : of(group)) {
            if (to.isEmpty() || to.get().equals(fed.follower.name())) {
                try (Session follower = Session.open(fed.follower.address(), NAME)) {
                    if (!applied(fed.provider, follower, deadlineNanos)) {
                        late.add(new LinkName(new NodeName(fed.from), fed.follower.name()));
                    }
                } catch (PgError.Busy e) {
                    late.add(new LinkName(new NodeName(fed.from), fed.follower.name()));
                }
            }
        }
        return late;
    }

    /** The same of one follower of a plain provider; empty if the database is no such follower. */
    static Optional<List<LinkName>> untilAppliedFromPlain(Address any, long deadlineNanos)
            throws InterruptedException {
        try (Session follower = Session.open(any, NAME)) {
            Optional<Following> found =
                    Following.of(follower).filter(f -> f.providerName().isEmpty());
            if (found.isEmpty()) {
                return Optional.empty();
            }
            Following following = found.get();
            try (Session provider = Session.open(following.provider(), NAME)) {
                LinkName name = new LinkName(following.source(), following.name());
                return Optional.of(
                        applied(provider, follower, deadlineNanos) ? List.of() : List.of(name));
            }
        }
    }

    private static boolean applied(Session provider, Session follower, long deadlineNanos)
            throws InterruptedException {
        Lsn end = Takeover.fence(provider);
        while (true) {
            boolean reached =
                    follower.first(FollowSql.POSITION, row -> row.lsn(1))
                            .filter(position -> !end.isAfter(position))
                            .isPresent();
            if (reached || System.nanoTime() > deadlineNanos) {
                return reached;
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
    }

    /** The node that feeds a follower of this name, if the group has one. */
    static Optional<NodeName> providerOf(GroupSessions group, NodeName follower) {
        return of(group).stream()
                .filter(fed -> fed.follower.name().equals(follower))
                .map(fed -> new NodeName(fed.from))
                .findFirst();
    }
}
