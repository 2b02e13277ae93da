package org.pgchorus.pg;

import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

import java.sql.SQLException;
import java.util.Optional;

/**
 * Something PostgreSQL, or the way to it, refused. Sorted by what a caller can do about it.
 *
 * <p>{@code sqlState} is PostgreSQL's five letters, or {@code 08000} when there was no server to
 * say one.
 */
public abstract sealed class PgError extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String sqlState;

    private PgError(String message, String sqlState, Throwable cause) {
        super(message, cause);
        this.sqlState = sqlState;
    }

    /** PostgreSQL's SQLSTATE. */
    public String sqlState() {
        return sqlState;
    }

    /**
     * It may well work next time: connection lost, deadlock, lock time-out, disk full, shutdown.
     */
    public static final class Busy extends PgError {
        private static final long serialVersionUID = 1L;

        Busy(String message, String sqlState, Throwable cause) {
            super(message, sqlState, cause);
        }
    }

    /** It will not work until a person changes something. */
    public static final class Refused extends PgError {
        private static final long serialVersionUID = 1L;

        Refused(String message, String sqlState, Throwable cause) {
            super(message, sqlState, cause);
        }
    }

    /**
     * It will not work until a person changes something, and nothing else of the same link may go
     * on before that.
     */
    public static final class Halted extends PgError {
        private static final long serialVersionUID = 1L;

        Halted(String message) {
            super(message, "55000", null);
        }
    }

    /** Something that halts a whole link, found by us; the message as in {@link #refused}. */
    public static Halted halted(String message) {
        return new Halted(message);
    }

    /** A refusal found by us, with what happened, the detail and the cure in the message. */
    public static Refused refused(String message) {
        return new Refused(message, "55000", null);
    }

    /** The same, under the SQLSTATE that the server would have given it. */
    public static Refused refused(String message, String sqlState) {
        return new Refused(message, sqlState, null);
    }

    /** The same, because of another failure. */
    public static Refused refused(String message, Throwable cause) {
        return new Refused(message, "55000", cause);
    }

    /** An obstacle found by us that passes by itself. */
    public static Busy busy(String message) {
        return new Busy(message, "57014", null);
    }

    /** The same, if the transaction has but to begin again. */
    public static Busy again(String message) {
        return new Busy(message, "40001", null);
    }

    /** A refusal that the transaction may not meet again when it is done in smaller steps. */
    static Busy again(PgError refused) {
        return new Busy(refused.getMessage(), "40000", refused);
    }

    /**
     * Sorts an error of the driver. Classes 08 (connection), 40 (rollback), 53 (resources), 55
     * (object in use, not prerequisite state), 57 (operator) and 58 (system) are {@link Busy}.
     */
    public static PgError of(SQLException error) {
        String state = Optional.ofNullable(error.getSQLState()).orElse("08000");
        String message = text(error);
        boolean busy =
                switch (state.length() >= 2 ? state.substring(0, 2) : "08") {
                    case "08", "40", "53", "55", "57", "58" -> true;
                    default -> false;
                };
        return busy ? new Busy(message, state, error) : new Refused(message, state, error);
    }

    private static String text(SQLException error) {
        ServerErrorMessage server =
                error instanceof PSQLException pg ? pg.getServerErrorMessage() : null;
        if (server == null || server.getMessage() == null) {
            return String.valueOf(error.getMessage());
        }
        StringBuilder text = new StringBuilder(server.getMessage());
        if (server.getDetail() != null) {
            text.append(" (").append(server.getDetail()).append(')');
        }
        if (server.getHint() != null) {
            text.append("; hint: ").append(server.getHint());
        }
        return text.append(" [").append(server.getSQLState()).append(']').toString();
    }
}
