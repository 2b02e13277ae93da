package org.pgchorus.example;

/** Something that an example checks is not so; the message names step and check. */
public final class Unmet extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Unmet(String message) {
        super(message);
    }
}
