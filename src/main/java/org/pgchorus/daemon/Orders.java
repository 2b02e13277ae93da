package org.pgchorus.daemon;

import org.pgchorus.config.Address;
import org.pgchorus.config.NodeAddress;
import org.pgchorus.config.TablePattern;
import org.pgchorus.conflict.Policy;
import org.pgchorus.member.Checkup;
import org.pgchorus.member.Finding;
import org.pgchorus.member.Group;
import org.pgchorus.member.JoinProgress;
import org.pgchorus.member.JoinRequest;
import org.pgchorus.member.Joiner;
import org.pgchorus.member.Member;
import org.pgchorus.model.NodeName;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.MemberSql;
import org.pgchorus.sql.SurveySql;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/** What an operator can order. Each call does all of it or nothing. No state. */
public final class Orders {
    /** How long a daemon may take to notice an order; it looks four times a second. */
    private static final long NOTICE_MILLIS = 10_000;

    private static final long POLL_MILLIS = 50;

    private Orders() {}

    /** Examines a database, with all of its tables; changes nothing. */
    public static List<Finding> check(Address address, int peers) {
        return checkup(address, peers).findings();
    }

    /** The same, with what has to fit with the other databases of the group. */
    public static Checkup checkup(Address address, int peers) {
        return Checkup.of(address, peers);
    }

    /** Makes a database the first node of a new group; returns what is worth knowing. */
    public static List<Finding> createGroup(NodeAddress node, List<TablePattern> patterns) {
        return Group.create(node, patterns);
    }

    /** Joins a database; returns when its rows are there and its links can start. */
    public static void join(JoinRequest request, JoinProgress progress)
            throws InterruptedException {
        try (Joiner joiner = new Joiner(request, progress, Thread.ofVirtual().factory())) {
            joiner.join();
        }
    }

    /** What {@link #join} would do, a line each; changes nothing. */
    public static List<String> planJoin(JoinRequest request, JoinProgress progress)
            throws InterruptedException {
        try (Joiner joiner = new Joiner(request, progress, Thread.ofVirtual().factory())) {
            return joiner.plan();
        }
    }

    /**
     * Takes back what a join that was broken off has left behind, also when the newcomer is gone.
     *
     * @return false if there was nothing
     */
    public static boolean undoJoin(JoinRequest request, JoinProgress progress)
            throws InterruptedException {
        try (Joiner joiner = Joiner.forUndo(request, progress, Thread.ofVirtual().factory())) {
            return joiner.undo();
        }
    }

    /**
     * Waits until every node knows that a node is ready.
     *
     * @param hint told every few seconds what is still missing
     * @return false if the time was over first
     */
    public static boolean awaitReady(
            Address any,
            NodeName name,
            long timeoutMillis,
            java.util.function.Consumer<String> hint)
            throws InterruptedException {
        long began = System.nanoTime();
        String last = "";
        while (true) {
            try (GroupSessions group = GroupSessions.open(any)) {
                boolean ready = group.problems().isEmpty();
                for (Session session : group.sessions().values()) {
                    ready &=
                            Member.all(session).stream()
                                    .anyMatch(m -> m.name().equals(name) && m.ready());
                }
                if (ready) {
                    return true;
                }
                Status status = Survey.of(group);
                String missing =
                        status.problems().stream()
                                .filter(p -> p.contains("->"))
                                .findFirst()
                                .orElse("catching up");
                if (!missing.equals(last)) {
                    hint.accept(missing);
                    last = missing;
                }
            }
            if (TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began) > timeoutMillis) {
                return false;
            }
            TimeUnit.MILLISECONDS.sleep(200);
        }
    }

    /**
     * Stops delivery on one link, or lets it go on, and waits until its daemon has done so.
     *
     * @return false if no daemon did within ten seconds; the order stands for when one comes
     */
    public static boolean pause(Address any, NodeName from, NodeName to, boolean paused)
            throws InterruptedException {
        try (GroupSessions group = GroupSessions.open(any)) {
            Member source = group.member(from);
            Member target = group.member(to);
            if (source.id() == target.id()) {
                throw PgError.refused("a link has two different ends, not twice " + from);
            }
            Session session = group.session(target);
            session.update(MemberSql.PAUSE, source.id(), paused);
            long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(NOTICE_MILLIS);
            while (System.nanoTime() < deadline) {
                String state = session.value(SurveySql.LINK_STATE, source.id());
                if (state != null && state.equals("paused") == paused) {
                    return true;
                }
                TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            }
            return false;
        }
    }

    /** One link, with the transaction it stands at. */
    public static Status.Link showLink(Address any, NodeName from, NodeName to) {
        try (GroupSessions group = GroupSessions.open(any)) {
            group.member(from);
            group.member(to);
            return Survey.of(group).links().stream()
                    .filter(l -> l.from().equals(from.text()) && l.to().equals(to.text()))
                    .findFirst()
                    .orElseThrow(() ->
                            PgError.refused("a link has two different ends, not twice " + from));
        }
    }

    /** The first transaction that a link holds for tables it cannot change. */
    public static Optional<HeldChanges.Transaction> showHeld(
            Address any, NodeName from, NodeName to) {
        try (GroupSessions group = GroupSessions.open(any)) {
            return HeldChanges.first(group.session(group.member(to)), group.member(from).id());
        }
    }

    /**
     * Steps over a transaction that a link holds, or one change of it; what is stepped over becomes
     * a known difference.
     *
     * <p>A link that stopped before it took a transaction holds nothing of it, and is not meant
     * here: it is told otherwise to go on.
     *
     * @param xid of the transaction at its writer; the first held one if empty
     * @param change its number in the transaction; all held ones if empty
     * @param dryRun only say what would be stepped over
     * @return what was stepped over, or would be
     */
    public static HeldChanges.Transaction skip(
            Address any,
            NodeName from,
            NodeName to,
            OptionalLong xid,
            OptionalLong change,
            boolean dryRun) {
        try (GroupSessions group = GroupSessions.open(any)) {
            Member source = group.member(from);
            return HeldChanges.skip(
                    group.session(group.member(to)), source.id(), xid, change, dryRun);
        }
    }

    /**
     * A table that takes part.
     *
     * @param key names of the key's columns; empty for a table without a key
     * @param rows as the server estimates
     * @param policy what decides its conflicts, with the function if that is one
     * @param deltaColumns in the order of their names
     */
    public record ReplicatedTable(
            String schema,
            String name,
            Optional<String> key,
            long rows,
            long bytes,
            String policy,
            List<String> deltaColumns) {}

    /** The tables that take part, as the asked node has them. */
    public static List<ReplicatedTable> tables(Address any) {
        try (GroupSessions group = GroupSessions.open(any)) {
            Session asked = group.sessions().values().iterator().next();
            Map<TableName, Policy> policies = Catalog.policies(asked);
            return asked.query(SurveySql.TABLES, row -> table(row, policies));
        }
    }

    private static ReplicatedTable table(Session.Answer row, Map<TableName, Policy> policies) {
        Policy policy =
                policies.getOrDefault(new TableName(row.text(1), row.text(2)), Policy.DEFAULT);
        return new ReplicatedTable(
                row.text(1),
                row.text(2),
                row.maybe(3),
                row.number(4),
                row.number(5),
                policy.rule().sqlName() + policy.function().map(f -> " " + f).orElse(""),
                List.copyOf(new TreeSet<>(policy.deltaColumns())));
    }

    /** Adds a table on every node. */
    public static void addTable(Address any, String table) {
        try (GroupSessions group = GroupSessions.open(any)) {
            List<Session> sessions = new ArrayList<>(group.all());
            Group.addTable(sessions, named(sessions.getFirst(), table));
        }
    }

    /** Takes a table out on every node. */
    public static void removeTable(Address any, String table) {
        try (GroupSessions group = GroupSessions.open(any)) {
            List<Session> sessions = new ArrayList<>(group.all());
            Group.removeTable(sessions, named(sessions.getFirst(), table));
        }
    }

    /** {@code schema.name}, or a name that only one schema has. */
    static TableName named(Session session, String text) {
        TablePattern pattern = TablePattern.parse(text);
        List<TableName> matches =
                Catalog.userTables(session).stream().filter(pattern::matches).toList();
        if (matches.size() != 1) {
            throw PgError.refused(
                    matches.isEmpty()
                            ? "there is no table %s at %s".formatted(text, session.where())
                            : "%s is not one table but %s; say which".formatted(text, matches));
        }
        return matches.getFirst();
    }
}
