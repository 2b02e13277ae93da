package org.pgchorus.link;

import org.pgchorus.conflict.AtWriter;
import org.pgchorus.conflict.Standing;
import org.pgchorus.model.Relation;
import org.pgchorus.model.Table;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.Patience;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.RowSql;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads rows from the node that wrote them, when a change came without its large unchanged values
 * and no row here can supply them.
 *
 * <p>Connects when first asked. One thread at a time.
 */
final class WriterRows implements AutoCloseable {
    /** The second look finds it visible; more are for a clock's worth of luck. */
    private static final int ATTEMPTS = 3;

    private final LinkPlan plan;
    private final Map<Integer, RowSql> statements = new HashMap<>();
    private Session session;
    private RowReader reader;

    WriterRows(LinkPlan plan) {
        this.plan = plan;
    }

    /**
     * What the writer holds under a key now, and whether that includes a transaction of its.
     *
     * @param replaced the key the row had before that transaction, mostly the same
     */
    AtWriter read(Relation relation, List<String> key, List<String> replaced, int xid) {
        if (session == null) {
            session = Session.open(plan.from(), plan.applicationName());
            Patience.bound(session);
            reader = new RowReader(session, new Writers(session, plan.groupId(), plan.fromId()));
        }
        RowSql sql = statements.computeIfAbsent(relation.id(), id -> describe(relation));
        // Transactions only ever become visible. So what is visible before the row is read is in
        // what is read, and what is not visible after it was not.
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            boolean before = visible(xid);
            Standing standing = reader.read(sql, before ? key : replaced);
            if (before || !visible(xid)) {
                return new AtWriter(standing, before);
            }
        }
        throw PgError.busy("transaction " + xid + " is becoming visible at " + plan.name().from());
    }

    private boolean visible(int xid) {
        return SnapshotText.parse(session.value("SELECT pg_current_snapshot()::text")).sees(xid);
    }

    private RowSql describe(Relation relation) {
        Table table =
                Catalog.describe(session, relation.table())
                        .orElseThrow(() ->
                                PgError.refused(
                                        "table %s no longer exists on node %s"
                                                .formatted(relation.table(), plan.name().from())))
                        .table();
        try {
            return new RowSql(relation, table);
        } catch (IllegalArgumentException e) {
            throw PgError.refused(
                    "node %s has altered a table since: %s"
                            .formatted(plan.name().from(), e.getMessage()),
                    "42703");
        }
    }

    @Override
    public void close() {
        if (session != null) {
            session.abort();
        }
    }
}
