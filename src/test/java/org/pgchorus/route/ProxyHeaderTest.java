package org.pgchorus.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Optional;

class ProxyHeaderTest {
    private static final InetSocketAddress FOUR = new InetSocketAddress("192.0.2.7", 50_123);
    private static final InetSocketAddress SIX = new InetSocketAddress("2001:db8::7", 50_123);
    private static final InetSocketAddress NODE = new InetSocketAddress("192.0.2.1", 5432);
    private static final InetSocketAddress NODE_SIX = new InetSocketAddress("2001:db8::1", 5432);

    @Test
    void whatIsWrittenIsRead() throws MalformedStart {
        byte[] four = ProxyHeader.write(FOUR, NODE);
        byte[] six = ProxyHeader.write(SIX, NODE_SIX);
        assertThat(ProxyHeader.read(ByteBuffer.wrap(four)).orElseThrow().source()).contains(FOUR);
        assertThat(ProxyHeader.read(ByteBuffer.wrap(six)).orElseThrow().source()).contains(SIX);
        assertThat(four).hasSize(28);
        assertThat(six).hasSize(52);
    }

    @Test
    void aMixedPairSaysNothingOfTheClient() throws MalformedStart {
        byte[] mixed = ProxyHeader.write(SIX, NODE);
        assertThat(ProxyHeader.read(ByteBuffer.wrap(mixed)).orElseThrow())
                .isEqualTo(new ProxyHeader(Optional.empty(), 16));
    }

    @Test
    void theBytesAreThoseOfTheStandard() {
        assertThat(HexFormat.of().formatHex(ProxyHeader.write(FOUR, NODE)))
                .isEqualTo("0d0a0d0a000d0a515549540a" + "2111000c" + "c0000207c0000201c3cb1538");
    }

    @Test
    void everyPrefixWaitsForMore() throws MalformedStart {
        byte[] header = ProxyHeader.write(FOUR, NODE);
        for (int length = 0; length < header.length; length++) {
            assertThat(ProxyHeader.read(ByteBuffer.wrap(header, 0, length))).isEmpty();
        }
    }

    @Test
    void whatElseTheSenderSaysIsSkipped() throws MalformedStart {
        byte[] header = HexFormat.of().parseHex("0d0a0d0a000d0a515549540a2000000304000141");
        assertThat(ProxyHeader.read(ByteBuffer.wrap(header)).orElseThrow().bytes()).isEqualTo(19);
    }

    @Test
    void whatCannotBeIsRefused() {
        for (String hex :
                new String[] {
                    "0d0b",
                    "0000",
                    "0d0a0d0a000d0a515549540a31110000",
                    "0d0a0d0a000d0a515549540a2111ffff",
                    "0d0a0d0a000d0a515549540a2111000401020304",
                }) {
            assertThatThrownBy(
                            () -> ProxyHeader.read(ByteBuffer.wrap(HexFormat.of().parseHex(hex))))
                    .as(hex)
                    .isInstanceOf(MalformedStart.class);
        }
    }
}
