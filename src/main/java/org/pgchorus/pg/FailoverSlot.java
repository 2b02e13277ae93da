package org.pgchorus.pg;

import org.pgchorus.sql.LinkSql;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * Makes a slot one that the server's standbys keep too, if the group asks for that, or an ordinary
 * one again.
 *
 * <p>Only a connection that streams can change a slot, and only while nobody reads it: so it is
 * done each time before a stream starts.
 *
 * <p>Source: PostgreSQL manual, "Logical Replication Failover", "ALTER_REPLICATION_SLOT".
 */
final class FailoverSlot {
    private static final Logger LOG = LoggerFactory.getLogger(FailoverSlot.class);

    private static final int SINCE = 17;

    private FailoverSlot() {}

    /**
     * Changes the slot if it is not as asked for; servers before 17 have no such slots.
     *
     * @param connection one that streams, to a node of a group
     * @param slot one of our names: letters, digits and underscores
     */
    static void adjust(Connection connection, int majorVersion, String slot) throws SQLException {
        if (majorVersion < SINCE || !isInGroup(connection)) {
            return;
        }
        boolean is;
        boolean wanted;
        try (PreparedStatement ask = connection.prepareStatement(LinkSql.FAILOVER)) {
            ask.setString(1, slot);
            try (ResultSet answer = ask.executeQuery()) {
                if (!answer.next()) {
                    return; // no such slot: starting the stream says so
                }
                is = answer.getBoolean(1);
                wanted = answer.getBoolean(2);
            }
        }
        if (is != wanted) {
            try (Statement alter = connection.createStatement()) {
                alter.execute("ALTER_REPLICATION_SLOT %s (FAILOVER %s)".formatted(slot, wanted));
            }
            LOG.info("slot {} {} a failover slot", slot, wanted ? "is now" : "is no longer");
        }
    }

    /** A plain database that is followed has none of our tables. */
    private static boolean isInGroup(Connection connection) throws SQLException {
        try (Statement ask = connection.createStatement();
                ResultSet answer = ask.executeQuery(LinkSql.HAS_SETTINGS)) {
            return answer.next() && answer.getBoolean(1);
        }
    }
}
