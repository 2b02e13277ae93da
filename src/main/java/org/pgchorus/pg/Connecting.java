package org.pgchorus.pg;

import org.pgchorus.config.Address;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;

/** How this program connects: the driver's settings, and what to do when it cannot. */
final class Connecting {
    /**
     * A link says about twenty different things of each table, alone and {@link Session#together
     * together}. One that is pushed out has to be parsed again by both sides.
     */
    private static final String PREPARED_STATEMENTS = "2048";

    /** Of texts, about; they are a kilobyte or two each. */
    private static final String PREPARED_MEGABYTES = "16";

    private Connecting() {}

    /**
     * Connects.
     *
     * @param address with its credentials
     * @param connectSeconds how long at most, where the address does not say
     */
    static Connection connect(Address address, String applicationName, int connectSeconds) {
        try {
            return DriverManager.getConnection(
                    address.jdbcUrl(), properties(address, applicationName, connectSeconds));
        } catch (SQLException e) {
            throw connectError(e, address);
        }
    }

    /** What the driver is told, for the same parameters. */
    static Properties properties(Address address, String applicationName, int connectSeconds) {
        Properties properties = ClientKey.properties(address);
        properties.setProperty("ApplicationName", applicationName);
        properties.setProperty("stringtype", "unspecified");
        properties.setProperty("binaryTransfer", "false");
        properties.setProperty("preparedStatementCacheQueries", PREPARED_STATEMENTS);
        properties.setProperty("preparedStatementCacheSizeMiB", PREPARED_MEGABYTES);
        properties.setProperty("tcpKeepAlive", "true");
        properties.setProperty("socketFactory", KeepAliveSocketFactory.class.getName());
        properties.putIfAbsent("connectTimeout", Integer.toString(connectSeconds));
        // Also when the connection stands and the server behind it says nothing.
        properties.putIfAbsent("loginTimeout", properties.getProperty("connectTimeout"));
        return properties;
    }

    /** What a failure to connect to an address is, with its cure. */
    static PgError connectError(SQLException e, Address address) {
        PgError sorted = PgError.of(e);
        String message =
                "cannot connect to %s: %s%s"
                        .formatted(
                                address.text(),
                                sorted.getMessage(),
                                ConnectCure.of(e, sorted.sqlState()));
        return sorted instanceof PgError.Busy
                ? new PgError.Busy(message, sorted.sqlState(), e)
                : new PgError.Refused(message, sorted.sqlState(), e);
    }
}
