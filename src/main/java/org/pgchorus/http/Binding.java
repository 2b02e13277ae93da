package org.pgchorus.http;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where the server listens, and what a client has to know.
 *
 * <p>Without a token only on the machine itself: what is shown names hosts, tables and rows.
 *
 * @param port 0 for a free one
 * @param token that every request has to carry; empty for none: then nothing can be changed
 * @param readsFreely whether who only reads needs no token
 * @param tls empty for a port that is not encrypted
 */
public record Binding(
        InetAddress address,
        int port,
        Optional<String> token,
        boolean readsFreely,
        Optional<Tls> tls) {
    /** The usual address. */
    public static final String USUAL = "127.0.0.1:8008";

    private static final Pattern PLACE =
            Pattern.compile("(?:\\[([0-9a-fA-F:.%]+)]|([^:]*)):(\\d+)");
    private static final int LAST_PORT = 65_535;

    /** Shorter ones can be guessed. */
    private static final int TOKEN_CHARACTERS = 16;

    private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9._~+/=-]+");

    /** Refuses what would be open to everyone. */
    public Binding {
        if (readsFreely && !address.isLoopbackAddress()) {
            throw new IllegalArgumentException(
                    ("%s can be reached from other machines, so clients need a token: put one of %d"
                                    + " characters or more in a file and name it with"
                                    + " --http-token-file, or in the variable PGCHORUS_HTTP_TOKEN;"
                                    + " or know them by certificates with --http-tls-client-ca;"
                                    + " or listen on 127.0.0.1")
                            .formatted(address.getHostAddress(), TOKEN_CHARACTERS));
        }
        token.ifPresent(Binding::check);
    }

    private static void check(String token) {
        if (token.length() < TOKEN_CHARACTERS) {
            throw new IllegalArgumentException(
                    "the token for HTTP has %d characters and needs %d; make one with: openssl rand"
                                    .formatted(token.length(), TOKEN_CHARACTERS)
                            + " -hex 32");
        }
        if (!TOKEN.matcher(token).matches()) {
            throw new IllegalArgumentException(
                    "the token for HTTP has a character that cannot be sent in a header; make one"
                            + " with: openssl rand -hex 32");
        }
    }

    /**
     * Reads {@code HOST:PORT}, {@code [IPV6]:PORT} or {@code :PORT}, which is all addresses.
     *
     * @throws IllegalArgumentException if it is none of these, or may not be listened on
     */
    public static Binding parse(String place, Optional<String> token) {
        return parse(place, token, Optional.empty());
    }

    /** The same, encrypted; clients that show a certificate of a known root need no token. */
    public static Binding parse(String place, Optional<String> token, Optional<Tls> tls) {
        Matcher matcher = PLACE.matcher(place.strip());
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "\"%s\" is not HOST:PORT, such as %s".formatted(place, USUAL));
        }
        // Nine digits fit; more are no port either way.
        String digits = matcher.group(3);
        int port = digits.length() > 5 ? LAST_PORT + 1 : Integer.parseInt(digits);
        if (port > LAST_PORT) {
            throw new IllegalArgumentException(
                    "port %s is not from 0 to %d".formatted(digits, LAST_PORT));
        }
        String host = matcher.group(1) == null ? matcher.group(2) : matcher.group(1);
        boolean readsFreely = token.isEmpty() && tls.flatMap(Tls::clientRoots).isEmpty();
        return new Binding(resolve(host), port, token, readsFreely, tls);
    }

    private static InetAddress resolve(String host) {
        try {
            return host.isEmpty() || host.equals("*")
                    ? InetAddress.getByAddress(new byte[4])
                    : InetAddress.getByName(host);
        } catch (UnknownHostException unknown) {
            throw new IllegalArgumentException(
                    "there is no host \"%s\" to listen on".formatted(host), unknown);
        }
    }

    /** The same place, on a port that is free. */
    public Binding onFreePort() {
        return new Binding(address, 0, token, readsFreely, tls);
    }

    /** The same place, where a token is needed only to change something. */
    public Binding withTokenForChanges(String changes) {
        return new Binding(address, port, Optional.of(changes), readsFreely, tls);
    }

    /** A token that nobody guesses. */
    public static String newToken() {
        byte[] bytes = new byte[TOKEN_CHARACTERS];
        new SecureRandom().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    InetSocketAddress socketAddress() {
        return new InetSocketAddress(address, port);
    }

    @Override
    public String toString() {
        return "%s:%d%s"
                .formatted(address.getHostAddress(), port, token.isPresent() ? ", token" : "");
    }
}
