package org.pgchorus.route;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.Optional;

/** What a client has said until it is known what it wants. One thread. */
final class FirstWords {
    private static final int FIRST_BYTES = 512;

    /** The largest PROXY header and start packet, and something that came with them. */
    private static final int MOST_BYTES = 16 << 10;

    private final boolean throughProxy;
    private InetSocketAddress source;
    private boolean introduced;
    private ByteBuffer heard = ByteBuffer.allocate(FIRST_BYTES);

    /**
     * @param source the other end of the connection
     * @param throughProxy whether a PROXY header has to come first
     */
    FirstWords(InetSocketAddress source, boolean throughProxy) {
        this.source = source;
        this.throughProxy = throughProxy;
    }

    /** Who the client is. */
    InetSocketAddress source() {
        return source;
    }

    /** Its IP address. */
    String host() {
        return source.getAddress().getHostAddress();
    }

    /**
     * Takes what has come.
     *
     * @return what the client wants, once that is whole
     * @throws EOFException if no more comes
     */
    Optional<StartPacket> hear(ReadableByteChannel client) throws IOException, MalformedStart {
        if (!heard.hasRemaining()) {
            if (heard.capacity() >= MOST_BYTES) {
                throw new MalformedStart("too much before a start");
            }
            heard = ByteBuffer.allocate(2 * heard.capacity()).put(heard.flip());
        }
        if (client.read(heard) < 0) {
            throw new EOFException("closed before it said what it wants");
        }
        heard.flip();
        try {
            return understand();
        } finally {
            heard.compact();
        }
    }

    private Optional<StartPacket> understand() throws MalformedStart {
        if (throughProxy && !introduced) {
            Optional<ProxyHeader> header = ProxyHeader.read(heard);
            if (header.isEmpty()) {
                return Optional.empty();
            }
            introduced = true;
            source = header.get().source().orElse(source);
            heard.position(heard.position() + header.get().bytes());
        }
        Optional<StartPacket> packet = StartPacket.read(heard);
        if (packet.isPresent()
                && packet.get().isAlone()
                && heard.remaining() > packet.get().bytes()) {
            // An attacker between client and proxy could have put it there.
            throw new MalformedStart("bytes behind a packet that waits for an answer");
        }
        return packet;
    }

    /** All that came, from that packet on; the next packet begins anew. */
    ByteBuffer take() {
        ByteBuffer all = ByteBuffer.allocate(heard.position()).put(heard.flip()).flip();
        heard.clear();
        return all;
    }
}
