package org.pgchorus.pgoutput;

/**
 * Bytes that are not a message of the protocol.
 *
 * <p>The stream cannot be trusted from there on; trying again reads the same bytes. The text says
 * what was wrong and how many bytes into the message; it never shows a row's value.
 */
public final class MalformedMessage extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** States the reason, a sentence without a full stop. */
    public MalformedMessage(String reason) {
        super(reason);
    }

    /** States the reason and the underlying failure. */
    public MalformedMessage(String reason, Throwable cause) {
        super(reason, cause);
    }
}
