package org.pgchorus.member;

import org.pgchorus.model.Lsn;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.MemberSql;

import java.util.Map;
import java.util.stream.Collectors;

/**
 * One moment of the provider, held open: what its transactions see, and how far it had applied each
 * peer at exactly that moment.
 *
 * <p>The two fit together without stopping anything: a link's position is a row, moved by the very
 * transactions that apply, so the snapshot shows it exactly as far as it shows their changes.
 *
 * @param exported for {@code SET TRANSACTION SNAPSHOT}; valid while the session stays open
 * @param visible the {@code pg_snapshot} as text
 * @param providerLsn past the commits of all transactions that the snapshot sees
 * @param peerLsn by peer id, the position in that peer's log
 * @param horizonMicros changes not in the snapshot have later stamps than this
 */
record Snapshot(
        String exported,
        String visible,
        Lsn providerLsn,
        Map<Integer, Lsn> peerLsn,
        long horizonMicros) {
    /**
     * Commit times of one node are not exactly in the order of its log, and clocks may differ
     * within the limit; a lower horizon costs only a few more rows that get their stamp one by one.
     */
    private static final long MARGIN_MICROS = 10_000_000;

    private record Exported(String name, String visible, Lsn end) {}

    /**
     * Takes it; the session is left in its transaction.
     *
     * @param newcomerId is not counted for the horizon
     */
    static Snapshot take(Session session, int newcomerId) {
        session.begin();
        session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
        Exported exported =
                session.first(
                                MemberSql.EXPORT_SNAPSHOT,
                                row -> new Exported(row.text(1), row.text(2), row.lsn(3)))
                        .orElseThrow();
        Map<Integer, Lsn> positions =
                session
                        .query(
                                MemberSql.POSITIONS,
                                row -> Map.entry((int) row.number(1), row.lsn(2)),
                                newcomerId)
                        .stream()
                        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
        long now = Long.parseLong(session.value(MemberSql.NOW));
        String applied = session.value(MemberSql.HORIZON, newcomerId);
        long horizon = applied == null ? now : Math.min(now, Long.parseLong(applied));
        return new Snapshot(
                exported.name, exported.visible, exported.end, positions, horizon - MARGIN_MICROS);
    }
}
