package org.pgchorus.http;

import java.util.Iterator;
import java.util.Map;

/** What a client gets. */
sealed interface Reply {
    /**
     * Something whole.
     *
     * @param headers besides those that every answer has
     */
    record Document(int status, String type, byte[] body, Map<String, String> headers)
            implements Reply {
        Document(int status, String type, byte[] body) {
            this(status, type, body, Map.of());
        }

        Document with(String header, String value) {
            return new Document(status, type, body, Map.of(header, value));
        }
    }

    /**
     * Events as they come, until there are no more or nobody listens.
     *
     * @param end to be run then
     */
    record Stream(Iterator<String> events, Runnable end) implements Reply {}

    /** JSON of what {@link Json} takes. */
    static Document json(int status, Object value) {
        return new Document(status, "application/json", Json.bytes(value));
    }

    /** What went wrong, for people. */
    static Document refusal(int status, String error) {
        return json(status, Map.of("error", error));
    }
}
