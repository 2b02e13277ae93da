package org.pgchorus.member;

import org.pgchorus.conflict.Policy;
import org.pgchorus.model.Lsn;
import org.pgchorus.model.NodeName;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.CopySql;
import org.pgchorus.sql.HeldSql;
import org.pgchorus.sql.LinkSql;
import org.pgchorus.sql.MemberSql;
import org.pgchorus.sql.ObjectNames;
import org.pgchorus.sql.Sql;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;

/**
 * Joins a database to a group while everybody writes.
 *
 * <p>The order that makes it exact: slots for the newcomer on every node first; then the provider
 * applies every peer past those slots' start; then one {@link Snapshot}; then the copy; then each
 * link starts where the snapshot stands, and skips what the snapshot saw. A join that fails takes
 * back everything it made.
 *
 * <p>One thread calls; copying threads come from the factory given.
 */
public final class Joiner implements AutoCloseable {
    private static final long FENCE_SECONDS = 60;

    private final JoinRequest request;
    private final JoinProgress progress;
    private final ThreadFactory threads;
    private final TreeMap<Integer, Session> sessions = new TreeMap<>();
    private final Session newcomer;
    private Identity provider;
    private Identity identity;
    private List<Member> members;
    private List<TableName> tables;
    private List<String> schemaMade = List.of();
    private boolean copied;

    /** Connects to all nodes of the group and to the newcomer. */
    public Joiner(JoinRequest request, JoinProgress progress, ThreadFactory threads) {
        this.request = request;
        this.progress = progress;
        this.threads = threads;
        newcomer = Session.open(request.node().address(), "pgchorus join");
        try {
            connect();
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private void connect() {
        Session via = Session.open(request.via(), "pgchorus join");
        try {
            provider =
                    Identity.of(via)
                            .orElseThrow(() ->
                                    PgError.refused(
                                            ("the database at %s is in no group; make one:"
                                                            + " pgchorus group create NAME=%s")
                                                    .formatted(
                                                            request.via().text(),
                                                            request.via().text())));
            members = Member.all(via);
            sessions.put(provider.nodeId(), via);
        } catch (RuntimeException e) {
            via.close();
            throw e;
        }
        for (Member member : members) {
            if (member.id() != provider.nodeId()) {
                try {
                    sessions.put(member.id(), Session.open(member.address(), "pgchorus join"));
                } catch (PgError e) {
                    throw PgError.refused(
                            "node %s cannot be reached, and a join needs every node: %s"
                                    .formatted(member.name(), e.getMessage()),
                            e);
                }
            }
        }
    }

    @Override
    public void close() {
        sessions.values().forEach(Session::close);
        newcomer.close();
    }

    /** Does it all, up to where the links can start; the daemons do the rest. */
    public void join() throws InterruptedException {
        lockMembership();
        examine();
        try {
            prepare();
            Map<Integer, Lsn> slots = slotsForNewcomer();
            fence(slots);
            if (request.copyData()) {
                copy(slots);
            } else {
                slots.forEach((id, lsn) -> startAt(id, lsn));
            }
            letGo();
        } catch (RuntimeException | InterruptedException e) {
            progress.step("failed; taking back what was made");
            try {
                undo();
            } catch (RuntimeException undoing) {
                e.addSuppressed(undoing);
            }
            throw e;
        }
    }

    private void lockMembership() {
        sessions.forEach((id, session) -> {
            if (!session.value(MemberSql.TRY_LOCK_MEMBERSHIP).equals("t")) {
                throw PgError.refused(
                        "another change of the group's membership is under way (node "
                                + id
                                + "); try again when it is done");
            }
        });
    }

    private void examine() {
        NodeName name = request.node().name();
        progress.step("examining " + request.node().address().text());
        Group.refuseMember(newcomer, request.node());
        for (Member member : members) {
            if (member.name().equals(name)) {
                throw PgError.refused(
                        "the group has a node %s already, at %s; choose another name"
                                .formatted(name, member.address().text()));
            }
            if (member.address().equals(request.node().address().withoutPassword())) {
                throw PgError.refused(
                        "%s is node %s already".formatted(member.address().text(), member.name()));
            }
        }
        Session via = via();
        refuseHolding(via);
        tables = Catalog.published(via);
        List<Finding> findings = new ArrayList<>();
        sessions.forEach((id, session) ->
                findings.addAll(new Examiner(session, nameOf(id), 1).examine(List.of())));
        findings.addAll(
                Examiner.ofNewcomer(newcomer, name.text(), members.size(), request.jobs())
                        .examine(tables));
        findings.addAll(new Comparison(via, newcomer, name.text()).locales());
        Finding.requireNone(findings);
        if (request.schema() == JoinRequest.Schema.EXISTING) {
            Finding.requireNone(
                    new Comparison(via, newcomer, name.text()).tables(tables, request.copyData()));
            examinePolicies();
        } else {
            SchemaCopy.requireTools(via);
            Finding.requireNone(new Comparison(via, newcomer, name.text()).absent(tables));
        }
        identity = new Identity(provider.groupId(), freshId(), name);
    }

    private void refuseHolding(Session session) {
        List<String> held =
                session.query(HeldSql.ANY, row -> row.text(2) + " from node " + row.text(1));
        if (!held.isEmpty()) {
            throw PgError.refused(
                    ("node %s holds changes that it cannot apply (%s), so a copy of it would lack"
                                    + " them; mend what pgchorus status says of them, or join via"
                                    + " another node")
                            .formatted(provider.name(), String.join(", ", held)));
        }
    }

    /** An id never used before: rows may still carry those of nodes that are gone. */
    private int freshId() {
        int last = members.stream().mapToInt(Member::id).max().orElse(0);
        for (Session session : sessions.values()) {
            String noted = session.value(MemberSql.LAST_ID);
            last = Math.max(last, noted == null ? 0 : Integer.parseInt(noted));
        }
        int id = last + 1;
        sessions.values().forEach(s -> s.update(MemberSql.SET_SETTING, "last_node_id", id));
        return id;
    }

    private Session via() {
        return sessions.get(provider.nodeId());
    }

    private String nameOf(int id) {
        return members.stream()
                .filter(m -> m.id() == id)
                .map(m -> m.name().text())
                .findFirst()
                .orElse("?");
    }

    /** The newcomer's schema and objects; its links are kept still until the copy is there. */
    private void prepare() {
        if (request.schema() == JoinRequest.Schema.COPY) {
            progress.step("copying the schema");
            schemaMade = SchemaCopy.copy(via(), request.via(), request.node().address());
            examinePolicies();
        }
        progress.step("preparing node " + identity.name());
        Member self =
                new Member(identity.nodeId(), identity.name(), request.node().address(), "joining");
        List<Member> all = new ArrayList<>(members);
        all.add(self);
        newcomer.inTransaction(() -> {
            Installer.install(newcomer, identity, all, Group.settings(via()), policies(), tables);
            Group.copyOrphanPolicies(via(), newcomer);
            for (int job = 0; job < request.jobs(); job++) {
                origin(newcomer, copyOrigin(job));
            }
            for (Member member : members) {
                origin(newcomer, linkInto(member.id()));
                newcomer.update(MemberSql.PAUSE, member.id(), true);
            }
            return 0;
        });
        // From here on, what clients write on the newcomer is kept for every node.
        Map<Integer, Lsn> starts = new TreeMap<>();
        for (Member member : members) {
            starts.put(
                    member.id(),
                    Lsn.parse(newcomer.value(MemberSql.CREATE_SLOT, linkFrom(member.id()))));
        }
        for (Member member : members) {
            Session session = sessions.get(member.id());
            session.inTransaction(() -> {
                origin(session, linkFrom(member.id()));
                return 0;
            });
            session.update(MemberSql.START_AT, identity.nodeId(), starts.get(member.id()));
            Installer.addMember(session, self);
        }
    }

    /** Of the tables that take part. */
    private Map<TableName, Policy> policies() {
        Map<TableName, Policy> policies = Catalog.policies(via());
        policies.keySet().retainAll(tables);
        return policies;
    }

    /** Whether the newcomer's tables are fit for the policies that come with them. */
    private void examinePolicies() {
        List<Finding> findings = new ArrayList<>();
        policies()
                .forEach((table, policy) ->
                        findings.addAll(
                                new PolicyExaminer(newcomer, request.node().name().text(), table)
                                        .examine(policy)));
        Finding.requireNone(findings);
    }

    private static void origin(Session session, String name) {
        session.query(MemberSql.CREATE_ORIGIN, row -> 0, name);
    }

    private String copyOrigin(int job) {
        return ObjectNames.copyOrigin(identity.groupId(), identity.nodeId(), job);
    }

    /** The link from a member to the newcomer. */
    private String linkInto(int member) {
        return ObjectNames.link(identity.groupId(), member, identity.nodeId());
    }

    /** The link from the newcomer to a member. */
    private String linkFrom(int member) {
        return ObjectNames.link(identity.groupId(), identity.nodeId(), member);
    }

    private Map<Integer, Lsn> slotsForNewcomer() {
        progress.step("creating slots on " + members.size() + " node(s)");
        Map<Integer, Lsn> starts = new TreeMap<>();
        sessions.forEach((id, session) ->
                starts.put(id, Lsn.parse(session.value(MemberSql.CREATE_SLOT, linkInto(id)))));
        return starts;
    }

    /** Waits until the provider has applied every peer past the start of the newcomer's slot. */
    private void fence(Map<Integer, Lsn> slots) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(FENCE_SECONDS);
        for (Member peer : peers()) {
            progress.step(
                    "waiting until %s has applied %s".formatted(provider.name(), peer.name()));
            Session session = sessions.get(peer.id());
            session.value(LinkSql.EMIT, ObjectNames.MESSAGE_PREFIX, MemberSql.FENCE);
            while (!applied(peer.id(), slots.get(peer.id()))) {
                if (System.nanoTime() > deadline) {
                    throw PgError.refused(
                            ("node %s has not applied node %s up to %s within %d s; look at"
                                            + " pgchorus status, let the link flow, and try again")
                                    .formatted(
                                            provider.name(),
                                            peer.name(),
                                            slots.get(peer.id()),
                                            FENCE_SECONDS));
                }
                TimeUnit.MILLISECONDS.sleep(20);
            }
        }
    }

    private boolean applied(int peer, Lsn wanted) {
        return via().first(LinkSql.APPLIED_POSITION, row -> row.lsn(1), peer)
                .filter(position -> !wanted.isAfter(position))
                .isPresent();
    }

    private List<Member> peers() {
        return members.stream().filter(m -> m.id() != provider.nodeId()).toList();
    }

    private void copy(Map<Integer, Lsn> slots) throws InterruptedException {
        try (Session holder = Session.open(request.via(), "pgchorus join")) {
            Snapshot snapshot = Snapshot.take(holder, identity.nodeId());
            // What the provider holds is neither in the snapshot nor sent from where it stands.
            refuseHolding(holder);
            progress.step("snapshot of %s taken; nothing there waited".formatted(provider.name()));
            copied = true;
            new Copier(
                            request.via(),
                            request.node().address(),
                            snapshot,
                            identity.groupId(),
                            identity.nodeId(),
                            progress)
                    .copy(tables, request.jobs(), threads);
            tombstones(holder);
            sequences(holder);
            startAt(provider.nodeId(), slots.get(provider.nodeId()));
            newcomer.update(
                    MemberSql.SKIP, provider.nodeId(), snapshot.visible(), snapshot.providerLsn());
            snapshot.peerLsn().forEach(this::startAt);
            holder.rollback();
        }
    }

    private void startAt(int member, Lsn position) {
        newcomer.update(MemberSql.START_AT, member, position);
    }

    private void tombstones(Session holder) {
        record Grave(TableName table, String key, long micros, long node) {}
        List<Grave> graves =
                holder.query(
                        MemberSql.TOMBSTONES,
                        row ->
                                new Grave(
                                        new TableName(row.text(1), row.text(2)),
                                        row.text(3),
                                        row.number(4),
                                        row.number(5)));
        Map<TableName, String> statements = new TreeMap<>();
        for (Grave grave : graves) {
            if (tables.contains(grave.table)) {
                String statement =
                        statements.computeIfAbsent(
                                grave.table,
                                name ->
                                        CopySql.bury(
                                                Catalog.describe(newcomer, name)
                                                        .orElseThrow()
                                                        .table()));
                newcomer.update(statement, grave.key, grave.micros, grave.node);
            }
        }
    }

    private void sequences(Session holder) {
        record Sequence(TableName name, long value) {}
        holder.query(
                        CopySql.SEQUENCES,
                        row -> new Sequence(new TableName(row.text(1), row.text(2)), row.number(3)))
                .forEach(s ->
                        newcomer.query(CopySql.SET_SEQUENCE, row -> 0, Sql.name(s.name), s.value));
    }

    private void letGo() {
        for (TableName table : tables) {
            newcomer.execute("ANALYZE " + Sql.name(table));
        }
        for (Member member : members) {
            newcomer.update(MemberSql.PAUSE, member.id(), false);
        }
        progress.step("node %s has its rows and catches up".formatted(identity.name()));
    }

    /** Takes back everything; each step works whether or not the one it undoes was done. */
    private void undo() {
        RuntimeException failure = null;
        for (Map.Entry<Integer, Session> entry : sessions.entrySet()) {
            try {
                Session session = entry.getValue();
                session.rollback();
                int id = identity.nodeId();
                session.update(MemberSql.FORGET_NODE, id, id, id, id, id, id);
                Installer.dropSlot(session, linkInto(entry.getKey()));
                Installer.dropOrigin(session, linkFrom(entry.getKey()));
            } catch (RuntimeException e) {
                failure = e;
            }
        }
        newcomer.rollback();
        Installer.remove(newcomer, identity.groupId());
        if (request.schema() == JoinRequest.Schema.COPY) {
            SchemaCopy.takeBack(newcomer, schemaMade);
        } else if (copied && !tables.isEmpty()) {
            newcomer.execute(CopySql.empty(tables));
        }
        if (failure != null) {
            throw failure;
        }
    }
}
