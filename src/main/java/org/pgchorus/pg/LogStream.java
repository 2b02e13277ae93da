package org.pgchorus.pg;

import org.pgchorus.config.Address;
import org.pgchorus.model.Lsn;
import org.pgchorus.sql.ObjectNames;
import org.postgresql.PGConnection;
import org.postgresql.replication.LogSequenceNumber;
import org.postgresql.replication.PGReplicationStream;
import org.postgresql.replication.fluent.logical.ChainedLogicalStreamBuilder;

import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.function.ObjIntConsumer;

/**
 * The stream of one slot: the source's changes, one {@code pgoutput} message at a time.
 *
 * <p>One thread reads; {@link #acknowledge}, {@link #receivedLsn} and {@link #abort} may come from
 * others. What is acknowledged is reported to the source within {@link #STATUS_MILLIS}. Keepalives
 * are answered while a read waits and by {@link #answer} while nobody reads.
 */
public final class LogStream implements AutoCloseable {
    /** How often the source is told where we are: far below any time-out, above a chatter. */
    private static final int STATUS_MILLIS = 100;

    /** From this version on the server leaves out what was written by appliers. */
    private static final int ORIGIN_OPTION_SINCE = 16;

    /** From this version on logical messages can be asked for. */
    private static final int MESSAGES_OPTION_SINCE = 14;

    /** Held so that the driver does not close a connection nobody refers to. */
    private final Connection connection;

    private final PGReplicationStream stream;

    private LogStream(Connection connection, PGReplicationStream stream) {
        this.connection = connection;
        this.stream = stream;
    }

    /**
     * Starts streaming what the source's own clients write.
     *
     * @param applicationName as {@code synchronous_standby_names} may know it
     * @param sourceStartLsn transactions that committed before it are not sent
     */
    public static LogStream open(
            Address given, String applicationName, String slot, Lsn sourceStartLsn) {
        return open(
                given,
                applicationName,
                "14",
                slot,
                (builder, major) -> {
                    builder.withStartPosition(LogSequenceNumber.valueOf(sourceStartLsn.bytes()))
                            .withSlotOption("publication_names", ObjectNames.PUBLICATION)
                            .withSlotOption("messages", "true");
                    if (major >= ORIGIN_OPTION_SINCE) {
                        builder.withSlotOption("origin", "none");
                    }
                });
    }

    /**
     * Starts streaming all that happens at the source, what appliers write there included. Works
     * from version 12 on.
     *
     * @param publications their names
     */
    public static LogStream openWhole(
            Address given,
            String applicationName,
            String slot,
            List<String> publications,
            Lsn sourceStartLsn) {
        return open(
                given,
                applicationName,
                "12",
                slot,
                (builder, major) -> {
                    builder.withStartPosition(LogSequenceNumber.valueOf(sourceStartLsn.bytes()))
                            .withSlotOption("publication_names", String.join(",", publications));
                    if (major >= MESSAGES_OPTION_SINCE) {
                        builder.withSlotOption("messages", "true");
                    }
                });
    }

    private static LogStream open(
            Address given,
            String applicationName,
            String oldestServer,
            String slot,
            ObjIntConsumer<ChainedLogicalStreamBuilder> options) {
        Connection connection = connect(given, applicationName, oldestServer);
        try {
            int majorVersion = connection.getMetaData().getDatabaseMajorVersion();
            try (Statement statement = connection.createStatement()) {
                // The sender makes texts of values by the settings of its session.
                statement.execute(Pinned.statements(majorVersion));
            }
            FailoverSlot.adjust(connection, majorVersion, slot);
            PGConnection pg = connection.unwrap(PGConnection.class);
            ChainedLogicalStreamBuilder builder =
                    pg.getReplicationAPI()
                            .replicationStream()
                            .logical()
                            .withSlotName(slot)
                            .withAutomaticFlush(false)
                            .withSlotOption("proto_version", "1")
                            .withStatusInterval(STATUS_MILLIS, TimeUnit.MILLISECONDS);
            options.accept(builder, majorVersion);
            return new LogStream(connection, builder.start());
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

    /** A connection of the kind that streams. */
    static Connection connect(Address given, String applicationName, String oldestServer) {
        Address source = Credentials.complete(given);
        Properties properties = ClientKey.properties(source);
        properties.setProperty("replication", "database");
        properties.setProperty("preferQueryMode", "simple");
        properties.setProperty("assumeMinServerVersion", oldestServer);
        properties.setProperty("ApplicationName", applicationName);
        properties.setProperty("tcpKeepAlive", "true");
        properties.setProperty("socketFactory", PacedSocketFactory.class.getName());
        properties.putIfAbsent("connectTimeout", "10");
        try {
            return DriverManager.getConnection(source.jdbcUrl(), properties);
        } catch (SQLException e) {
            throw Connecting.connectError(e, source);
        }
    }

    /**
     * Tries whether a connection that streams can be had; leaves nothing behind.
     *
     * @throws PgError why it cannot
     */
    public static void tryConnection(Address address) {
        try (Connection connection = connect(address, "pgchorus check", "14");
                Statement statement = connection.createStatement()) {
            statement.execute("IDENTIFY_SYSTEM");
        } catch (SQLException e) {
            throw PgError.of(e);
        }
    }

    /** Waits for the next message; its bytes are the reader's own. */
    public ByteBuffer read() {
        try {
            return stream.read();
        } catch (SQLException e) {
            throw PgError.of(e);
        }
    }

    /** Tells the source that all up to here is durable at the target. Any thread. */
    public void acknowledge(Lsn sourceLsn) {
        LogSequenceNumber position = LogSequenceNumber.valueOf(sourceLsn.bytes());
        stream.setFlushedLSN(position);
        stream.setAppliedLSN(position);
    }

    /** Tells the source that we live, while the reading thread has no room for more. */
    public void answer() {
        try {
            stream.forceUpdateStatus();
        } catch (SQLException e) {
            throw PgError.of(e);
        }
    }

    /** The last position the source has told of, by a message or a keepalive. Any thread. */
    public Lsn receivedLsn() {
        LogSequenceNumber last = stream.getLastReceiveLSN();
        return last == null ? Lsn.ZERO : new Lsn(last.asLong());
    }

    /** Breaks the stream at once, from any thread; a read under way fails. */
    public void abort() {
        try {
            connection.abort(Runnable::run);
        } catch (SQLException e) {
            throw PgError.of(e);
        }
    }

    @Override
    public void close() {
        abort();
    }
}
