package org.pgchorus.pg;

import org.pgchorus.config.Address;
import org.pgchorus.model.Lsn;
import org.pgchorus.sql.Sql;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * A new slot, and a snapshot of exactly the moment it begins at: what committed before is in the
 * snapshot, what commits after comes by the slot.
 *
 * <p>The snapshot is valid until {@link #close}; the slot stays. One thread.
 */
public final class SlotSnapshot implements AutoCloseable {
    private final Connection connection;
    private final Lsn startLsn;
    private final String snapshot;

    private SlotSnapshot(Connection connection, Lsn startLsn, String snapshot) {
        this.connection = connection;
        this.startLsn = startLsn;
        this.snapshot = snapshot;
    }

    /** Creates a slot; waits until every transaction that writes now has ended. */
    public static SlotSnapshot create(Address source, String applicationName, String slot) {
        Connection connection = LogStream.connect(source, applicationName, "12");
        try (Statement statement = connection.createStatement()) {
            // A snapshot that a time-out takes away would be missed in the middle of the copy.
            statement.execute(
                    Pinned.statements(connection.getMetaData().getDatabaseMajorVersion()));
            try (ResultSet row = statement.executeQuery(command(slot))) {
                if (!row.next()) {
                    throw new IllegalStateException("no answer to " + command(slot));
                }
                return new SlotSnapshot(
                        connection,
                        Lsn.parse(row.getString("consistent_point")),
                        row.getString("snapshot_name"));
            }
        } catch (SQLException e) {
            PgError sorted = PgError.of(e);
            try {
                connection.close();
            } catch (SQLException close) {
                sorted.addSuppressed(close);
            }
            throw sorted;
        }
    }

    private static String command(String slot) {
        return "CREATE_REPLICATION_SLOT %s LOGICAL pgoutput EXPORT_SNAPSHOT"
                .formatted(Sql.name(slot));
    }

    /** Where the slot begins, in the source's log. */
    public Lsn startLsn() {
        return startLsn;
    }

    /** For {@code SET TRANSACTION SNAPSHOT}. */
    public String snapshot() {
        return snapshot;
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            throw PgError.of(e);
        }
    }
}
