package org.pgchorus.member;

import org.pgchorus.pg.Session;
import org.pgchorus.sql.Sql;
import org.pgchorus.sql.SurfaceSql;

import java.nio.charset.StandardCharsets;
import java.util.UUID;

/**
 * The views and functions that people ask in SQL. A group that an older version made gets the
 * present ones from the daemons, each at its node. No state.
 */
public final class Surface {
    private static final String SCRIPT = Sql.script("surface.sql");

    /** Tells scripts apart; nobody has a reason to make two alike. */
    private static final String FINGERPRINT =
            UUID.nameUUIDFromBytes(SCRIPT.getBytes(StandardCharsets.UTF_8)).toString();

    private Surface() {}

    /** Makes them, in the caller's transaction if there is one. */
    static void install(Session session) {
        session.execute(SurfaceSql.ADD_MARK);
        session.execute(SCRIPT);
        session.update(SurfaceSql.MARK, FINGERPRINT);
    }

    /**
     * Replaces them if they are another version's.
     *
     * @return whether they were
     */
    public static boolean renew(Session session) {
        if (FINGERPRINT.equals(session.value(SurfaceSql.INSTALLED))) {
            return false;
        }
        session.inTransaction(() -> {
            install(session);
            return 0;
        });
        return true;
    }
}
