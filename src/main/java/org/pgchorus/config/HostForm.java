package org.pgchorus.config;

/**
 * Which host and port values an address may have, and what to do about the others.
 *
 * <p>Several, separated by commas, are one server and its standbys: whichever is the primary.
 */
final class HostForm {
    private static final int LAST_PORT = 65_535;

    private HostForm() {}

    /** Host names, separated by commas. */
    static void checkHosts(String hosts) {
        for (String host : hosts.split(",", -1)) {
            if (host.isEmpty()) {
                throw new IllegalArgumentException(
                        "an empty host among several; name each, separated by single commas");
            }
            checkHost(host);
        }
    }

    /** A host name or IP address (IPv6 without brackets), reachable over TCP. */
    static void checkHost(String host) {
        if (host.startsWith("/") || host.startsWith("@")) {
            throw new IllegalArgumentException(
                    "host is a Unix socket, and pgchorus connects over TCP only: name a host and"
                            + " port the server listens on (setting listen_addresses), such as"
                            + " host=127.0.0.1 port=5432");
        }
        if (host.indexOf(',') >= 0) {
            throw new IllegalArgumentException(
                    "several IP addresses in hostaddr; name several servers with host");
        }
        for (int i = 0; i < host.length(); i++) {
            char c = host.charAt(i);
            if (c <= ' ' || c == 0x7f || "/?#@[]\\\"'".indexOf(c) >= 0) {
                // The host is not shown: in a mistyped URI it may be a piece of the password.
                throw new IllegalArgumentException(
                        "host contains a character that no host name has; in a URI, write such"
                                + " characters of user or password percent-encoded (@ as %40, / as"
                                + " %2F)");
            }
        }
    }

    /** TCP ports, separated by commas. */
    static void checkPorts(String ports) {
        for (String port : ports.split(",", -1)) {
            checkPort(port);
        }
    }

    /** One for all hosts, or one for each. */
    static void checkCounts(String hosts, String ports) {
        int hostCount = hosts.split(",", -1).length;
        int portCount = ports.split(",", -1).length;
        if (portCount != 1 && portCount != hostCount) {
            throw new IllegalArgumentException(
                    "%d ports for %d host(s); give one for all, or one for each"
                            .formatted(portCount, hostCount));
        }
    }

    /** A TCP port, 1 to 65535. */
    private static void checkPort(String port) {
        // The port is not shown: in a mistyped URI it may be a piece of the password.
        if (!port.matches("[0-9]{1,5}")
                || Integer.parseInt(port) < 1
                || Integer.parseInt(port) > LAST_PORT) {
            throw new IllegalArgumentException(
                    "port is not a number from 1 to 65535; in a URI, write / : @ in user or"
                            + " password as %2F %3A %40");
        }
    }
}
