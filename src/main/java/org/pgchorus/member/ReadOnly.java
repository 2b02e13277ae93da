package org.pgchorus.member;

import org.pgchorus.model.TableName;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.NodeSql;

import java.util.Optional;

/**
 * Keeps clients from writing to the tables that take part, on a node that is read-only, while
 * applying goes on. No state.
 *
 * <p>Ordinary triggers refuse the writes: they do not fire for what is applied, and a client cannot
 * switch them off as it could a setting. To make one waits for every transaction that has written
 * to the table; so when all are there, no client's write is under way any more.
 */
public final class ReadOnly {
    private ReadOnly() {}

    /** How far to go. */
    public enum Reach {
        /** Refuse or allow: what clients see. */
        EFFECT(2),
        /** Also take triggers away that do nothing any more, which waits for readers too. */
        TIDINESS(3);

        private final int act;

        Reach(int act) {
            this.act = act;
        }
    }

    private record Step(TableName table, int act) {
        String sql() {
            return switch (act) {
                case 1 -> NodeSql.refuse(table);
                case 2 -> NodeSql.allow(table);
                default -> NodeSql.drop(table);
            };
        }
    }

    /**
     * Makes one table's triggers what the orders in the catalog ask for, in a transaction of its
     * own: locking several at once would get in the way of clients that do so too.
     *
     * @param patienceMillis how long to wait for the table's lock, and to keep others waiting
     * @return whether there was one to do
     * @throws PgError.Busy if the lock could not be had
     */
    public static boolean arrangeNext(Session session, Reach reach, long patienceMillis) {
        if (next(session, reach).isEmpty()) {
            return false;
        }
        return session.inTransaction(() -> {
            session.execute(NodeSql.patience(patienceMillis));
            session.value(NodeSql.LOCK);
            next(session, reach).ifPresent(step -> session.execute(step.sql()));
            return true;
        });
    }

    /** The table whose turn it is, for messages. */
    public static Optional<TableName> nextTable(Session session, Reach reach) {
        return next(session, reach).map(Step::table);
    }

    /** For a table that is being added, in the open transaction. */
    static void cover(Session session, TableName table) {
        if (session.value(NodeSql.IS_READ_ONLY).equals("t")) {
            session.execute(NodeSql.refuse(table));
        }
    }

    private static Optional<Step> next(Session session, Reach reach) {
        return session.first(
                NodeSql.NEXT,
                row -> new Step(new TableName(row.text(1), row.text(2)), (int) row.number(3)),
                reach.act);
    }
}
