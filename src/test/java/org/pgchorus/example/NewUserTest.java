package org.pgchorus.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

import org.junit.jupiter.api.Test;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** What the example's service takes for a user, and what it says to the rest. */
class NewUserTest {
    private static final String EMAIL = "\"email\": \"a@b\"";

    private static NewUser parse(String json) {
        return NewUser.parse(json.getBytes(StandardCharsets.UTF_8));
    }

    private static String named(String name) {
        return "{\"name\": \"%s\", %s}".formatted(name, EMAIL);
    }

    @Test
    void aUserIsRead() {
        assertThat(parse("{\"email\": \"ada@example.org\", \"name\": \"Ad\\u00e1\"}"))
                .isEqualTo(new NewUser("Ad\u00e1", "ada@example.org"));
        assertThat(parse(named("x".repeat(98) + "\\ud83d\\ude00")).name()).hasSize(100);
    }

    @Test
    void whatIsNotAsItShouldBeIsRefusedWithItsReason() {
        Map<String, List<String>> refused =
                Map.of(
                        "the body is not JSON",
                        List.of("{", "{} x", "name=Ada", named("a\", \"name\": \"b")),
                        "the body is no JSON object",
                        List.of("", "[]", "1", "null", "\"Ada\""),
                        "name is missing",
                        List.of("{}", "{" + EMAIL + "}"),
                        "email is missing",
                        List.of("{\"name\": \"Ada\"}"),
                        "name is no string",
                        List.of("{\"name\": 1, " + EMAIL + "}", "{\"name\": null, " + EMAIL + "}"),
                        "name is empty",
                        List.of(named(""), named("  ")),
                        "name is too long: 101 characters, at most 100",
                        List.of(named("x".repeat(101)), named("\\ud83d\\ude00".repeat(101))),
                        "name has a character that is none",
                        List.of(named("a\\u0000b"), named("a\\nb"), named("\\ud83d")),
                        "email is no e-mail address",
                        List.of(named("Ada").replace("a@b", "a@b@c"), named("A").replace("@", "")),
                        "there is no field \"admin\"",
                        List.of("{\"name\": \"Ada\", \"admin\": true, " + EMAIL + "}"));
        refused.forEach((reason, bodies) ->
                bodies.forEach(body ->
                        assertThatIllegalArgumentException()
                                .as(body)
                                .isThrownBy(() -> parse(body))
                                .withMessageContaining(reason)));
    }

    @Property
    void anyBytesAreReadOrRefused(@ForAll byte[] body) {
        assertThatIllegalArgumentException().isThrownBy(() -> NewUser.parse(body));
    }

    @Property
    void anyNameIsReadAsItIsOrRefused(@ForAll String name) {
        String json = named(name.replace("\\", "").replace("\"", ""));
        try {
            assertThat(json).contains(parse(json).name());
        } catch (IllegalArgumentException refused) {
            assertThat(refused).message().isNotBlank();
        }
    }
}
