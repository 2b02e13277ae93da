package org.pgchorus.route;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Optional;

/**
 * The header of the PROXY protocol, version 2, by which one proxy tells the next who the client is.
 * Pure.
 *
 * <pre>
 *   12 bytes signature   u8 2 &lt;&lt; 4 | (0 local, 1 proxy)   u8 family   u16 length of the rest
 *     0x11 TCP over IPv4   4 bytes source  4 target  u16 source port  u16 target port
 *     0x21 TCP over IPv6  16 bytes source 16 target  u16 source port  u16 target port
 *   then what else the sender wants to say
 * </pre>
 *
 * <p>Source: HAProxy, "The PROXY protocol", section 2.2.
 *
 * @param source the client; empty if the sender speaks for itself or by another family
 * @param bytes how long it is
 */
record ProxyHeader(Optional<InetSocketAddress> source, int bytes) {
    /** More than any sender adds, certificates included. */
    static final int MOST_BYTES = 4096;

    private static final byte[] SIGNATURE = HexFormat.of().parseHex("0d0a0d0a000d0a515549540a");

    private static final int FIXED_BYTES = 16;
    private static final int LOCAL = 0x20;
    private static final int PROXY = 0x21;
    private static final int IPV4 = 0x11;
    private static final int IPV6 = 0x21;

    /**
     * Reads from the buffer's position on, and moves nothing.
     *
     * @return empty if more bytes are needed
     * @throws MalformedStart if it is none
     */
    static Optional<ProxyHeader> read(ByteBuffer given) throws MalformedStart {
        ByteBuffer in = given.slice();
        for (byte wanted : SIGNATURE) {
            if (!in.hasRemaining()) {
                return Optional.empty();
            }
            if (in.get() != wanted) {
                throw new MalformedStart("no PROXY header, version 2");
            }
        }
        if (in.remaining() < FIXED_BYTES - SIGNATURE.length) {
            return Optional.empty();
        }
        int command = in.get() & 0xff;
        int family = in.get() & 0xff;
        int length = in.getShort() & 0xffff;
        if (command != LOCAL && command != PROXY || length > MOST_BYTES - FIXED_BYTES) {
            throw new MalformedStart("a PROXY header that cannot be");
        }
        if (in.remaining() < length) {
            return Optional.empty();
        }
        in.limit(FIXED_BYTES + length);
        return Optional.of(
                new ProxyHeader(
                        command == PROXY ? source(family, in) : Optional.empty(),
                        FIXED_BYTES + length));
    }

    private static Optional<InetSocketAddress> source(int family, ByteBuffer in)
            throws MalformedStart {
        if (family != IPV4 && family != IPV6) {
            return Optional.empty();
        }
        byte[] address = new byte[family == IPV4 ? 4 : 16];
        if (in.remaining() < 2 * address.length + 4) {
            throw new MalformedStart("a PROXY header that is too short");
        }
        in.get(address);
        in.position(in.position() + address.length);
        return Optional.of(new InetSocketAddress(of(address), in.getShort() & 0xffff));
    }

    private static InetAddress of(byte[] address) {
        try {
            return InetAddress.getByAddress(address);
        } catch (UnknownHostException never) {
            throw new IllegalStateException("an address of four or sixteen bytes", never);
        }
    }

    /** What says that nobody is spoken for. */
    static byte[] ofOurselves() {
        return ByteBuffer.allocate(FIXED_BYTES).put(SIGNATURE).put((byte) LOCAL).array();
    }

    /** What tells a server who the client is. */
    static byte[] write(InetSocketAddress source, InetSocketAddress target) {
        byte[] from = source.getAddress().getAddress();
        byte[] to = target.getAddress().getAddress();
        boolean both = from.length == to.length;
        int length = both ? 2 * from.length + 4 : 0;
        ByteBuffer out = ByteBuffer.allocate(FIXED_BYTES + length);
        out.put(SIGNATURE).put((byte) (both ? PROXY : LOCAL));
        out.put((byte) (both ? from.length == 4 ? IPV4 : IPV6 : 0)).putShort((short) length);
        if (both) {
            out.put(from).put(to);
            out.putShort((short) source.getPort()).putShort((short) target.getPort());
        }
        return out.array();
    }
}
