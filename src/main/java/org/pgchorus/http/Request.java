package org.pgchorus.http;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What a client asks. Immutable.
 *
 * @param method in capitals
 * @param path as it was sent, without the question behind it
 * @param question what stands behind the {@code ?}, by name
 * @param accepted the form that is wanted; empty for any
 */
record Request(String method, String path, Map<String, String> question, String accepted) {
    /**
     * @param query the raw text behind the {@code ?}, or null
     * @throws IllegalArgumentException if it is badly encoded
     */
    static Request of(String method, String path, String query, String accepted) {
        Map<String, String> question = new LinkedHashMap<>();
        if (query != null && !query.isEmpty()) {
            for (String pair : query.split("&")) {
                String[] sides = pair.split("=", 2);
                question.put(decoded(sides[0]), sides.length > 1 ? decoded(sides[1]) : "");
            }
        }
        return new Request(method, path, question, accepted);
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }

    /** A word of the question; empty if it is not there or says nothing. */
    Optional<String> asked(String name) {
        return Optional.ofNullable(question.get(name)).filter(value -> !value.isEmpty());
    }
}
