package org.pgchorus.route;

import jdk.net.ExtendedSocketOptions;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;

/** How the sockets of both sides are set. No state. */
final class Sockets {
    private static final Logger LOG = LoggerFactory.getLogger(Sockets.class);

    /** A machine that vanished is noticed in half a minute, also by a session that says nothing. */
    private static final int IDLE_SECONDS = 10;

    private static final int PROBE_EVERY_SECONDS = 5;
    private static final int PROBES = 4;

    private Sockets() {}

    static void tune(SocketChannel channel) throws IOException {
        channel.configureBlocking(false);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
        if (channel.supportedOptions().contains(ExtendedSocketOptions.TCP_KEEPIDLE)) {
            channel.setOption(ExtendedSocketOptions.TCP_KEEPIDLE, IDLE_SECONDS);
            channel.setOption(ExtendedSocketOptions.TCP_KEEPINTERVAL, PROBE_EVERY_SECONDS);
            channel.setOption(ExtendedSocketOptions.TCP_KEEPCOUNT, PROBES);
        }
    }

    /** An error in closing changes nothing for anyone. */
    static void close(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            LOG.debug("closing: {}", e.getMessage());
        }
    }
}
