package org.pgchorus.daemon;

import org.pgchorus.member.Departure;
import org.pgchorus.member.Identity;
import org.pgchorus.member.ReadOnly;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.AgentSql;
import org.pgchorus.sql.DdlSql;
import org.pgchorus.sql.NodeSql;
import org.pgchorus.sql.WalSql;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Goes round a node now and then: clients' writes are refused where they are to be, also on tables
 * that came later; no peer makes it keep more of its log than was meant; what nobody needs any more
 * is thrown away.
 *
 * <p>One thread, which also speaks for the node: nothing here may take long.
 */
final class Watchman {
    private static final Logger LOG = LoggerFactory.getLogger(Watchman.class);

    private static final long ROUND_MILLIS = 1000;
    private static final long WAL_MILLIS = 2000;
    private static final long PURGE_MILLIS = 60_000;

    /** Reads the catalog of all tables, where clients' changes of it are not captured. */
    private static final long SCHEMA_MILLIS = 5_000;

    /** Tombstones stay this long even if every node has passed them: for people who ask. */
    private static final long KEEP_TOMBSTONES_SECONDS = 600;

    /** A conflict older than that has been missed by nobody, or by nobody who looks. */
    private static final long KEEP_CONFLICTS_DAYS = 30;

    /** About a gigabyte of small rows: a history must not fill the disk of what it is about. */
    private static final long KEEP_CONFLICTS = 1_000_000;

    /** The same for large rows: beyond that on disk, the oldest go. */
    private static final long LARGE_HISTORY_BYTES = 1L << 30;

    /** What they leave: they go by many, since finding out which takes reading all. */
    private static final long KEEP_CONFLICT_BYTES = LARGE_HISTORY_BYTES * 3 / 4;

    /** Less than the pause between two heartbeats. */
    private static final long PATIENCE_MILLIS = 200;

    private final Identity identity;
    private final Every round = new Every(ROUND_MILLIS);
    private final Every purge = new Every(PURGE_MILLIS);
    private final Every wal = new Every(WAL_MILLIS);
    private final Every schema = new Every(SCHEMA_MILLIS);
    private final WalGuard guard;
    private String problem = "";

    /** What the history took when it was last found too large; room in it is used again. */
    private long historyBytes = LARGE_HISTORY_BYTES;

    Watchman(Identity identity) {
        this.identity = identity;
        guard = new WalGuard(identity);
    }

    /** Does what is due. */
    void look(Session control) {
        if (round.due()) {
            refuseWrites(control);
        }
        if (wal.due()) {
            guard.look(control);
        }
        if (schema.due()) {
            noticeSchema(control);
        }
        if (purge.due()) {
            control.value(AgentSql.PURGE, KEEP_TOMBSTONES_SECONDS);
            purgeHistory(control);
            control.update(AgentSql.FORGET_STATUS);
            control.update(AgentSql.FORGET_TENURES);
            Departure.dropOrigins(control);
            control.update(NodeSql.FORGET);
            control.update(WalSql.FORGET);
            if (control.value(DdlSql.KEEPS_ADDED_COLUMNS).equals("t")) {
                control.update(DdlSql.FORGET_ADDED_COLUMNS);
            }
        }
    }

    private void purgeHistory(Session control) {
        control.update(AgentSql.PURGE_CONFLICTS, KEEP_CONFLICTS_DAYS, KEEP_CONFLICTS);
        long bytes = Long.parseLong(control.value(AgentSql.CONFLICT_BYTES));
        if (bytes > historyBytes) {
            historyBytes = bytes;
            int gone = control.update(AgentSql.PURGE_CONFLICT_BYTES, KEEP_CONFLICT_BYTES);
            LOG.info("node {}: {} old conflicts are gone from the history", identity.name(), gone);
        }
    }

    /** Of changes that nobody captures: those that somebody makes at the moment come next time. */
    private void noticeSchema(Session control) {
        if (!control.value(DdlSql.KEEPS_ADDED_COLUMNS).equals("t")) {
            return;
        }
        try {
            control.inTransaction(() -> {
                control.execute("SET LOCAL lock_timeout = " + PATIENCE_MILLIS);
                return control.value(DdlSql.NOTICE);
            });
        } catch (PgError.Busy e) {
            if (!e.sqlState().equals("55P03")) {
                throw e;
            }
            LOG.debug("node {}: {}", identity.name(), e.getMessage());
        }
    }

    /** A few tables at a time; what is locked has its turn again in a second. */
    private void refuseWrites(Session control) {
        try {
            for (int i = 0; i < 10; i++) {
                if (!ReadOnly.arrangeNext(control, ReadOnly.Reach.TIDINESS, PATIENCE_MILLIS)) {
                    break;
                }
            }
            problem = "";
        } catch (PgError e) {
            String state = e.sqlState();
            if (state.equals("55P03") || state.startsWith("40")) {
                LOG.debug("node {}: {}", identity.name(), e.getMessage());
            } else if (e instanceof PgError.Busy) {
                throw e;
            } else if (!e.getMessage().equals(problem)) {
                problem = e.getMessage();
                LOG.warn("node {} cannot refuse or allow writes: {}", identity.name(), problem);
            }
        }
    }
}
