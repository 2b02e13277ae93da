package org.pgchorus.member;

import org.pgchorus.model.Lsn;
import org.pgchorus.model.Table;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.CopySql;
import org.pgchorus.sql.JoinSql;
import org.pgchorus.sql.MemberSql;
import org.pgchorus.sql.Sql;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Brings the newcomer what one snapshot of the provider shows: rows, tombstones, sequences, and the
 * positions that fit them. One thread, besides those of the {@link Copier}.
 */
final class JoinCopy {
    private final JoinWork work;

    JoinCopy(JoinWork work) {
        this.work = work;
    }

    private record Grave(TableName table, String key, long micros, long node) {}

    private record Sequence(TableName name, long value) {}

    /**
     * Copies.
     *
     * @param slots where the newcomer's slots begin, by node
     */
    void copy(Map<Integer, Lsn> slots) throws InterruptedException {
        int id = work.identity().nodeId();
        try (Session holder = Session.open(work.request().via(), JoinSql.WORKER);
                CopyNotes notes = new CopyNotes(work.request().via(), id, work.progress())) {
            long began = System.nanoTime();
            Snapshot snapshot = Snapshot.take(holder, id);
            long millis = (System.nanoTime() - began) / 1_000_000;
            JoinExamination.refuseHolding(holder, work.provider());
            work.progress()
                    .step(
                            "snapshot of %s taken in %d ms, without a lock: applying did not pause"
                                    .formatted(work.provider().name(), millis));
            new Copier(
                            work.request().via(),
                            work.to(),
                            snapshot,
                            work.identity().groupId(),
                            id,
                            notes,
                            work.request().pieceBytes())
                    .copy(work.tables(), work.request().jobs(), work.threads());
            List<Grave> graves =
                    holder.query(
                            MemberSql.TOMBSTONES,
                            row ->
                                    new Grave(
                                            new TableName(row.text(1), row.text(2)),
                                            row.text(3),
                                            row.number(4),
                                            row.number(5)));
            Map<TableName, Table> there = describe(holder);
            List<Sequence> sequences =
                    holder.query(
                            CopySql.SEQUENCES,
                            row ->
                                    new Sequence(
                                            new TableName(row.text(1), row.text(2)),
                                            row.number(3)));
            List<Residues.Counted> spread = Residues.counted(holder);
            Optional<Residues> residues = Residues.of(holder);
            holder.rollback();
            work.sessions().standingNewcomer();
            settle(
                    snapshot,
                    slots,
                    graves,
                    there,
                    sequences,
                    newcomer -> Residues.adopt(newcomer, residues, spread, id));
        }
    }

    private Map<TableName, Table> describe(Session holder) {
        Map<TableName, Table> described = new TreeMap<>();
        work.tables()
                .forEach(name ->
                        Catalog.describe(holder, name)
                                .ifPresent(d -> described.put(name, d.table())));
        return described;
    }

    /** All of it, or the copy counts for nothing. */
    private void settle(
            Snapshot snapshot,
            Map<Integer, Lsn> slots,
            List<Grave> graves,
            Map<TableName, Table> there,
            List<Sequence> sequences,
            Consumer<Session> spread) {
        Session newcomer = work.newcomer();
        int provider = work.provider().id();
        newcomer.inTransaction(() -> {
            bury(newcomer, graves, there);
            sequences.forEach(
                    s -> newcomer.query(CopySql.SET_SEQUENCE, row -> 0, Sql.name(s.name), s.value));
            spread.accept(newcomer);
            newcomer.update(MemberSql.START_AT, provider, slots.get(provider));
            newcomer.update(MemberSql.SKIP, provider, snapshot.visible(), snapshot.providerLsn());
            snapshot.peerLsn()
                    .forEach((peer, lsn) -> newcomer.update(MemberSql.START_AT, peer, lsn));
            newcomer.update(JoinSql.DONE, "rows");
            return 0;
        });
    }

    private static void bury(Session newcomer, List<Grave> graves, Map<TableName, Table> there) {
        Map<TableName, String> statements = new TreeMap<>();
        for (Grave grave : graves) {
            if (there.containsKey(grave.table)) {
                String statement =
                        statements.computeIfAbsent(
                                grave.table,
                                name -> CopySql.bury(Copier.twin(newcomer, there.get(name))));
                newcomer.update(statement, grave.key, grave.micros, grave.node);
            }
        }
    }
}
