package org.pgchorus.config;

/** Which host and port values an address may have, and what to do about the others. */
final class HostForm {
    private static final int LAST_PORT = 65_535;

    private HostForm() {}

    /** A host name or IP address (IPv6 without brackets); one, and reachable over TCP. */
    static void checkHost(String host) {
        if (host.startsWith("/") || host.startsWith("@")) {
            throw new IllegalArgumentException(
                    "host is a Unix socket, and pgchorus connects over TCP only: name a host and"
                            + " port the server listens on (setting listen_addresses), such as"
                            + " host=127.0.0.1 port=5432");
        }
        if (host.indexOf(',') >= 0) {
            throw several("hosts");
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

    /** A TCP port, 1 to 65535. */
    static void checkPort(String port) {
        if (port.indexOf(',') >= 0) {
            throw several("ports");
        }
        // The port is not shown: in a mistyped URI it may be a piece of the password.
        if (!port.matches("[0-9]{1,5}")
                || Integer.parseInt(port) < 1
                || Integer.parseInt(port) > LAST_PORT) {
            throw new IllegalArgumentException(
                    "port is not a number from 1 to 65535; in a URI, write / : @ in user or"
                            + " password as %2F %3A %40");
        }
    }

    private static IllegalArgumentException several(String what) {
        return new IllegalArgumentException(
                "several "
                        + what
                        + " in one address: a node is one database on one server, name just that"
                        + " one");
    }
}
