package org.pgchorus.demo;

/**
 * A throw-away server could not be found, started, stopped or reached; the message has the cure.
 */
public final class ServerFailed extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ServerFailed(String message) {
        super(message);
    }

    public ServerFailed(String message, Throwable cause) {
        super(message, cause);
    }
}
