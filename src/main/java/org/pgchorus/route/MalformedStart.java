package org.pgchorus.route;

/** What a client sent first is no start of a conversation with PostgreSQL. */
final class MalformedStart extends Exception {
    private static final long serialVersionUID = 1L;

    MalformedStart(String message) {
        super(message);
    }
}
