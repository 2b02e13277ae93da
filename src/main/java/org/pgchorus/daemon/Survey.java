package org.pgchorus.daemon;

import org.pgchorus.config.Address;
import org.pgchorus.member.Member;
import org.pgchorus.model.Lsn;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.HeldSql;
import org.pgchorus.sql.SurveySql;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.stream.Stream;

/** Asks every node of a group how it stands. No state. */
public final class Survey {
    /** A daemon says something twice a second; after this many it is taken for gone. */
    private static final long SILENT_SECONDS = 5;

    /** A server that says nothing for so long is taken for down: who looks does not wait longer. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private Survey() {}

    /**
     * Looks at the whole group through any node of it. A node that accepts connections and then
     * says nothing (a frozen machine, a full disk) is shown as down.
     */
    public static Status of(Address any) {
        Optional<Status> ofFollower = Followers.statusOf(any, PATIENCE);
        if (ofFollower.isPresent()) {
            return ofFollower.get();
        }
        try (GroupSessions group = GroupSessions.open(any, PATIENCE)) {
            return of(group);
        }
    }

    private record Source(String version, Lsn end, long clockBehindMicros) {}

    private record Incoming(
            int from,
            Optional<String> state,
            String reason,
            boolean paused,
            long silentSeconds,
            String received,
            String durable,
            Optional<String> behindMicros,
            Optional<String> skewMicros,
            long transactions,
            long changes,
            long conflicts,
            String standingAt,
            Optional<Lsn> position,
            Optional<String> pausedNodes,
            OptionalLong transactionBytes,
            List<HeldChanges.HeldTable> held,
            Status.Differences differences) {
        boolean isPaused() {
            return paused || pausedNodes.isPresent();
        }
    }

    private record HeldBy(int from, HeldChanges.HeldTable table) {}

    static Status of(GroupSessions group) {
        return of(group, (nodes, links) -> Followers.survey(group, nodes, links));
    }

    /**
     * @param followers adds them and their links
     */
    static Status of(
            GroupSessions group, BiConsumer<List<Status.Node>, List<Status.Link>> followers) {
        Map<Integer, Source> sources = new HashMap<>();
        Map<Integer, Map<Integer, Incoming>> incoming = new HashMap<>();
        Map<Integer, WalSurvey> wal = new HashMap<>();
        Map<Integer, String> problems = new HashMap<>(group.problems());
        Set<String> notes = new TreeSet<>();
        JoinSurvey joins = new JoinSurvey();
        NodeModes modes = new NodeModes();
        group.sessions()
                .forEach((id, session) -> {
                    try {
                        modes.read(id, session);
                        incoming.put(id, incoming(group, id, session));
                        sources.put(id, source(session));
                        wal.put(id, WalSurvey.of(session));
                        notes.addAll(wal.get(id).notes());
                        wal.get(id).problem().ifPresent(text -> problems.put(id, text));
                        notes.addAll(PolicyOrders.notes(session));
                        SchemaSurvey schema = SchemaSurvey.of(group, id, session);
                        notes.addAll(schema.notes());
                        schema.problem().ifPresent(text -> problems.putIfAbsent(id, text));
                        joins.ask(session);
                    } catch (PgError e) {
                        problems.put(id, e.getMessage());
                    }
                });
        group.members().stream()
                .filter(member -> modes.isReadOnly(member.id()))
                .forEach(member ->
                        notes.add(
                                "node %s is read-only: clients cannot write there"
                                        .formatted(member.name())));
        List<Status.Node> nodes = new ArrayList<>();
        List<Status.Link> links = new ArrayList<>();
        for (Member member : group.members()) {
            Source source = sources.get(member.id());
            nodes.add(
                    new Status.Node(
                            member.id(),
                            member.name().text(),
                            member.address().text(),
                            source == null ? "down" : member.state(),
                            problems.getOrDefault(
                                    member.id(),
                                    joins.problem(member.id()).orElse(clockProblem(source))),
                            source == null ? "" : source.version,
                            modes.isPaused(member.id()),
                            modes.isReadOnly(member.id())));
            for (Member to : group.members()) {
                if (to.id() != member.id()) {
                    links.add(
                            link(
                                    member,
                                    to,
                                    Optional.ofNullable(source),
                                    Optional.ofNullable(incoming.get(to.id()))
                                            .map(m -> m.get(member.id())),
                                    Optional.ofNullable(wal.get(member.id()))));
                }
            }
        }
        nodes.addAll(joins.newcomers(group.members()));
        followers.accept(nodes, links);
        links.forEach(link -> notes.addAll(WalSurvey.notes(link)));
        return new Status(
                group.groupId(), List.copyOf(nodes), List.copyOf(links), List.copyOf(notes));
    }

    private static String clockProblem(Source source) {
        return source == null || source.clockBehindMicros <= 0
                ? ""
                : "its clock stepped back and has %.1f s to catch up; concurrent writes to the same"
                                .formatted(source.clockBehindMicros / 1e6)
                        + " rows may be decided by the wrong time meanwhile";
    }

    private static Source source(Session session) {
        return session.first(
                        SurveySql.NODE,
                        row -> new Source(row.text(1), row.lsn(2), row.number(3, 0)))
                .orElseThrow();
    }

    private static Map<Integer, Incoming> incoming(GroupSessions group, int to, Session session) {
        Map<Integer, String> names = new HashMap<>();
        group.members().forEach(member -> names.put(member.id(), member.name().text()));
        List<HeldBy> held = session.query(HeldSql.SURVEY, row -> held(names, to, row));
        Map<Integer, Status.Differences> differences = new HashMap<>();
        session.query(
                        HeldSql.DIFFERENCES,
                        row ->
                                Map.entry(
                                        (int) row.number(1),
                                        new Status.Differences(row.number(2), row.text(3))))
                .forEach(entry -> differences.put(entry.getKey(), entry.getValue()));
        Map<Integer, Incoming> links = new HashMap<>();
        session.query(
                        SurveySql.LINKS_IN,
                        row ->
                                new Incoming(
                                        (int) row.number(1),
                                        row.maybe(2),
                                        row.maybe(3).orElse(""),
                                        row.truth(4),
                                        row.number(5, Long.MAX_VALUE),
                                        row.maybe(6).orElse(""),
                                        row.maybe(7).orElse(""),
                                        row.maybe(8),
                                        row.maybe(9),
                                        row.number(10, 0),
                                        row.number(11, 0),
                                        row.number(12, 0),
                                        row.maybe(13).orElse(""),
                                        row.maybe(14).map(Lsn::parse),
                                        row.maybe(15),
                                        number(row.maybe(16)),
                                        held.stream()
                                                .filter(h -> h.from == row.number(1))
                                                .map(HeldBy::table)
                                                .toList(),
                                        differences.getOrDefault(
                                                (int) row.number(1), Status.Differences.NONE)))
                .forEach(link -> links.put(link.from, link));
        return links;
    }

    private static HeldBy held(Map<Integer, String> names, int to, Session.Answer row) {
        int from = (int) row.number(1);
        return new HeldBy(
                from,
                new HeldChanges.HeldTable(
                        row.text(2) + "." + row.text(3),
                        row.number(4),
                        row.text(5),
                        row.text(6),
                        row.maybe(7),
                        row.text(8),
                        HeldChanges.cure(
                                row.text(5),
                                names.getOrDefault(to, "?"),
                                names.getOrDefault(from, "?"))));
    }

    private static Status.Link link(
            Member from,
            Member to,
            Optional<Source> source,
            Optional<Incoming> incoming,
            Optional<WalSurvey> wal) {
        OptionalLong lagBytes =
                source.isPresent() && incoming.flatMap(Incoming::position).isPresent()
                        ? OptionalLong.of(
                                source.get().end.bytesSince(incoming.get().position.orElseThrow()))
                        : OptionalLong.empty();
        Optional<String> resync =
                wal.map(w -> w.resyncs().get(to.id()))
                        .map(why -> "%s; cure: pgchorus node resync %s".formatted(why, to.name()));
        OptionalDouble lagSeconds = lagSeconds(incoming, lagBytes);
        return new Status.Link(
                from.name().text(),
                to.name().text(),
                resync.isPresent() ? "resync" : state(incoming),
                resync.orElseGet(() -> reason(to, incoming)),
                lagBytes,
                lagSeconds,
                Pace.lacking(
                        lagBytes,
                        lagSeconds,
                        incoming.map(Incoming::transactionBytes).orElse(OptionalLong.empty())),
                seconds(incoming.flatMap(Incoming::skewMicros)),
                source.map(s -> s.end.toString()).orElse(""),
                received(incoming),
                incoming.flatMap(Incoming::position).map(Lsn::toString).orElse(""),
                incoming.map(Incoming::durable).orElse(""),
                incoming.map(Incoming::transactions).orElse(0L),
                incoming.map(Incoming::changes).orElse(0L),
                incoming.map(Incoming::conflicts).orElse(0L),
                incoming.map(Incoming::standingAt).orElse(""),
                wal.map(w -> w.slots().get(to.id())),
                incoming.map(Incoming::held).orElse(List.of()),
                incoming.map(Incoming::differences).orElse(Status.Differences.NONE));
    }

    /** The status is up to half a second old, the position is not: what is applied was received. */
    private static String received(Optional<Incoming> incoming) {
        Optional<Lsn> said =
                incoming.map(Incoming::received).filter(text -> !text.isEmpty()).map(Lsn::parse);
        Optional<Lsn> applied = incoming.flatMap(Incoming::position);
        return Stream.of(said, applied)
                .flatMap(Optional::stream)
                .max(Comparator.naturalOrder())
                .map(Lsn::toString)
                .orElse("");
    }

    private static String state(Optional<Incoming> incoming) {
        if (incoming.isEmpty()) {
            return "down";
        }
        Incoming link = incoming.get();
        if (link.isPaused()) {
            return "paused";
        }
        boolean silent = link.state.isEmpty() || link.silentSeconds > SILENT_SECONDS;
        return silent ? "down" : link.state.get();
    }

    private static String reason(Member to, Optional<Incoming> incoming) {
        if (incoming.isEmpty()) {
            return "node %s cannot be reached".formatted(to.name());
        }
        Incoming link = incoming.get();
        if (link.pausedNodes.isPresent()) {
            return "paused by order, as is node " + link.pausedNodes.get();
        }
        if (link.paused) {
            return "paused by order";
        }
        if (link.state.isEmpty()) {
            return "no daemon has served node %s yet; start one: pgchorus run %s=%s"
                    .formatted(to.name(), to.name(), to.address().text());
        }
        return link.silentSeconds > SILENT_SECONDS
                ? "no daemon serves node %s (last heard of %d s ago); start one: pgchorus run %s=%s"
                        .formatted(to.name(), link.silentSeconds, to.name(), to.address().text())
                : link.reason;
    }

    private static OptionalDouble lagSeconds(Optional<Incoming> incoming, OptionalLong lagBytes) {
        if (lagBytes.isPresent() && lagBytes.getAsLong() == 0) {
            return OptionalDouble.of(0);
        }
        if (incoming.flatMap(Incoming::behindMicros).isEmpty()) {
            return OptionalDouble.empty();
        }
        long micros = Long.parseLong(incoming.get().behindMicros.orElseThrow());
        // A daemon that says nothing any more has not applied anything since, either.
        long silent = incoming.get().silentSeconds;
        return OptionalDouble.of(
                Math.max(0, micros / 1e6) + (silent > SILENT_SECONDS ? silent : 0));
    }

    static OptionalLong number(Optional<String> text) {
        return text.isPresent()
                ? OptionalLong.of(Long.parseLong(text.get()))
                : OptionalLong.empty();
    }

    private static OptionalDouble seconds(Optional<String> micros) {
        return micros.isPresent()
                ? OptionalDouble.of(Long.parseLong(micros.get()) / 1e6)
                : OptionalDouble.empty();
    }
}
