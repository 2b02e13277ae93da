package org.pgchorus.member;

import org.pgchorus.model.Lsn;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.MemberSql;
import org.pgchorus.sql.ObjectNames;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One moment of the provider, held open: what its transactions see, and how far it had applied each
 * peer at exactly that moment.
 *
 * <p>The two fit together because no applying transaction is under way while they are read: each
 * holds a shared lock that is taken alone here, for the milliseconds this takes.
 *
 * @param exported for {@code SET TRANSACTION SNAPSHOT}; valid while the session stays open
 * @param visible the {@code pg_snapshot} as text
 * @param providerLsn past the commits of all transactions that the snapshot sees
 * @param peerLsn by peer id, the position in that peer's log
 * @param horizonMicros changes not in the snapshot have later stamps than this
 * @param pause how long the provider's appliers were kept waiting
 */
record Snapshot(
        String exported,
        String visible,
        Lsn providerLsn,
        Map<Integer, Lsn> peerLsn,
        long horizonMicros,
        Duration pause) {
    /**
     * Commit times of one node are not exactly in the order of its log, and clocks may differ
     * within the limit; a lower horizon costs only a few more rows that get their stamp one by one.
     */
    private static final long MARGIN_MICROS = 10_000_000;

    /** How long appliers may queue behind us before we let them go on and try again. */
    private static final String LOCK_TIMEOUT = "SET lock_timeout = '200ms'";

    /**
     * Takes it; the session is left in its transaction.
     *
     * @param peers the provider's peers without the newcomer
     * @param newcomerId is not counted for the horizon
     */
    static Snapshot take(
            Session session, String groupId, int providerId, List<Member> peers, int newcomerId) {
        lock(session);
        long began = System.nanoTime();
        try {
            session.begin();
            session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
            Map<Integer, Lsn> positions = new HashMap<>();
            String[] exported =
                    session.first(
                                    MemberSql.EXPORT_SNAPSHOT,
                                    row -> new String[] {row.text(1), row.text(2), row.text(3)})
                            .orElseThrow();
            for (Member peer : peers) {
                String origin = ObjectNames.link(groupId, peer.id(), providerId);
                String position = session.value(MemberSql.ORIGIN_POSITION, origin);
                positions.put(peer.id(), position == null ? Lsn.ZERO : Lsn.parse(position));
            }
            long now = Long.parseLong(session.value(MemberSql.NOW));
            String applied = session.value(MemberSql.HORIZON, newcomerId);
            long horizon = applied == null ? now : Math.min(now, Long.parseLong(applied));
            return new Snapshot(
                    exported[0],
                    exported[1],
                    Lsn.parse(exported[2]),
                    Map.copyOf(positions),
                    horizon - MARGIN_MICROS,
                    Duration.ofNanos(System.nanoTime() - began));
        } finally {
            session.value(MemberSql.UNLOCK_APPLYING);
        }
    }

    private static void lock(Session session) {
        session.execute(LOCK_TIMEOUT);
        for (int attempt = 0; ; attempt++) {
            try {
                session.value(MemberSql.LOCK_APPLYING);
                session.execute("SET lock_timeout = 0");
                return;
            } catch (PgError.Busy e) {
                if (!e.sqlState().equals("55P03") || attempt > 3000) {
                    throw e;
                }
            }
        }
    }
}
