package org.pgchorus.http;

import org.pgchorus.config.Address;
import org.pgchorus.config.NodeAddress;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A configuration of HAProxy, 2.2 or later, that spreads clients over those nodes that {@link
 * Health} calls writable. Pure.
 *
 * <p>Source: HAProxy Configuration Manual, "http-check send", "server", "stats enable".
 */
public final class Haproxy {
    private static final Pattern PLACE =
            Pattern.compile("(?:\\*|[A-Za-z0-9._-]*|\\[[0-9a-fA-F:.]+]):[0-9]{1,5}");

    private static final String TOKEN_HEADER =
            " hdr Authorization \"Bearer %[env(PGCHORUS_HTTP_TOKEN)]\"";

    private Haproxy() {}

    /** Which node a new client gets. */
    public enum Mode {
        /** The one with the fewest connections. */
        ANY("balance leastconn"),

        /** The same one for the same client's address, as long as it is there. */
        STICKY("balance source\n    hash-type consistent"),

        /** The first, and the next only while that one is out. */
        PREFERRED("balance first");

        private final String lines;

        Mode(String lines) {
            this.lines = lines;
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * What to write.
     *
     * @param listen where clients connect, {@code HOST:PORT}, {@code *:PORT}
     * @param statistics where HAProxy shows its own page
     * @param health {@code HOST:PORT} of the one daemon that serves all nodes, or {@code :PORT}
     *     where each node has one beside it
     * @param token whether the daemons want one; HAProxy reads it from its own environment
     */
    public record Options(
            String listen, String statistics, String health, boolean token, Mode mode) {
        /** Refuses what is no place. */
        public Options {
            requirePlace("--listen", listen);
            requirePlace("--stats", statistics);
            requirePlace("--health", health);
        }

        private static void requirePlace(String option, String place) {
            if (!PLACE.matcher(place).matches()) {
                throw new IllegalArgumentException(
                        "%s: \"%s\" is not HOST:PORT, such as *:5000".formatted(option, place));
            }
        }
    }

    /**
     * The configuration.
     *
     * @param nodes in the order in which they are preferred
     */
    public static String of(List<NodeAddress> nodes, Options options) {
        StringBuilder text =
                new StringBuilder(
                        """
                        # Made by pgchorus haproxy. Clients get a node that pgchorus calls writable.
                        global
                            maxconn 1000

                        defaults
                            mode tcp
                            option clitcpka
                            option srvtcpka
                            option redispatch
                            retries 2
                            timeout connect 4s
                            timeout check 5s
                            # Idle connections may stay; keepalives find the dead ones.
                            timeout client 24h
                            timeout server 24h

                        listen pgchorus_statistics
                            mode http
                            bind %s
                            stats enable
                            stats uri /
                            stats refresh 5s

                        listen pgchorus
                            bind %s
                            %s
                            option httpchk
                            http-check send meth GET uri-lf "/nodes/%%[srv_name]/primary" \
                        ver HTTP/1.1 hdr Host localhost%s
                            http-check expect status 200
                            default-server inter 2s fastinter 1s fall 2 rise 2 \
                        on-marked-down shutdown-sessions
                        """
                                .formatted(
                                        options.statistics,
                                        options.listen,
                                        options.mode.lines,
                                        options.token ? TOKEN_HEADER : ""));
        for (int i = 0; i < nodes.size(); i++) {
            text.append(server(nodes.get(i), options, i > 0));
        }
        return text.toString();
    }

    private static String server(NodeAddress node, Options options, boolean later) {
        List<Address.Place> places = node.address().places();
        Address.Place first = places.getFirst();
        String comment =
                places.size() == 1
                        ? ""
                        : "    # %s has %d hosts; this is the first of them.\n"
                                .formatted(node.name(), places.size());
        String backup = later && options.mode == Mode.PREFERRED ? " backup" : "";
        return "%s    server %s %s:%d %s%s\n"
                .formatted(
                        comment,
                        node.name(),
                        bracketed(first.host()),
                        first.port(),
                        check(options),
                        backup);
    }

    private static String check(Options options) {
        int colon = options.health.lastIndexOf(':');
        Optional<String> host =
                Optional.of(options.health.substring(0, colon))
                        .filter(text -> !text.isEmpty() && !text.equals("*"));
        String port = options.health.substring(colon + 1);
        return "check" + host.map(text -> " addr " + text).orElse("") + " port " + port;
    }

    private static String bracketed(String host) {
        return host.contains(":") ? "[" + host + "]" : host;
    }
}
