package org.pgchorus.member;

import org.pgchorus.conflict.Policy;
import org.pgchorus.member.JoinStep.Arrange;
import org.pgchorus.member.JoinStep.BuildIndexes;
import org.pgchorus.member.JoinStep.CopyRows;
import org.pgchorus.member.JoinStep.CopyTables;
import org.pgchorus.member.JoinStep.Enter;
import org.pgchorus.member.JoinStep.Examine;
import org.pgchorus.member.JoinStep.Fence;
import org.pgchorus.member.JoinStep.Install;
import org.pgchorus.member.JoinStep.Note;
import org.pgchorus.member.JoinStep.Open;
import org.pgchorus.member.JoinStep.Shut;
import org.pgchorus.member.JoinStep.Slots;
import org.pgchorus.member.JoinStep.SlotsBack;
import org.pgchorus.member.JoinStep.TakeBack;
import org.pgchorus.member.JoinStep.TrustRows;
import org.pgchorus.model.Lsn;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.JoinSql;
import org.pgchorus.sql.LinkSql;
import org.pgchorus.sql.MemberSql;
import org.pgchorus.sql.ObjectNames;
import org.pgchorus.sql.Sql;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Does the steps of a plan, one after the other, and decides nothing. Each step can be repeated;
 * the newcomer's journal says which are done.
 */
final class JoinExecutor {
    private static final long FENCE_SECONDS = 60;
    private static final long POLL_MILLIS = 20;

    private final JoinWork work;

    JoinExecutor(JoinWork work) {
        this.work = work;
    }

    /** Does one step, and notes that it is done. */
    void run(JoinStep step) throws InterruptedException {
        work.progress().step(step.text());
        work.sessions()
                .standing(work.provider().id())
                .update(JoinSql.SAY_STEP, step.text(), work.identity().nodeId());
        work.sessions().standingNewcomer();
        switch (step) {
            case TakeBack(int id, _, _) -> takeBack(id);
            case Examine _ -> new JoinExamination(work).examine();
            case Note _ -> note();
            case Install _ -> install();
            case CopyTables _ -> copyTables();
            case Shut(_, boolean empty) -> shut(empty);
            case Slots _ -> slots();
            case Fence _ -> fence();
            case CopyRows _ -> new JoinCopy(work).copy(slotStarts());
            case TrustRows _ -> trustRows();
            case BuildIndexes(int jobs) -> new JoinIndexes(work).build(jobs);
            case Arrange _ -> arrange();
            case SlotsBack _ -> slotsBack();
            case Enter _ -> enter();
            case Open _ -> open();
        }
        if (isJournalled(step)) {
            work.newcomer().update(JoinSql.DONE, step.word());
        }
    }

    /** The first steps come before the journal, the last one ends it. */
    private static boolean isJournalled(JoinStep step) {
        return switch (step) {
            case TakeBack _, Examine _, Note _, Open _ -> false;
            case Install _, CopyTables _, Shut _, Slots _, Fence _, CopyRows _, TrustRows _ -> true;
            case BuildIndexes _, Arrange _, SlotsBack _, Enter _ -> true;
        };
    }

    /** Takes back what a join of this id made; whatever fails, the rest is done. */
    void takeBack(int id) throws InterruptedException {
        JoinTakeBack back = new JoinTakeBack(work.identity().groupId(), id);
        List<String> failures = new ArrayList<>();
        PgError last = null;
        try {
            if (work.sessions().hasNewcomer()) {
                back.atNewcomer(work.sessions().standingNewcomer());
            }
        } catch (PgError e) {
            failures.add("%s (%s)".formatted(work.request().node().name(), e.getMessage()));
            last = e;
        }
        for (Member member : work.members()) {
            try {
                back.at(member.id(), work.sessions().standing(member.id()));
            } catch (PgError e) {
                failures.add("%s (%s)".formatted(member.name(), e.getMessage()));
                last = e;
            }
        }
        if (last != null) {
            throw PgError.refused(
                    ("not all of the join was taken back, at: %s; when they can be reached, run the"
                                    + " same command again, or with --undo")
                            .formatted(String.join(", ", failures)),
                    last);
        }
    }

    private void note() {
        for (Session session : work.sessions().all().values()) {
            session.inTransaction(() -> {
                session.update(MemberSql.SET_SETTING, "last_node_id", work.identity().nodeId());
                work.entry().write(session);
                return 0;
            });
        }
    }

    private void install() {
        Session newcomer = work.newcomer();
        Identity identity = work.identity();
        List<Member> all = new ArrayList<>(work.members());
        all.add(work.asMember());
        newcomer.inTransaction(() -> {
            Installer.found(newcomer, identity, all, Group.settings(work.via()));
            work.entry().write(newcomer);
            int seq = 0;
            for (TableName table : work.tables()) {
                newcomer.update(JoinSql.ADD_ITEM, "table", seq++, table.schema(), table.name());
            }
            for (int job = 0; job < work.request().jobs(); job++) {
                origin(
                        newcomer,
                        ObjectNames.copyOrigin(identity.groupId(), identity.nodeId(), job));
            }
            for (Member member : work.members()) {
                origin(newcomer, work.linkInto(member.id()));
            }
            return 0;
        });
    }

    private static void origin(Session session, String name) {
        session.query(MemberSql.CREATE_ORIGIN, row -> 0, name);
    }

    private void copyTables() {
        Session newcomer = work.newcomer();
        Session via = work.via();
        List<SchemaCopy.Later> later = SchemaCopy.later(via, work.request().via());
        newcomer.inTransaction(() -> {
            int seq = 0;
            for (SchemaCopy.Later entry : later) {
                newcomer.update(JoinSql.ADD_ITEM, "after", seq++, entry.kind(), entry.statement());
            }
            return 0;
        });
        SchemaCopy.tables(via, work.request().via(), work.to());
    }

    /** Under the locks that the triggers take, so that no client writes in between. */
    private void shut(boolean empty) {
        Session newcomer = work.newcomer();
        newcomer.inTransaction(() -> {
            newcomer.execute(JoinSql.GUARD_FUNCTION);
            for (TableName table : work.tables()) {
                boolean inherits =
                        Catalog.describe(newcomer, table)
                                .map(Catalog.Described::inherits)
                                .orElse(false);
                newcomer.execute(JoinSql.guard(table, inherits));
                if (empty && newcomer.value(MemberSql.hasRows(table)).equals("t")) {
                    throw PgError.refused(
                            "table %s has got rows at %s meanwhile; nobody may write there yet"
                                    .formatted(table, newcomer.where()));
                }
            }
            newcomer.update(JoinSql.DONE, "shut");
            return 0;
        });
    }

    /** On all nodes at once: a busy server needs seconds for one. */
    private void slots() throws InterruptedException {
        List<Future<?>> creating = new ArrayList<>();
        try (ExecutorService executor = Executors.newThreadPerTaskExecutor(work.threads())) {
            for (Member member : work.members()) {
                Session session = work.sessions().of(member.id());
                String name = work.linkInto(member.id());
                creating.add(executor.submit(() -> slot(session, name)));
            }
        }
        for (Future<?> slot : creating) {
            try {
                slot.get();
            } catch (ExecutionException e) {
                throw e.getCause() instanceof RuntimeException cause
                        ? cause
                        : new IllegalStateException(e.getCause());
            }
        }
    }

    /** Where a slot begins that nobody has read yet; it is created if it is not there. */
    private static Lsn slot(Session session, String name) {
        return session.first(JoinSql.SLOT_START, row -> row.lsn(1), name)
                .orElseGet(() -> Lsn.parse(session.value(MemberSql.CREATE_SLOT, name)));
    }

    private Map<Integer, Lsn> slotStarts() {
        Map<Integer, Lsn> starts = new TreeMap<>();
        for (Member member : work.members()) {
            starts.put(
                    member.id(), slot(work.sessions().of(member.id()), work.linkInto(member.id())));
        }
        return starts;
    }

    /** Waits until the provider has applied every peer past the start of the newcomer's slot. */
    private void fence() throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(FENCE_SECONDS);
        Map<Integer, Lsn> slots = slotStarts();
        for (Member peer : work.members()) {
            if (peer.id() == work.provider().id()) {
                continue;
            }
            Session session = work.sessions().of(peer.id());
            session.value(LinkSql.EMIT, ObjectNames.MESSAGE_PREFIX, MemberSql.FENCE);
            while (!applied(peer.id(), slots.get(peer.id()))) {
                if (System.nanoTime() > deadline) {
                    throw PgError.refused(
                            ("node %s has not applied node %s up to %s within %d s; look at"
                                            + " pgchorus status, let the link flow, and try again")
                                    .formatted(
                                            work.provider().name(),
                                            peer.name(),
                                            slots.get(peer.id()),
                                            FENCE_SECONDS));
                }
                TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            }
        }
    }

    private boolean applied(int peer, Lsn wanted) {
        return work.via()
                .first(LinkSql.APPLIED_POSITION, row -> row.lsn(1), peer)
                .filter(position -> !wanted.isAfter(position))
                .isPresent();
    }

    private void trustRows() {
        Session newcomer = work.newcomer();
        Map<Integer, Lsn> starts = slotStarts();
        newcomer.inTransaction(() -> {
            starts.forEach((id, start) -> newcomer.update(MemberSql.START_AT, id, start));
            newcomer.update(JoinSql.DONE, "rows");
            return 0;
        });
    }

    private void arrange() throws InterruptedException {
        Session newcomer = work.newcomer();
        JoinExamination.policies(newcomer, work);
        for (TableName table : work.tables()) {
            newcomer.execute("ANALYZE " + Sql.name(table));
        }
        Session via = work.sessions().standing(work.provider().id());
        Map<TableName, Policy> policies = Catalog.policies(via);
        policies.keySet().retainAll(work.tables());
        newcomer.inTransaction(() -> {
            Installer.arrange(newcomer, policies, work.tables());
            Group.copyOrphanPolicies(via, newcomer);
            Group.copyNodeOrders(via, newcomer);
            newcomer.update(JoinSql.DONE, "arrange");
            return 0;
        });
    }

    private void slotsBack() {
        Session newcomer = work.newcomer();
        for (Member member : work.members()) {
            slot(newcomer, work.linkFrom(member.id()));
        }
    }

    /** A node that has it already may have applied something from it, and is left alone. */
    private void enter() throws InterruptedException {
        Session newcomer = work.newcomer();
        for (Member member : work.members()) {
            Session session = work.sessions().standing(member.id());
            int id = work.identity().nodeId();
            if (Member.all(session).stream().anyMatch(m -> m.id() == id)) {
                continue;
            }
            Lsn start = slot(newcomer, work.linkFrom(member.id()));
            session.inTransaction(() -> {
                origin(session, work.linkFrom(member.id()));
                session.update(MemberSql.START_AT, id, start);
                Installer.addMember(session, work.asMember());
                return 0;
            });
        }
    }

    private void open() throws InterruptedException {
        Session newcomer = work.newcomer();
        for (Member member : work.members()) {
            Session session = work.sessions().standing(member.id());
            session.update(JoinSql.FORGET, work.identity().nodeId());
        }
        newcomer.inTransaction(() -> {
            newcomer.execute(JoinSql.UNGUARD);
            newcomer.execute(JoinSql.FORGET_OWN);
            return 0;
        });
    }
}
