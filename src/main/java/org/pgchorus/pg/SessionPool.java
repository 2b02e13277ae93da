package org.pgchorus.pg;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;

import org.pgchorus.config.Address;

import java.sql.SQLException;
import java.time.Duration;

/**
 * Sessions to one database that are lent, one borrower at a time each; for programs whose many
 * short pieces of work do not each want a session of their own. Any thread.
 *
 * <p>These are sessions as clients have them: nothing of what {@link Session#open} pins is set. One
 * that is closed goes back into the pool; one that was lost is replaced.
 */
public final class SessionPool implements AutoCloseable {
    /** A server that has not answered by then is down, or nearly so. */
    private static final int CONNECT_SECONDS = 10;

    /** The pool does not wait for the first connection. */
    private static final long NOT_AT_ONCE = -1;

    private final HikariDataSource pool;
    private final String where;

    private SessionPool(HikariDataSource pool, String where) {
        this.pool = pool;
        this.where = where;
    }

    /**
     * Opens a pool; the server need not be there yet.
     *
     * @param name what {@code pg_stat_activity} shows
     * @param sessions how many there are at most
     * @param patience how long a borrower waits for one to come back, a quarter of a second or more
     */
    public static SessionPool open(Address given, String name, int sessions, Duration patience) {
        Address address = Credentials.complete(given);
        HikariConfig config = new HikariConfig();
        config.setPoolName(name);
        config.setJdbcUrl(address.jdbcUrl());
        config.setDataSourceProperties(Connecting.properties(address, name, CONNECT_SECONDS));
        config.setMaximumPoolSize(sessions);
        config.setConnectionTimeout(patience.toMillis());
        config.setInitializationFailTimeout(NOT_AT_ONCE);
        return new SessionPool(new HikariDataSource(config), address.text());
    }

    /**
     * Lends a session; closing it gives it back.
     *
     * @throws PgError.Busy if none came back in time, or the server cannot be reached
     */
    public Session lend() {
        try {
            return Session.lent(pool.getConnection(), where);
        } catch (SQLException e) {
            throw PgError.of(e);
        }
    }

    @Override
    public void close() {
        pool.close();
    }
}
