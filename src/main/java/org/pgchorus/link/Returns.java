package org.pgchorus.link;

import org.pgchorus.conflict.Policy;
import org.pgchorus.conflict.Referee;
import org.pgchorus.conflict.Standing;
import org.pgchorus.model.Stamp;
import org.pgchorus.model.Table;
import org.pgchorus.model.TableName;
import org.pgchorus.pg.Catalog;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.RowSql;
import org.pgchorus.sql.UniqueSql;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Brings displaced versions back once nothing live with a higher stamp is in their way, highest
 * stamp first, and forgets those that newer versions of their keys have replaced.
 *
 * <p>What goes may go by a client's write as well as by a link's, so all is looked at now and then,
 * whatever happened. A version comes back under its own stamp and does not travel: every node
 * brings back its own.
 *
 * <p>One thread.
 */
public final class Returns {
    private static final Logger LOG = LoggerFactory.getLogger(Returns.class);

    /** Versions listed at once; those that come back may free others. */
    private static final int BATCH = 200;

    /** Looks in a row while something comes back; the next turn goes on. */
    private static final int ROUNDS = 5;

    /** Rows that cannot come back are told of once each, and no more of them than this. */
    private static final int STUCK = 1000;

    private final OwnSession own;
    private final Set<String> stuck = new HashSet<>();

    /** By table: how many of the first ones are left out, since nothing can come of them. */
    private final Map<TableName, Integer> passed = new HashMap<>();

    /** Mends in that session. */
    public Returns(OwnSession own) {
        this.own = own;
    }

    private record Entry(long seq, List<String> key) {}

    /**
     * Looks at all displaced versions once.
     *
     * @param control a session on the node, used to see whether there are any
     * @return how many came back or were forgotten
     */
    public int look(Session control) {
        List<TableName> tables =
                control.query(
                        UniqueSql.DISPLACED_TABLES, row -> new TableName(row.text(1), row.text(2)));
        int all = 0;
        for (TableName name : tables) {
            try {
                int done = look(name);
                all += done;
                for (int round = 1; done > 0 && round < ROUNDS; round++) {
                    done = look(name);
                    all += done;
                }
            } catch (PgError e) {
                stay("in " + name, e);
            }
        }
        return all;
    }

    private int look(TableName name) {
        Session session = own.session();
        Optional<Table> described = Catalog.describe(session, name).map(Catalog.Described::table);
        if (described.filter(Table::hasKey).isEmpty()) {
            return 0;
        }
        Table table = described.get();
        RowSql rows = RowSql.of(table);
        UniqueSql unique = new UniqueSql(rows, Catalog.uniqueness(session, table));
        List<Entry> entries =
                session.query(
                        unique.free,
                        row -> new Entry(row.number(1), row.texts(2)),
                        null,
                        null,
                        BATCH,
                        passed.getOrDefault(name, 0));
        if (entries.isEmpty()) {
            passed.remove(name);
            return 0;
        }
        Policy policy = Catalog.policies(session).getOrDefault(name, Policy.DEFAULT);
        int done = 0;
        for (Entry entry : entries) {
            done += settle(rows, unique, policy, entry);
        }
        if (done == 0 && entries.size() == BATCH) {
            passed.merge(name, BATCH, Integer::sum);
        } else {
            passed.remove(name);
        }
        return done;
    }

    /** Somebody else's write may be in the way by now; the next look sees what it left. */
    private int settle(RowSql rows, UniqueSql unique, Policy policy, Entry entry) {
        try {
            return own.session().inTransaction(() -> bringBack(rows, unique, policy, entry));
        } catch (PgError e) {
            stay(rows.table().name() + " " + entry.key, e);
            return 0;
        }
    }

    /** What cannot come back stays displaced, and hinders nothing else. */
    private void stay(String what, PgError e) {
        if (OwnSession.passes(e)) {
            LOG.debug("{} cannot come back yet", what, e);
        } else if (e instanceof PgError.Busy) {
            throw e;
        } else if (stuck.size() < STUCK && stuck.add(what)) {
            LOG.warn("displaced row {} cannot come back: {}", what, e.getMessage());
        }
    }

    private int bringBack(RowSql rows, UniqueSql unique, Policy policy, Entry entry) {
        Session session = own.session();
        RowReader reader = own.reader();
        Standing standing = reader.lockLive(rows, entry.key, OwnSession.NONE);
        Optional<Displaced> kept = reader.displaced(unique, entry.key);
        if (kept.isEmpty() || kept.get().seq() != entry.seq) {
            return 0;
        }
        if (!policy.deltaColumns().isEmpty()
                && new Reunion(reader)
                        .make(own.writer(), rows, entry.key, policy, OwnSession.NONE)) {
            return 1;
        }
        Stamp stamp = kept.get().stamp();
        if (!Referee.isNewer(stamp, standing)) {
            return session.update(UniqueSql.FORGET, entry.seq);
        }
        if (unique.uniquenesses().isEmpty()) {
            session.update(UniqueSql.FORGET, entry.seq);
        }
        List<String> columns = List.copyOf(kept.get().image().keySet());
        RowSql sql = RowSql.of(rows.table(), columns);
        own.writer().write(sql, entry.key, standing, kept.get().row(columns), stamp);
        return 1;
    }
}
