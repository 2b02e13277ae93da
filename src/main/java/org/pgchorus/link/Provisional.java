package org.pgchorus.link;

import org.pgchorus.conflict.Policy;
import org.pgchorus.conflict.Standing;
import org.pgchorus.model.Row;
import org.pgchorus.model.Stamp;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.AgentSql;
import org.pgchorus.sql.LinkSql;
import org.pgchorus.sql.RowSql;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Looks again at deletes that found no row.
 *
 * <p>When such a delete was applied, some transaction may have been writing the row with an older
 * stamp, its commit not yet visible: a client's whose commit was slow to return, or another link's.
 * No lock covers a row that is not there. So the tombstone was left as provisional; here the key is
 * looked at again until every transaction that was under way has ended, and a row older than the
 * tombstone is removed. The removal does not travel: every node removes its own.
 *
 * <p>One thread.
 */
public final class Provisional {
    private static final Logger LOG = LoggerFactory.getLogger(Provisional.class);

    private final OwnSession own;
    private final Policies policies;

    /** Mends in that session. */
    public Provisional(OwnSession own, Policies policies) {
        this.own = own;
        this.policies = policies;
    }

    private record Entry(
            String place, TableName table, List<String> key, Stamp stamp, boolean alone) {}

    /**
     * Looks at all provisional tombstones once.
     *
     * @param control a session on the node, used to see whether there are any
     * @return how many are still provisional
     */
    public int look(Session control) {
        List<Entry> entries = control.query(AgentSql.PROVISIONAL, Provisional::entry);
        if (entries.isEmpty()) {
            return 0;
        }
        Map<TableName, RowSql> statements = new HashMap<>();
        int left = 0;
        for (Entry entry : entries) {
            RowSql sql =
                    statements.computeIfAbsent(
                            entry.table,
                            name ->
                                    RowSql.of(
                                            Catalog.describe(own.session(), name)
                                                    .orElseThrow()
                                                    .table()));
            try {
                own.session().inTransaction(() -> settle(sql, entry));
                left += entry.alone ? 0 : 1;
            } catch (PgError e) {
                if (!OwnSession.passes(e)) {
                    throw e;
                }
                LOG.debug("{} {} is locked; looked at again later", entry.table, entry.key, e);
                left++;
            }
        }
        return left;
    }

    private static Entry entry(Session.Answer row) {
        return new Entry(
                row.text(1),
                new TableName(row.text(2), row.text(3)),
                row.texts(4),
                new Stamp(row.number(5), (int) row.number(6)),
                row.truth(7));
    }

    /**
     * A client may have added to the older row before it was removed: what its delta columns had
     * then does not count, only what was added since the delete.
     */
    private void countAnew(RowSql sql, List<String> key, Standing.Present present) {
        Policy policy = policies.of(sql.table().name());
        Optional<Stamp> erased =
                own.reader().grave(sql, key, Stamp.UNKNOWN).flatMap(Standing::stamp);
        if (policy.deltaColumns().isEmpty() || erased.isEmpty()) {
            return;
        }
        Row row =
                new Counters(own.session())
                        .recounted(sql, key, policy, present.row(), erased.get());
        if (!row.equals(present.row())) {
            RowWriter writer = own.writer();
            writer.write(sql, key, present, row, present.written());
        }
    }

    private int settle(RowSql sql, Entry entry) {
        Session session = own.session();
        Standing standing = own.reader().lock(sql, entry.key, Stamp.UNKNOWN);
        if (standing instanceof Standing.Present(_, Stamp written)
                && written.node() != entry.stamp.node()
                && written.compareTo(entry.stamp) < 0) {
            session.update(sql.delete, entry.key);
        } else if (standing instanceof Standing.Present present) {
            countAnew(sql, entry.key, present);
        }
        session.update(
                AgentSql.SETTLE,
                entry.stamp.micros(),
                entry.stamp.node(),
                entry.alone,
                entry.place);
        session.query(LinkSql.STAMP, row -> 0, Stamp.instantOf(entry.stamp.micros()));
        return 0;
    }
}
