package org.pgchorus.route;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How a router is to work.
 *
 * @param listen where clients connect; port 0 for a free one
 * @param by whom {@link Mode#STICKY} keeps at one node
 * @param mostSessions at all nodes together
 * @param mostPerNode at each
 * @param acceptProxy whether clients come through a proxy that says who they are
 * @param sendProxy whether nodes are told so
 * @param passReplication whether walsenders may be asked for
 * @param startLimit how long a client may take until it has said what it wants
 * @param loops threads that move bytes
 */
public record RouterOptions(
        InetSocketAddress listen,
        Mode mode,
        Mode.By by,
        int mostSessions,
        int mostPerNode,
        boolean acceptProxy,
        boolean sendProxy,
        boolean passReplication,
        Duration startLimit,
        int loops) {
    private static final Pattern PLACE =
            Pattern.compile("(?:\\[([0-9a-fA-F:.%]+)]|([^:]*)):(\\d{1,5})");

    private static final int LAST_PORT = 65_535;
    private static final int MOST_SESSIONS = 20_000;
    private static final int MOST_LOOPS = 64;

    /** Refuses what cannot be. */
    public RouterOptions {
        require("--max-connections", mostSessions, MOST_SESSIONS);
        require("--max-per-node", mostPerNode, MOST_SESSIONS);
        require("--threads", loops, MOST_LOOPS);
        if (startLimit.isNegative() || startLimit.isZero() || startLimit.toMinutes() > 10) {
            throw new IllegalArgumentException("--start-timeout must be above 0 and at most 10min");
        }
    }

    /** Threads enough for a machine that does nothing else. */
    public static int usualLoops() {
        return Math.clamp(Runtime.getRuntime().availableProcessors() / 2, 1, 8);
    }

    private static void require(String option, int given, int most) {
        if (given < 1 || given > most) {
            throw new IllegalArgumentException(
                    "%s must be from 1 to %d, not %d".formatted(option, most, given));
        }
    }

    /**
     * Reads {@code HOST:PORT}, {@code [IPV6]:PORT}, or {@code *:PORT} for all addresses.
     *
     * @throws IllegalArgumentException if it is none of these, or there is no such host
     */
    public static InetSocketAddress place(String option, String text) {
        Matcher matcher = PLACE.matcher(text.strip());
        if (!matcher.matches() || Integer.parseInt(matcher.group(3)) > LAST_PORT) {
            throw new IllegalArgumentException(
                    "%s: \"%s\" is not HOST:PORT, such as 127.0.0.1:5000".formatted(option, text));
        }
        int port = Integer.parseInt(matcher.group(3));
        String host = matcher.group(1) == null ? matcher.group(2) : matcher.group(1);
        try {
            return host.isEmpty() || host.equals("*")
                    ? new InetSocketAddress(port)
                    : new InetSocketAddress(InetAddress.getByName(host), port);
        } catch (UnknownHostException unknown) {
            throw new IllegalArgumentException(
                    "%s: there is no host \"%s\" to listen on".formatted(option, host), unknown);
        }
    }
}
