package org.pgchorus.pg;

import org.postgresql.core.PGStream;
import org.postgresql.core.QueryExecutorBase;
import org.postgresql.jdbc.PgConnection;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

import java.io.IOException;
import java.lang.reflect.Field;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * Sends prepared statements over a session's own connection without waiting for their answers.
 *
 * <p>The driver has connected, authenticated and encrypted; its stream is borrowed while it has
 * nothing to say. So the two take turns: between {@link #sync} and the return of {@link #await}
 * nobody may use the {@link Session}, and outside of that the stream is the driver's again.
 *
 * <p>After an error the server skips everything up to the next sync. A transaction that was open
 * stays failed until it is rolled back. Answers are few and small, whatever is sent, so nobody has
 * to read while somebody writes.
 *
 * <p>One thread, the session's. Source: PostgreSQL manual, "Extended Query", "COPY Operations".
 */
public final class Pipeline {
    /** Some network packets; more would only delay the server's start. */
    private static final int SEND_BYTES = 1 << 16;

    /** How a value comes, and the length of none. */
    private static final int TEXT = 0;

    private static final int BINARY = 1;
    private static final int NULL = -1;

    private final PGStream stream;
    private final WireBytes out = new WireBytes(SEND_BYTES + (1 << 12));
    private long generation = 1;
    private long named;

    /** Of each sync whose answer has not come yet, the statements prepared before it. */
    private final Deque<List<Statement>> awaited = new ArrayDeque<>();

    /** Those prepared since the last sync. */
    private List<Statement> unconfirmed = new ArrayList<>();

    /** A statement that is prepared with its first use; for one pipeline. */
    public static final class Statement {
        private final String sql;
        private final int[] types;
        private String name;
        private long generation;

        /**
         * @param sql with parameters {@code $1} and so on
         * @param types of the parameters, as {@link Parameters} names them
         */
        public Statement(String sql, int... types) {
            this.sql = sql;
            this.types = types.clone();
        }

        @Override
        public String toString() {
            return sql;
        }
    }

    Pipeline(Connection connection) {
        try {
            PgConnection pg = connection.unwrap(PgConnection.class);
            Field field = QueryExecutorBase.class.getDeclaredField("pgStream");
            field.setAccessible(true);
            stream = (PGStream) field.get(pg.getQueryExecutor());
        } catch (SQLException e) {
            throw PgError.of(e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("the driver keeps its stream elsewhere", e);
        }
    }

    /** Sends a statement; its answer comes with {@link #await}. */
    public void execute(Statement statement, Parameters parameters) {
        prepare(statement);
        bind(statement, parameters);
        int at = open('E');
        out.put(0);
        out.putInt(0);
        close(at);
    }

    /** Sends a {@code COPY ... FROM STDIN} and its data. */
    public void copy(Statement copy, WireBytes data) {
        execute(copy, new Parameters());
        out.put('d');
        out.putInt(4 + data.size());
        out.put(data);
        close(open('c'));
    }

    /** Ends a row of statements: after an error among them the server goes on behind this. */
    public void sync() {
        close(open('S'));
        send();
        try {
            stream.flush();
        } catch (IOException e) {
            throw lost(e);
        }
        awaited.addLast(unconfirmed);
        unconfirmed = new ArrayList<>();
    }

    /** Whether a sync is still unanswered. */
    public boolean isAwaited() {
        return !awaited.isEmpty();
    }

    /**
     * Waits until everything before the oldest unanswered sync is done.
     *
     * @throws PgError the first error among it
     */
    public void await() {
        ServerErrorMessage error = null;
        try {
            for (int tag = stream.receiveChar(); tag != 'Z'; tag = stream.receiveChar()) {
                int length = stream.receiveInteger4() - 4;
                if (tag == 'E') {
                    ServerErrorMessage said =
                            new ServerErrorMessage(stream.receiveErrorString(length));
                    error = error == null ? said : error;
                } else {
                    stream.skip(length);
                }
            }
            stream.skip(stream.receiveInteger4() - 4);
        } catch (IOException e) {
            throw lost(e);
        }
        List<Statement> prepared = awaited.removeFirst();
        if (error != null) {
            // What is on its way behind fails by the names it has; it is prepared anew with its
            // next use.
            prepared.forEach(statement -> statement.name = null);
            throw PgError.of(new PSQLException(error));
        }
    }

    /** The session has forgotten its prepared statements. */
    public void forget() {
        generation++;
    }

    private void prepare(Statement statement) {
        if (statement.name != null && statement.generation == generation) {
            return;
        }
        named++;
        statement.name = "pgchorus_" + named;
        statement.generation = generation;
        unconfirmed.add(statement);
        int at = open('P');
        out.putString(statement.name);
        out.putString(statement.sql);
        out.putShort(statement.types.length);
        for (int type : statement.types) {
            out.putInt(type);
        }
        close(at);
    }

    private void bind(Statement statement, Parameters parameters) {
        List<Optional<WireBytes>> values = parameters.values();
        if (values.size() != statement.types.length) {
            throw new IllegalArgumentException(
                    "%d values for %s".formatted(values.size(), statement.sql));
        }
        int at = open('B');
        out.put(0);
        out.putString(statement.name);
        out.putShort(values.size());
        for (int type : statement.types) {
            out.putShort(type == Parameters.GIVEN ? TEXT : BINARY);
        }
        out.putShort(values.size());
        for (Optional<WireBytes> value : values) {
            out.putInt(value.map(WireBytes::size).orElse(NULL));
            value.ifPresent(out::put);
        }
        out.putShort(0);
        close(at);
    }

    private int open(char tag) {
        out.put(tag);
        out.putInt(0);
        return out.size() - 4;
    }

    private void close(int at) {
        out.setInt(at, out.size() - at);
        if (out.size() >= SEND_BYTES) {
            send();
        }
    }

    private void send() {
        try {
            stream.send(out.array(), 0, out.size());
        } catch (IOException e) {
            throw lost(e);
        }
        out.clear();
    }

    private static PgError lost(IOException e) {
        return PgError.of(new SQLException("the connection broke: " + e.getMessage(), "08006", e));
    }
}
