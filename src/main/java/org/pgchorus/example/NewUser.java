package org.pgchorus.example;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Somebody to be put into the table {@code users}. Immutable.
 *
 * @param name 1 to 100 characters, none of them a control character
 * @param email an address, 254 characters at most (RFC 5321's path of 256 without its brackets)
 */
record NewUser(String name, String email) {
    private static final int MOST_NAME = 100;
    private static final int MOST_EMAIL = 254;
    private static final List<String> FIELDS = List.of("name", "email");

    /** Something, an at sign, something; the rest only a mail to it can tell. */
    private static final Pattern EMAIL = Pattern.compile("[^@\\s]+@[^@\\s]+");

    private static final ObjectMapper MAPPER =
            JsonMapper.builder()
                    .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .build();

    /**
     * Refuses what is not as said above.
     *
     * @throws IllegalArgumentException with a sentence for who sent it
     */
    NewUser {
        requireText("name", name, MOST_NAME);
        requireText("email", email, MOST_EMAIL);
        if (!EMAIL.matcher(email).matches()) {
            throw new IllegalArgumentException(
                    "email is no e-mail address, such as ada@example.org");
        }
    }

    /**
     * Reads {@code {"name": ..., "email": ...}}.
     *
     * @throws IllegalArgumentException with a sentence for who sent it
     */
    static NewUser parse(byte[] json) {
        JsonNode object = object(json);
        for (Map.Entry<String, JsonNode> field : object.properties()) {
            if (!FIELDS.contains(field.getKey())) {
                throw new IllegalArgumentException(
                        "there is no field \"%s\"; there are name and email"
                                .formatted(field.getKey()));
            }
        }
        return new NewUser(text(object, "name"), text(object, "email"));
    }

    private static JsonNode object(byte[] json) {
        try {
            JsonNode read = MAPPER.readTree(json);
            if (read.isObject()) {
                return read;
            }
        } catch (JsonProcessingException damaged) {
            throw new IllegalArgumentException(
                    "the body is not JSON: " + damaged.getOriginalMessage(), damaged);
        } catch (IOException unreadable) {
            throw new IllegalArgumentException(
                    "the body is not JSON in UTF-8: " + unreadable.getMessage(), unreadable);
        }
        throw new IllegalArgumentException(
                "the body is no JSON object, such as"
                        + " {\"name\": \"Ada\", \"email\": \"ada@example.org\"}");
    }

    private static String text(JsonNode object, String field) {
        JsonNode value = object.path(field);
        if (value.isMissingNode()) {
            throw new IllegalArgumentException(field + " is missing");
        }
        if (!value.isTextual()) {
            throw new IllegalArgumentException(field + " is no string");
        }
        return value.textValue();
    }

    private static void requireText(String field, String text, int most) {
        int length = text.codePointCount(0, text.length());
        if (text.isBlank()) {
            throw new IllegalArgumentException(field + " is empty");
        }
        if (length > most) {
            throw new IllegalArgumentException(
                    "%s is too long: %d characters, at most %d".formatted(field, length, most));
        }
        // PostgreSQL has no NUL, and UTF-8 no half of a surrogate pair.
        if (text.codePoints().anyMatch(NewUser::isNoCharacter)) {
            throw new IllegalArgumentException(field + " has a character that is none");
        }
    }

    private static boolean isNoCharacter(int codePoint) {
        int type = Character.getType(codePoint);
        return type == Character.CONTROL || type == Character.SURROGATE;
    }
}
