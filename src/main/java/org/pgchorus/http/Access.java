package org.pgchorus.http;

import com.sun.net.httpserver.Headers;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.regex.Pattern;

/** Who may ask. Pure. */
final class Access {
    private static final String SCHEME = "Bearer ";
    private static final int UNAUTHORIZED = 401;
    private static final int MISDIRECTED = 421;

    /** This machine, by names that no server elsewhere decides about. */
    private static final Pattern LOCAL =
            Pattern.compile("(?:localhost|[0-9.]+|\\[[0-9a-fA-F:.]+])(?::\\d+)?");

    private Access() {}

    /** Why a request is not answered; empty if it is. */
    static Optional<Reply> refusal(Binding binding, Headers headers) {
        if (binding.token().isPresent()) {
            return carries(headers, binding.token().get())
                    ? Optional.empty()
                    : Optional.of(
                            Reply.refusal(
                                    UNAUTHORIZED,
                                    "a token is needed: Authorization: Bearer TOKEN"));
        }
        // A page from elsewhere, whose name was made to point here, reads nothing.
        String host = Optional.ofNullable(headers.getFirst("Host")).orElse("localhost");
        return LOCAL.matcher(host).matches()
                ? Optional.empty()
                : Optional.of(
                        Reply.refusal(
                                MISDIRECTED,
                                "without a token this is asked as localhost or by an address, not"
                                        + " by another name"));
    }

    private static boolean carries(Headers headers, String token) {
        String said = Optional.ofNullable(headers.getFirst("Authorization")).orElse("");
        return said.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
                && MessageDigest.isEqual(
                        bytes(said.substring(SCHEME.length()).strip()), bytes(token));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
