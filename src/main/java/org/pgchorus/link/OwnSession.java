package org.pgchorus.link;

import org.pgchorus.config.Address;
import org.pgchorus.model.Lsn;
import org.pgchorus.model.Stamp;
import org.pgchorus.pg.Patience;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.LinkSql;
import org.pgchorus.sql.MemberSql;
import org.pgchorus.sql.ObjectNames;

/**
 * The session in which a node mends its own rows: what is written there does not travel, since
 * every node does the same for itself. An origin serves one session at a time, so all who mend
 * share this one.
 *
 * <p>One thread. Connects when first asked.
 */
public final class OwnSession implements AutoCloseable {
    /**
     * What is locked by a client that takes its time is mended later: the thread that mends also
     * speaks for the node.
     */
    private static final String PATIENCE = "SET lock_timeout = '250ms'";

    private static final String MORE_PATIENCE = "SET lock_timeout = '5s'";

    /**
     * The stamp of the transactions here, which no version has: what they write always gets the
     * stamp of its own.
     */
    static final Stamp NONE = new Stamp(Long.MIN_VALUE + 1, 0);

    /** The SQLSTATE of an origin that another session has. */
    private static final String IN_USE = "55006";

    private final Address address;
    private final String groupId;
    private final int here;
    private final String origin;
    private final boolean isPatient;
    private Session session;
    private RowReader reader;

    /** On the node {@code here}. */
    public OwnSession(Address address, String groupId, int here) {
        this(address, groupId, here, ObjectNames.selfOrigin(groupId, here), false);
    }

    private OwnSession(
            Address address, String groupId, int here, String origin, boolean isPatient) {
        this.address = address;
        this.groupId = groupId;
        this.here = here;
        this.origin = origin;
        this.isPatient = isPatient;
    }

    /**
     * The same for what is brought from other nodes by another path than their streams: beside the
     * one of the daemon, and more patient. Its origin is made if it is not there.
     */
    static OwnSession ofExchange(Address address, String groupId, int here) {
        return patient(address, groupId, here, ObjectNames.exchangeOrigin(groupId, here));
    }

    /** The same for repairs; there can be one at a time on a node. */
    static OwnSession ofRepair(Address address, String groupId, int here) {
        return patient(address, groupId, here, ObjectNames.repairOrigin(groupId, here));
    }

    private static OwnSession patient(Address address, String groupId, int here, String origin) {
        try (Session session = Session.open(address, "pgchorus")) {
            session.query(MemberSql.CREATE_ORIGIN, answer -> 0, origin);
        }
        return new OwnSession(address, groupId, here, origin, true);
    }

    Session session() {
        connect();
        return session;
    }

    RowReader reader() {
        connect();
        return reader;
    }

    /** Writes rows under given stamps, in the transaction that is open. */
    RowWriter writer() {
        RowWriter writer = new RowWriter(session(), reader(), new History(session()));
        writer.begin(new History.Cause(NONE, 0, Lsn.ZERO), null);
        return writer;
    }

    /**
     * Whether a failure passes by itself: a lock that somebody holds, a deadlock, or a row that
     * somebody else has just put in the way.
     */
    static boolean passes(PgError failure) {
        String state = failure.sqlState();
        return state.startsWith("40")
                || state.equals("55P03")
                || state.equals("23505")
                || state.equals("23P01");
    }

    private void connect() {
        if (session == null) {
            session = Session.open(address, "pgchorus daemon");
            session.execute(LinkSql.APPLYING);
            takeOrigin();
            session.execute(isPatient ? MORE_PATIENCE : PATIENCE);
            if (!isPatient) {
                Patience.bound(session);
            }
            reader = new RowReader(session, new Writers(session, groupId, here));
        }
    }

    private void takeOrigin() {
        try {
            session.value(LinkSql.SETUP_ORIGIN, origin);
        } catch (PgError e) {
            String where = session.where();
            session.abort();
            session = null;
            boolean isOtherRepair =
                    e.sqlState().equals(IN_USE)
                            && origin.equals(ObjectNames.repairOrigin(groupId, here));
            throw !isOtherRepair
                    ? e
                    : PgError.refused(
                            ("somebody else is mending rows at %s: only one repair, or undoing of"
                                 + " one, can write on a node at a time (%s); wait until it has"
                                 + " ended, then say it again")
                                    .formatted(where, e.getMessage()),
                            e);
        }
    }

    @Override
    public void close() {
        if (session != null) {
            session.abort();
        }
    }
}
