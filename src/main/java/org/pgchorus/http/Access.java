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
    private static final int FORBIDDEN = 403;
    private static final int MISDIRECTED = 421;

    /** This machine, by names that no server elsewhere decides about. */
    private static final Pattern LOCAL =
            Pattern.compile("(?:localhost|[0-9.]+|\\[[0-9a-fA-F:.]+])(?::\\d+)?");

    private Access() {}

    /**
     * Why a request is not answered; empty if it is.
     *
     * @param certified whether the client showed a certificate of a known root
     */
    static Optional<Reply> refusal(
            Binding binding, Routes.Need need, Headers headers, boolean certified) {
        if (certified) {
            return need == Routes.Need.CHANGE ? fromElsewhere(headers) : Optional.empty();
        }
        return switch (need) {
            case NOTHING -> Optional.empty();
            case READ -> binding.readsFreely() ? foreign(headers) : unknown(binding, headers);
            case CHANGE -> unknown(binding, headers);
        };
    }

    /** A page from elsewhere, whose name was made to point here, reads nothing. */
    private static Optional<Reply> foreign(Headers headers) {
        String host = Optional.ofNullable(headers.getFirst("Host")).orElse("localhost");
        return LOCAL.matcher(host).matches()
                ? Optional.empty()
                : Optional.of(
                        Reply.refusal(
                                MISDIRECTED,
                                "without a token this is asked as localhost or by an address, not"
                                        + " by another name"));
    }

    /** Browsers show a certificate for pages of other sites too, and then name the site. */
    private static Optional<Reply> fromElsewhere(Headers headers) {
        String origin = Optional.ofNullable(headers.getFirst("Origin")).orElse("");
        String host = Optional.ofNullable(headers.getFirst("Host")).orElse("");
        return origin.isEmpty() || origin.equals("https://" + host)
                ? Optional.empty()
                : Optional.of(
                        Reply.refusal(FORBIDDEN, "a page of another site changes nothing here"));
    }

    private static Optional<Reply> unknown(Binding binding, Headers headers) {
        if (binding.token().isEmpty()) {
            return Optional.of(
                    Reply.refusal(
                            FORBIDDEN,
                            binding.readsFreely()
                                    ? "nothing can be changed here: the daemon was started without"
                                            + " a token; give it one with --http-token-file or"
                                            + " PGCHORUS_HTTP_TOKEN"
                                    : "a client's certificate is needed"));
        }
        return carries(headers, binding.token().get())
                ? Optional.empty()
                : Optional.of(
                        Reply.refusal(
                                UNAUTHORIZED, "a token is needed: Authorization: Bearer TOKEN"));
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
