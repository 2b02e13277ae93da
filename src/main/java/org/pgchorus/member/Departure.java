package org.pgchorus.member;

import org.pgchorus.config.Address;
import org.pgchorus.model.NodeName;
import org.pgchorus.pg.PgError;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.DetachSql;
import org.pgchorus.sql.LinkSql;
import org.pgchorus.sql.MemberSql;
import org.pgchorus.sql.ObjectNames;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Takes a node out of the group, as one of those that stay sees it. What is done twice is done
 * once. No state; the session's thread rule holds.
 */
public final class Departure {
    /** Twenty seconds, at a tenth each. */
    private static final int GUARD_ATTEMPTS = 200;

    private Departure() {}

    /**
     * A node that is being taken out, or was.
     *
     * @param gone whether those that stay are equal already
     */
    public record Detached(Member member, boolean gone) {}

    /** What is noted of such nodes. */
    public static List<Detached> noted(Session session) {
        return session.query(
                DetachSql.ALL,
                row ->
                        new Detached(
                                new Member(
                                        (int) row.number(1),
                                        new NodeName(row.text(2)),
                                        Address.parse(row.text(3)),
                                        "ready"),
                                row.text(4).equals("gone")));
    }

    /** Notes that it begins, and stops the link from the node. */
    public static void begin(Session session, Member leaver) {
        session.inTransaction(() -> {
            session.update(DetachSql.LEAVING, leaver.id(), leaver.name(), leaver.address().text());
            return session.update(MemberSql.PAUSE, leaver.id(), true);
        });
    }

    /**
     * Takes the origin of a link, so that nothing more is applied there while the session lives:
     * not even by somebody who does not look at the catalog, nor by a commit that is still on its
     * way, since the server frees the origin only when the session that applied has ended.
     */
    public static void guard(Session session, String origin) {
        session.query(MemberSql.CREATE_ORIGIN, row -> 0, origin);
        for (int attempt = 0; ; attempt++) {
            try {
                session.value(LinkSql.SETUP_ORIGIN, origin);
                return;
            } catch (PgError.Busy e) {
                if (attempt >= GUARD_ATTEMPTS) {
                    throw e;
                }
                session.value("SELECT pg_catalog.pg_sleep(0.1)");
            }
        }
    }

    /** Drops the slot that feeds a node, ending whoever reads it. */
    public static void dropSlot(Session session, String slot) {
        Installer.dropSlot(session, slot);
    }

    /**
     * Forgets a node.
     *
     * @param goneMicros from when on all that stay have the same of it
     */
    public static void end(
            Session session, String groupId, int here, Member leaver, long goneMicros) {
        String origin = ObjectNames.link(groupId, leaver.id(), here);
        session.inTransaction(() -> {
            int id = leaver.id();
            session.update(DetachSql.IS_GONE, goneMicros, origin, origin, id);
            return session.update(DetachSql.FORGET, id, id, id, id, id, id);
        });
    }

    /** By node that is gone: whoever commits later has all there is of it, as all others have. */
    public static Map<Integer, Long> gone(Session session) {
        Map<Integer, Long> gone = new TreeMap<>();
        session.query(DetachSql.GONE, row -> gone.put((int) row.number(1), row.number(2)));
        return gone;
    }

    /** Drops the origins of nodes long gone that nothing needs any more. */
    public static void dropOrigins(Session session) {
        for (String origin : session.query(DetachSql.DROPPABLE, row -> row.text(1))) {
            session.inTransaction(() -> {
                session.query(MemberSql.DROP_ORIGIN, row -> 0, origin);
                return session.update(DetachSql.DROPPED, origin);
            });
        }
    }
}
