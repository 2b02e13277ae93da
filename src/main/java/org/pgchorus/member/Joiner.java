package org.pgchorus.member;

import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.JoinSql;
import org.pgchorus.sql.MemberSql;
import org.pgchorus.sql.ObjectNames;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ThreadFactory;

/**
 * Joins a database to a group while everybody writes: takes the inventory, has {@link JoinPlanner}
 * plan, and {@link JoinExecutor} do it.
 *
 * <p>The order that makes it exact: slots for the newcomer on every node first; then the provider
 * applies every peer past those slots' start; then one {@link Snapshot}; then the copy; then each
 * link starts where the snapshot stands, and skips what the snapshot saw.
 *
 * <p>A join that fails takes back everything it made. One that was killed left notes, on every node
 * and at the newcomer; the next one goes on, or cleans up and begins again.
 *
 * <p>One thread calls; copying threads come from the factory given.
 */
public final class Joiner implements AutoCloseable {
    private final JoinRequest request;
    private final JoinProgress progress;
    private final ThreadFactory threads;
    private final JoinSessions sessions;
    private final Identity provider;
    private final Map<Integer, JoinEntry> notes = new TreeMap<>();
    private final Optional<JoinEntry> own;

    /** Connects to all nodes of the group and to the newcomer. */
    public Joiner(JoinRequest request, JoinProgress progress, ThreadFactory threads)
            throws InterruptedException {
        this(request, progress, threads, true);
    }

    /**
     * @param needed whether it cannot go on without the newcomer
     */
    private Joiner(
            JoinRequest request, JoinProgress progress, ThreadFactory threads, boolean needed)
            throws InterruptedException {
        this.request = request;
        this.progress = progress;
        this.threads = threads;
        Optional<Session> newcomer = openNewcomer(needed);
        Session via = null;
        try {
            own = newcomer.flatMap(JoinEntry::own);
            via = Session.open(request.via(), JoinSessions.NAME, JoinSessions.CONNECT_SECONDS);
            provider = Identity.of(via).orElseThrow(() -> inNoGroup(request));
            Set<Integer> joining = new HashSet<>();
            own.ifPresent(entry -> joining.add(entry.id()));
            JoinEntry.all(via).stream()
                    .filter(entry -> entry.isOf(request.node()))
                    .forEach(entry -> joining.add(entry.id()));
            List<Member> members =
                    Member.all(via).stream().filter(m -> !joining.contains(m.id())).toList();
            sessions =
                    new JoinSessions(
                            members,
                            provider.nodeId(),
                            via,
                            request.node().address(),
                            newcomer,
                            threads);
        } catch (RuntimeException | InterruptedException e) {
            newcomer.ifPresent(Session::close);
            if (via != null) {
                via.close();
            }
            throw e;
        }
    }

    /** For {@link #undo}: also when the newcomer is gone. */
    public static Joiner forUndo(JoinRequest request, JoinProgress progress, ThreadFactory threads)
            throws InterruptedException {
        return new Joiner(request, progress, threads, false);
    }

    private Optional<Session> openNewcomer(boolean needed) {
        try {
            return Optional.of(
                    Session.open(
                            request.node().address(),
                            JoinSessions.NAME,
                            JoinSessions.CONNECT_SECONDS));
        } catch (PgError e) {
            if (needed) {
                throw e;
            }
            progress.step(
                    "node %s cannot be reached (%s); what is left there goes with: pgchorus node"
                                    .formatted(request.node().name(), e.getMessage())
                            + " remove "
                            + request.node().address().text());
            return Optional.empty();
        }
    }

    private static PgError inNoGroup(JoinRequest request) {
        return PgError.refused(
                "the database at %s is in no group; make one: pgchorus group create NAME=%s"
                        .formatted(request.via().text(), request.via().text()));
    }

    @Override
    public void close() {
        sessions.close();
    }

    /** What {@link #join} would do, a line each; changes nothing. */
    public List<String> plan() {
        readNotes();
        if (hasJoined()) {
            return List.of();
        }
        JoinInventory inventory = inventory();
        List<JoinStep> steps = JoinPlanner.plan(inventory);
        if (steps.getFirst() instanceof JoinStep.Examine) {
            new JoinExamination(work(JoinPlanner.id(inventory))).examine();
        }
        return steps.stream().map(JoinStep::text).toList();
    }

    /** Does it all, up to where the links can start; the daemons do the rest. */
    public void join() throws InterruptedException {
        sessions.lock();
        readNotes();
        if (hasJoined()) {
            progress.step("node %s is in the group already".formatted(request.node().name()));
            return;
        }
        JoinInventory inventory = inventory();
        int id = JoinPlanner.id(inventory);
        JoinExecutor executor = new JoinExecutor(work(id));
        boolean begun = false;
        try {
            for (JoinStep step : JoinPlanner.plan(inventory)) {
                begun |= !(step instanceof JoinStep.TakeBack || step instanceof JoinStep.Examine);
                executor.run(step);
            }
        } catch (RuntimeException | InterruptedException e) {
            if (begun) {
                progress.step("failed; taking back what was made");
                try {
                    executor.takeBack(id);
                } catch (RuntimeException undoing) {
                    e.addSuppressed(undoing);
                    progress.step(undoing.getMessage());
                }
            }
            throw e;
        }
        progress.step("node %s has its rows and catches up".formatted(request.node().name()));
    }

    /**
     * Takes back what a join of this node has left behind.
     *
     * @return false if there was nothing
     */
    public boolean undo() throws InterruptedException {
        sessions.lock();
        readNotes();
        Set<Integer> ids = new HashSet<>(notes.keySet());
        own.ifPresent(entry -> ids.add(entry.id()));
        for (int id : ids) {
            new JoinExecutor(work(id)).takeBack(id);
        }
        return !ids.isEmpty();
    }

    /** Finds what earlier joins left; that of another node is refused. */
    private void readNotes() {
        for (Session session : sessions.all().values()) {
            JoinEntry.all(session).forEach(entry -> notes.putIfAbsent(entry.id(), entry));
        }
        notes.values().forEach(this::requireSameNode);
        own.ifPresent(entry -> {
            String group = Identity.of(sessions.newcomer()).orElseThrow().groupId();
            if (!group.equals(provider.groupId())) {
                throw PgError.refused(
                        ("a join of this database to group %s was broken off; take it back with"
                                        + " --undo and --via a node of that group, or: pgchorus"
                                        + " node remove %s")
                                .formatted(group, entry.address().text()));
            }
            requireSameNode(entry);
        });
    }

    private void requireSameNode(JoinEntry entry) {
        if (!entry.isOf(request.node())) {
            throw entry.refusal(request.via());
        }
    }

    /** Whether an earlier command has done it all. */
    private boolean hasJoined() {
        Optional<Identity> identity = Identity.of(sessions.newcomer());
        return own.isEmpty()
                && identity.isPresent()
                && identity.get().groupId().equals(provider.groupId())
                && sessions.members().stream()
                        .anyMatch(m ->
                                m.id() == identity.get().nodeId()
                                        && m.name().equals(request.node().name())
                                        && m.address()
                                                .equals(
                                                        request.node()
                                                                .address()
                                                                .withoutPassword()));
    }

    private JoinInventory inventory() {
        if (own.isEmpty()) {
            Group.refuseMember(sessions.newcomer(), request.node());
        }
        sessions.all().values().forEach(s -> Following.refuseName(s, request.node().name()));
        for (Member member : sessions.members()) {
            if (member.name().equals(request.node().name())) {
                throw PgError.refused(
                        "the group has a node %s already, at %s; choose another name"
                                .formatted(member.name(), member.address().text()));
            }
            if (member.address().equals(request.node().address().withoutPassword())) {
                throw PgError.refused(
                        "%s is node %s already".formatted(member.address().text(), member.name()));
            }
        }
        return new JoinInventory(
                request.node().name(),
                freshId(),
                provider.name(),
                sessions.members().stream().map(Member::name).toList(),
                request.schema() == JoinRequest.Schema.COPY,
                request.copyData(),
                tables().size(),
                request.jobs(),
                own.map(this::remains),
                notes.keySet().stream().filter(id -> !isOwn(id)).toList());
    }

    private boolean isOwn(int id) {
        return own.filter(entry -> entry.id() == id).isPresent();
    }

    private JoinInventory.Remains remains(JoinEntry entry) {
        Session session = sessions.newcomer();
        Set<String> done = new HashSet<>(session.query(JoinSql.STEPS, row -> row.text(1)));
        List<Integer> peers = session.query(JoinSql.KNOWN_PEERS, row -> (int) row.number(1));
        List<Integer> members = sessions.members().stream().map(Member::id).sorted().toList();
        boolean slots =
                sessions.all().entrySet().stream()
                        .allMatch(e ->
                                e.getValue()
                                        .first(
                                                JoinSql.SLOT_START,
                                                row -> row.text(1),
                                                ObjectNames.link(
                                                        provider.groupId(), e.getKey(), entry.id()))
                                        .isPresent());
        return new JoinInventory.Remains(
                entry.id(),
                done,
                entry.isLike(JoinEntry.of(entry.id(), request))
                        && JoinTakeBack.tables(session).equals(tables()),
                peers.equals(members),
                slots);
    }

    private List<TableName> tables() {
        return Catalog.published(sessions.of(provider.nodeId()));
    }

    /** An id never used before: rows may still carry those of nodes that are gone. */
    private int freshId() {
        List<Integer> used = new ArrayList<>(notes.keySet());
        own.ifPresent(entry -> used.add(entry.id()));
        for (Session session : sessions.all().values()) {
            Member.all(session).forEach(member -> used.add(member.id()));
            String noted = session.value(MemberSql.LAST_ID);
            used.add(noted == null ? 0 : Integer.parseInt(noted));
        }
        return used.stream().mapToInt(Integer::intValue).max().orElse(0) + 1;
    }

    private JoinWork work(int id) {
        Member from =
                sessions.members().stream()
                        .filter(m -> m.id() == provider.nodeId())
                        .findFirst()
                        .orElseThrow();
        return new JoinWork(
                request,
                new Identity(provider.groupId(), id, request.node().name()),
                from,
                tables(),
                sessions,
                progress,
                threads);
    }
}
