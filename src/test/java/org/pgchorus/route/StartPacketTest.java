package org.pgchorus.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Random;

class StartPacketTest {
    private static byte[] packet(int code, byte[] rest) {
        return ByteBuffer.allocate(8 + rest.length)
                .putInt(8 + rest.length)
                .putInt(code)
                .put(rest)
                .array();
    }

    private static byte[] startup(String... words) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (String word : words) {
            out.writeBytes(word.getBytes(StandardCharsets.UTF_8));
            out.write(0);
        }
        out.write(0);
        return packet(3 << 16 | 2, out.toByteArray());
    }

    private static final byte[] TLS = packet(80_877_103, new byte[0]);
    private static final byte[] GSS = packet(80_877_104, new byte[0]);
    private static final byte[] CANCEL = packet(80_877_102, new byte[] {0, 0, 0, 9, 1, 2, 3, 4});
    private static final byte[] STARTUP =
            startup("user", "ann", "database", "app", "options", "-c x=y");

    private static final List<byte[]> VALID = List.of(TLS, GSS, CANCEL, STARTUP);

    private static Optional<StartPacket> read(byte[] bytes) throws MalformedStart {
        return StartPacket.read(ByteBuffer.wrap(bytes));
    }

    @Test
    void eachKindIsKnown() throws MalformedStart {
        assertThat(read(TLS)).contains(new StartPacket.Encryption(StartPacket.Kind.TLS, 8));
        assertThat(read(GSS)).contains(new StartPacket.Encryption(StartPacket.Kind.GSS, 8));
        assertThat(read(CANCEL))
                .contains(new StartPacket.Cancel(new BackendKey(9, "01020304"), 16));
        assertThat(read(new byte[] {0x16, 3, 1})).contains(new StartPacket.DirectTls(0));
        StartPacket.Startup startup = (StartPacket.Startup) read(STARTUP).orElseThrow();
        assertThat(startup.user()).isEqualTo("ann");
        assertThat(startup.database()).isEqualTo("app");
        assertThat(startup.isReplication()).isFalse();
    }

    @Test
    void keysOfProtocol32AreLonger() throws MalformedStart {
        byte[] key = new byte[4 + BackendKey.SECRET_BYTES];
        new Random(1).nextBytes(key);
        StartPacket.Cancel cancel =
                (StartPacket.Cancel) read(packet(80_877_102, key)).orElseThrow();
        assertThat(cancel.key()).isEqualTo(BackendKey.read(ByteBuffer.wrap(key)));
        assertThat(cancel.key().toString()).doesNotContain(cancel.key().secret());
        assertThatThrownBy(() -> read(packet(80_877_102, new byte[key.length + 1])))
                .isInstanceOf(MalformedStart.class);
        assertThatThrownBy(() -> read(packet(80_877_102, new byte[4])))
                .isInstanceOf(MalformedStart.class);
    }

    @Test
    void theDatabaseIsTheUsersUnlessItIsNamed() throws MalformedStart {
        StartPacket.Startup startup =
                (StartPacket.Startup) read(startup("user", "ann")).orElseThrow();
        assertThat(startup.database()).isEqualTo("ann");
    }

    @Test
    void replicationIsWhatPostgresqlTakesForIt() throws MalformedStart {
        for (String word : List.of("true", "database", "on", "yes", "1", "TRUE", "t")) {
            assertThat(isReplication(word)).as(word).isTrue();
        }
        for (String word : List.of("false", "off", "no", "0", "f", "FALSE")) {
            assertThat(isReplication(word)).as(word).isFalse();
        }
    }

    private static boolean isReplication(String word) throws MalformedStart {
        return ((StartPacket.Startup) read(startup("user", "u", "replication", word)).orElseThrow())
                .isReplication();
    }

    @Test
    void everyPrefixWaitsForMore() throws MalformedStart {
        for (byte[] valid : VALID) {
            for (int length = 0; length < valid.length; length++) {
                assertThat(StartPacket.read(ByteBuffer.wrap(valid, 0, length))).isEmpty();
            }
        }
    }

    @Test
    void whatFollowsIsNotRead() throws MalformedStart {
        for (byte[] valid : VALID) {
            byte[] longer = new byte[valid.length + 1];
            System.arraycopy(valid, 0, longer, 0, valid.length);
            longer[valid.length] = 42;
            assertThat(read(longer)).isEqualTo(read(valid));
            assertThat(read(longer).orElseThrow().bytes()).isEqualTo(valid.length);
        }
    }

    @Test
    void anotherProtocolIsRefusedByItsFirstByte() {
        for (String other : List.of("GET / HTTP/1.1\r\n", "SSH-2.0-x", "\u0001", "*1\r\n$4")) {
            assertThatThrownBy(() -> read(other.getBytes(StandardCharsets.US_ASCII)))
                    .isInstanceOf(MalformedStart.class);
        }
    }

    @Test
    void impossibleLengthsAreRefusedAtOnce() {
        for (int length : List.of(0, 7, StartPacket.MOST_BYTES + 1, 0x00ffffff)) {
            assertThatThrownBy(() -> read(ByteBuffer.allocate(4).putInt(length).array()))
                    .as("%d", length)
                    .isInstanceOf(MalformedStart.class);
        }
        assertThatThrownBy(() -> read(packet(2 << 16, new byte[300])))
                .isInstanceOf(MalformedStart.class)
                .hasMessage("protocol 2.0");
    }

    @Test
    void damageIsRefusedOrReadAndNeverMore() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 20_000; i++) {
            byte[] damaged = VALID.get(random.nextInt(VALID.size())).clone();
            for (int hit = random.nextInt(4); hit >= 0; hit--) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
            }
            try {
                read(damaged)
                        .ifPresent(
                                it -> assertThat(it.bytes()).isLessThanOrEqualTo(damaged.length));
            } catch (MalformedStart refused) {
                assertThat(refused).as("seed %d", seed).hasMessageNotContaining("\0");
            }
        }
    }
}
