package org.pgchorus.route;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Random;

class GreetingTest {
    private static byte[] message(char type, byte... body) {
        return ByteBuffer.allocate(5 + body.length)
                .put((byte) type)
                .putInt(4 + body.length)
                .put(body)
                .array();
    }

    private static byte[] all(byte[]... messages) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] message : messages) {
            out.writeBytes(message);
        }
        return out.toByteArray();
    }

    private static byte[] greeting(byte[] key) {
        return all(
                message('R', (byte) 0, (byte) 0, (byte) 0, (byte) 0),
                message('S', "TimeZone\0UTC\0".getBytes(StandardCharsets.UTF_8)),
                message('K', key),
                message('Z', (byte) 'I'));
    }

    @Test
    void theKeyIsFoundHoweverTheBytesCome() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int secretBytes : new int[] {4, 32, BackendKey.SECRET_BYTES}) {
            byte[] key = new byte[4 + secretBytes];
            random.nextBytes(key);
            for (int i = 0; i < 200; i++) {
                assertThat(taken(greeting(key), random))
                        .as("seed %d", seed)
                        .contains(BackendKey.read(ByteBuffer.wrap(key)));
            }
        }
    }

    /** In chunks of any size. */
    private static Optional<BackendKey> taken(byte[] bytes, Random random) {
        Greeting greeting = new Greeting();
        Optional<BackendKey> found = Optional.empty();
        for (int at = 0; at < bytes.length && !greeting.isOver(); ) {
            int chunk = Math.min(1 + random.nextInt(9), bytes.length - at);
            ByteBuffer given = ByteBuffer.wrap(bytes, at, chunk);
            Optional<BackendKey> key = greeting.take(given);
            assertThat(given.remaining()).as("left as it was").isEqualTo(chunk);
            found = found.or(() -> key);
            at += chunk;
        }
        assertThat(greeting.isOver()).isTrue();
        return found;
    }

    @Test
    void withoutAKeyItEndsWhenTheServerIsReady() {
        Greeting greeting = new Greeting();
        assertThat(greeting.take(ByteBuffer.wrap(message('Z', (byte) 'I')))).isEmpty();
        assertThat(greeting.isOver()).isTrue();
    }

    @Test
    void whatCannotBeIsLookedAtNoLonger() {
        for (int length : new int[] {3, -1, Integer.MIN_VALUE}) {
            Greeting greeting = new Greeting();
            byte[] head = ByteBuffer.allocate(5).put((byte) 'S').putInt(length).array();
            assertThat(greeting.take(ByteBuffer.wrap(head))).isEmpty();
            assertThat(greeting.isOver()).isTrue();
        }
        Greeting greeting = new Greeting();
        assertThat(greeting.take(ByteBuffer.wrap(message('K', new byte[300])))).isEmpty();
        assertThat(greeting.isOver()).isTrue();
    }

    @Test
    void aRefusalIsReadWhenItIsWhole() {
        ByteBuffer refusal = Refusal.REPLICATION.bytes();
        assertThat(Greeting.sqlState(refusal)).contains("0A000");
        for (int length = 0; length < refusal.limit(); length++) {
            assertThat(Greeting.sqlState(refusal.slice(0, length))).isEmpty();
        }
        assertThat(Greeting.sqlState(ByteBuffer.wrap(greeting(new byte[8])))).contains("");
    }
}
