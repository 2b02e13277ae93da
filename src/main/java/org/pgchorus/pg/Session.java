package org.pgchorus.pg;

import org.pgchorus.config.Address;
import org.pgchorus.model.Lsn;
import org.postgresql.PGConnection;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * One connection to a database, spoken to in text: every parameter and every value is PostgreSQL's
 * text form, and the server finds the types.
 *
 * <p>Used by one thread at a time; only {@link #abort} may come from another. Every failure is a
 * {@link PgError}.
 */
public final class Session implements AutoCloseable {
    /** A server that has not answered by then is down, or nearly so. */
    private static final int CONNECT_SECONDS = 10;

    private final Connection connection;
    private final String where;

    /** What was put off. */
    private final List<Asked<?>> waiting = new ArrayList<>();

    private boolean carrying;
    private boolean inTransaction;

    /** The other way to speak over this connection, if there is one. */
    private Pipeline pipeline;

    private Session(Connection connection, String where) {
        this.connection = connection;
        this.where = where;
    }

    /** One row of an answer. Columns count from 1. */
    public static final class Answer {
        private final ResultSet rows;

        Answer(ResultSet rows) {
            this.rows = rows;
        }

        /** The value's text, or null for NULL. */
        public String text(int column) {
            try {
                return rows.getString(column);
            } catch (SQLException e) {
                throw PgError.of(e);
            }
        }

        /** The value's text, empty for NULL. */
        public Optional<String> maybe(int column) {
            return Optional.ofNullable(text(column));
        }

        /** A whole number that is not NULL. */
        public long number(int column) {
            return Long.parseLong(text(column));
        }

        /** A whole number, or what to take for NULL. */
        public long number(int column, long ifNull) {
            String text = text(column);
            return text == null ? ifNull : Long.parseLong(text);
        }

        /** An array of texts; NULL is an empty one. */
        public List<String> texts(int column) {
            try {
                java.sql.Array array = rows.getArray(column);
                return array == null ? List.of() : Arrays.asList((String[]) array.getArray());
            } catch (SQLException e) {
                throw PgError.of(e);
            }
        }

        /** A truth value; NULL is false. */
        public boolean truth(int column) {
            return "t".equals(text(column)) || "true".equals(text(column));
        }

        /** A WAL position; NULL is {@link Lsn#ZERO}. */
        public Lsn lsn(int column) {
            return maybe(column).map(Lsn::parse).orElse(Lsn.ZERO);
        }
    }

    /** Makes something of one row. */
    @FunctionalInterface
    public interface Reader<T> {
        /** Reads the row the answer stands at. */
        T read(Answer row);
    }

    /**
     * Connects.
     *
     * @param applicationName what {@code pg_stat_activity} shows
     */
    public static Session open(Address given, String applicationName) {
        return open(given, applicationName, CONNECT_SECONDS);
    }

    /**
     * Connects.
     *
     * @param connectSeconds how long at most, where the address does not say
     */
    public static Session open(Address given, String applicationName, int connectSeconds) {
        Address address = Credentials.complete(given);
        Connection connection = Connecting.connect(address, applicationName, connectSeconds);
        Session session = new Session(connection, address.text());
        session.execute(Pinned.statements(session.serverVersion()));
        return session;
    }

    /** A session over a connection of a pool, which has it back when the session is closed. */
    static Session lent(Connection connection, String where) {
        return new Session(connection, where);
    }

    /** The address, without password, for messages. */
    public String where() {
        return where;
    }

    /** The server's major version. */
    public int serverVersion() {
        try {
            return connection.getMetaData().getDatabaseMajorVersion();
        } catch (SQLException e) {
            throw PgError.of(e);
        }
    }

    /** Runs statements that take no parameters and whose answers nobody reads. */
    public void execute(String sql) {
        settle();
        try (Statement statement = connection.createStatement()) {
            statement.setEscapeProcessing(false);
            statement.execute(sql);
        } catch (SQLException e) {
            throw PgError.of(e);
        }
    }

    /** Runs one statement as it is typed, and reads its whole answer for people to see. */
    public Sheet sheet(String sql) {
        settle();
        try (Statement statement = connection.createStatement()) {
            statement.setEscapeProcessing(false);
            return statement.execute(sql)
                    ? Sheet.of(statement.getResultSet())
                    : Sheet.changed(statement.getLargeUpdateCount());
        } catch (SQLException e) {
            throw PgError.of(e);
        }
    }

    /** Runs one statement and reads its rows; each {@code ?} takes the next parameter as text. */
    public <T> List<T> query(String sql, Reader<T> reader, Object... parameters) {
        Asked<T> asked = Asked.rows(sql, reader, parameters);
        together(asked);
        return asked.rows();
    }

    /** The first row, if there is one. */
    public <T> Optional<T> first(String sql, Reader<T> reader, Object... parameters) {
        return query(sql, reader, parameters).stream().findFirst();
    }

    /** The one value of the one row of a question that always has one. */
    public String value(String sql, Object... parameters) {
        List<Optional<String>> rows = query(sql, row -> row.maybe(1), parameters);
        if (rows.isEmpty()) {
            throw new IllegalStateException("no answer to " + sql);
        }
        return rows.getFirst().orElse(null);
    }

    /** Runs one statement that changes something; returns how many rows it touched. */
    public int update(String sql, Object... parameters) {
        Asked<Void> asked = Asked.change(sql, parameters);
        together(asked);
        return asked.count();
    }

    /**
     * Runs one statement for each list of parameters, without waiting for one answer before the
     * next is sent. If one fails those behind it have not run; the transaction has to be given up.
     *
     * @return how many rows each touched
     */
    public int[] updateEach(String sql, List<List<String>> parameters) {
        settle();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (List<String> one : parameters) {
                set(statement, 1, one);
                statement.addBatch();
            }
            return statement.executeBatch();
        } catch (BatchUpdateException e) {
            throw PgError.of(Objects.requireNonNullElse(e.getNextException(), e));
        } catch (SQLException e) {
            throw PgError.of(e);
        }
    }

    /**
     * Runs statements one after the other, in one round trip: what would be asked next must not
     * depend on an answer. Each has a snapshot of its own, as if it had been sent alone. The first
     * that fails is the last that runs.
     */
    public void together(Asked<?>... statements) {
        List<Asked<?>> all = new ArrayList<>(waiting);
        all.addAll(Arrays.asList(statements));
        boolean mayBeCarried = carrying;
        waiting.clear();
        carrying = false;
        try {
            run(all);
        } catch (SQLException e) {
            PgError failure = PgError.of(e);
            if (mayBeCarried && failure instanceof PgError.Refused) {
                throw PgError.again(failure);
            }
            throw failure;
        }
    }

    /**
     * Runs a change together with the next statement of the transaction, ahead of it; an error
     * shows then. Outside of a transaction it is run at once.
     */
    public void later(String sql, Object... parameters) {
        Asked<Void> asked = Asked.change(sql, parameters);
        if (inTransaction) {
            waiting.add(asked);
        } else {
            together(asked);
        }
    }

    /** Runs now what was put off. */
    public void settle() {
        requireTurn();
        if (!waiting.isEmpty()) {
            together();
        }
    }

    /**
     * Whoever goes on from here has nothing to do with what was put off: if the server refuses the
     * next statements, it is not said which, and the failure is a {@link PgError.Busy} of class 40:
     * to be done again without putting off.
     */
    public void carry() {
        carrying = !waiting.isEmpty();
    }

    /** The next answer would be taken for that of what is asked now. */
    private void requireTurn() {
        if (pipeline != null && pipeline.isAwaited()) {
            throw new IllegalStateException("the pipeline of this session awaits answers");
        }
    }

    private void run(List<Asked<?>> statements) throws SQLException {
        requireTurn();
        String sql =
                statements.size() == 1
                        ? statements.getFirst().sql
                        : statements.stream().map(s -> s.sql).collect(Collectors.joining("; "));
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            int place = 1;
            for (Asked<?> asked : statements) {
                place = set(statement, place, asked.parameters);
            }
            boolean isRows = statement.execute();
            for (int i = 0; i < statements.size(); i++) {
                if (i > 0) {
                    isRows = statement.getMoreResults();
                }
                statements.get(i).take(statement, isRows);
            }
        }
    }

    private int set(PreparedStatement statement, int first, Object... parameters)
            throws SQLException {
        int place = first;
        for (Object parameter : parameters) {
            if (parameter instanceof Collection<?> many) {
                for (Object one : many) {
                    setOne(statement, place++, one);
                }
            } else {
                setOne(statement, place++, parameter);
            }
        }
        return place;
    }

    private void setOne(PreparedStatement statement, int place, Object value) throws SQLException {
        if (value instanceof String[] texts) {
            statement.setArray(place, connection.createArrayOf("text", texts));
        } else {
            statement.setString(place, value == null ? null : value.toString());
        }
    }

    /** Opens a transaction; it begins with the next statement. */
    public void begin() {
        try {
            connection.setAutoCommit(false);
            inTransaction = true;
        } catch (SQLException e) {
            throw PgError.of(e);
        }
    }

    /** Commits and goes back to one transaction a statement. */
    public void commit() {
        settle();
        try {
            connection.commit();
            connection.setAutoCommit(true);
            inTransaction = false;
        } catch (SQLException e) {
            throw PgError.of(e);
        }
    }

    /** Rolls back and goes back to one transaction a statement. */
    public void rollback() {
        waiting.clear();
        carrying = false;
        try {
            if (inTransaction) {
                connection.rollback();
                connection.setAutoCommit(true);
                inTransaction = false;
            }
        } catch (SQLException e) {
            throw PgError.of(e);
        }
    }

    /** Runs work in one transaction: commits if it returns, rolls back if it throws. */
    public <T> T inTransaction(Supplier<T> work) {
        begin();
        T result;
        try {
            result = work.get();
            settle();
        } catch (RuntimeException | Error e) {
            try {
                rollback();
            } catch (PgError lost) {
                e.addSuppressed(lost);
            }
            throw e;
        }
        commit();
        return result;
    }

    /** {@code COPY ... TO STDOUT} into a stream; returns the rows. */
    public long copyOut(String sql, OutputStream to) throws IOException {
        settle();
        try {
            return connection.unwrap(PGConnection.class).getCopyAPI().copyOut(sql, to);
        } catch (SQLException e) {
            throw PgError.of(e);
        }
    }

    /** {@code COPY ... FROM STDIN} from a stream; returns the rows. */
    public long copyIn(String sql, InputStream from) throws IOException {
        settle();
        try {
            return connection.unwrap(PGConnection.class).getCopyAPI().copyIn(sql, from);
        } catch (SQLException e) {
            throw PgError.of(e);
        }
    }

    /**
     * Leads a COPY out of this database into another one's, row by row as they come.
     *
     * @param out {@code COPY ... TO STDOUT}
     * @param in gives {@code COPY ... FROM STDIN} when there is something to write, and may make
     *     ready for it; not asked if nothing comes
     * @param bytes told how many bytes went by since it was last told
     * @return rows written
     */
    public long copyTo(Session target, String out, Supplier<String> in, LongConsumer bytes) {
        settle();
        target.settle();
        return new CopyRelay(connection, target.connection).pass(out, in, bytes);
    }

    /** The same, with nothing to make ready. */
    public long copyTo(Session target, String out, String in, LongConsumer bytes) {
        return copyTo(target, out, () -> in, bytes);
    }

    /**
     * Another way to speak over this connection, in turns with this one: while it awaits answers
     * nothing can be asked here. One for a session.
     */
    public Pipeline pipeline() {
        if (pipeline == null) {
            pipeline = new Pipeline(connection);
        }
        return pipeline;
    }

    /** From now on a server that says nothing for so long counts as lost. */
    public void giveUpAfter(Duration silence) {
        try {
            connection.setNetworkTimeout(Runnable::run, Math.toIntExact(silence.toMillis()));
        } catch (SQLException e) {
            throw PgError.of(e);
        }
    }

    /** Whether the connection is lost or closed: nothing can be asked over it any more. */
    public boolean isLost() {
        try {
            return connection.isClosed();
        } catch (SQLException e) {
            throw PgError.of(e);
        }
    }

    /** Breaks the connection at once, from any thread; a call under way fails. */
    public void abort() {
        try {
            connection.abort(Runnable::run);
        } catch (SQLException e) {
            throw PgError.of(e);
        }
    }

    /** Closes it; an error in doing so changes nothing for anyone, since the server ends it too. */
    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            throw PgError.of(e);
        }
    }
}
