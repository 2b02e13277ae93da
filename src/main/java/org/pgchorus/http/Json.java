package org.pgchorus.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.util.RawValue;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** Writes what the API answers: maps, lists, texts, numbers, truth values and nulls. Pure. */
final class Json {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final double MICROS = 1e6;

    private Json() {}

    /**
     * An object with the given keys and values in turn; an empty optional is {@code null}, and so
     * is an empty text: what is not known.
     */
    static Map<String, Object> object(Object... keysAndValues) {
        Map<String, Object> object = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            object.put((String) keysAndValues[i], known(keysAndValues[i + 1]));
        }
        return object;
    }

    private static Object known(Object value) {
        return switch (value) {
            case null -> null;
            case Optional<?> maybe -> maybe.isPresent() ? known(maybe.get()) : null;
            case OptionalLong maybe -> maybe.isPresent() ? maybe.getAsLong() : null;
            case OptionalDouble maybe ->
                    maybe.isPresent() ? Math.round(maybe.getAsDouble() * MICROS) / MICROS : null;
            case String text -> text.isEmpty() ? null : text;
            default -> value;
        };
    }

    /** JSON from a server, put in as it is: its numbers keep all their digits. */
    static Object raw(String json) {
        return new RawValue(json);
    }

    /** On one line. */
    static String text(Object value) {
        try {
            return MAPPER.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("no JSON form for " + value, e);
        }
    }

    static byte[] bytes(Object value) {
        try {
            return MAPPER.writeValueAsBytes(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("no JSON form for " + value, e);
        }
    }
}
