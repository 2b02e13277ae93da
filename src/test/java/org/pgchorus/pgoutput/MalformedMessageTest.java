package org.pgchorus.pgoutput;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.management.ThreadMXBean;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.HexFormat;

/** What is refused, why, and that refusing is cheap. Messages are written in hexadecimal. */
class MalformedMessageTest {
    private static final long LITTLE_MEMORY_BYTES = 100_000;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "4301 0000000000000001 0000000000000002 0000000000000003 | unknown flags: 1,",
                "4D02 0000000000000001 00 00000000 | unknown flags: 2,",
                "54 00000001 04 00000009 | unknown flags: 4,",
                "54 FFFFFFFF 00 | negative length: -1,",
                "54 00000002 00 00000009 | too few bytes left for a count: 2,",
                "52 00000001 00 6100 78 0000 | unknown replica identity: 120 ('x'),",
                "52 00000001 00 6100 64 0001 02 6200 00000017 FFFFFFFF | unknown flags: 2,",
                "59 00000001 00 C32800 | name that is not UTF-8,",
                "59 00000001 00 C08000 | name that is not UTF-8,",
                "59 00000001 00 EDA08000 | name that is not UTF-8,",
                "59 00000001 00 6162 | name without its final zero,",
                "49 00000001 4B 0000 | unknown row marker in insert: 75 ('K'),",
                "55 00000001 58 0000 | unknown row marker in update: 88 ('X'),",
                "55 00000001 4B 0000 4F 0000 | unknown second row marker in update: 79 ('O'),",
                "44 00000001 4E 0000 | unknown row marker in delete: 78 ('N'),",
                "49 00000001 4E 0001 7A | unknown kind of value: 122 ('z'),",
                "49 00000001 4E 0001 74 FFFFFFFF | negative length: -1,",
                "49 00000001 4E 0001 74 00000002 61 | ends too early, bytes wanted: 2,",
                "4D00 0000000000000001 00 80000000 | negative length: -2147483648,",
                "4F 0000000000000001 6100 00 | bytes left over: 1,",
            })
    void theReasonIsStated(String hex, String reason) {
        assertThatThrownBy(() -> decode(hex))
                .isInstanceOf(MalformedMessage.class)
                .hasMessageContaining(reason);
    }

    @Test
    void theReasonSaysWhere() {
        assertThatThrownBy(() -> decode("49 00000001 4B 0000"))
                .hasMessageEndingWith(", 6 bytes into a message of 8");
    }

    @Test
    void noBytesAreNoMessage() {
        assertThatThrownBy(() -> decode("")).isInstanceOf(MalformedMessage.class);
    }

    /** Streams and two-phase commits come only if asked for, in protocol versions 2 to 4. */
    @ParameterizedTest
    @ValueSource(strings = {"S", "E", "c", "A", "b", "P", "K", "r", "p"})
    void lettersOfLaterVersionsAreUnknown(String letter) {
        assertThatThrownBy(() -> Decoder.decode(ByteBuffer.wrap(letter.getBytes(UTF_8))))
                .isInstanceOf(MalformedMessage.class)
                .hasMessageContaining("unknown message tag");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "54 7FFFFFFF 00 00000001",
                "52 00000001 00 6100 64 7FFF 00 6100 00000017 FFFFFFFF",
                "52 00000001 00 6100 64 FFFF 00 6100 00000017 FFFFFFFF",
                "49 00000001 4E 7FFF 6E6E6E",
                "49 00000001 4E FFFF 6E6E6E",
                "49 00000001 4E 0001 74 7FFFFFFF 61",
                "4D00 0000000000000001 00 7FFFFFFF 61",
            })
    void aLargeCountWithFewBytesTakesNoMemory(String hex) {
        byte[] bytes = bytes(hex);
        assertThatThrownBy(() -> decode(hex)).isInstanceOf(MalformedMessage.class);

        long before = allocatedBytes();
        boolean refused = refuses(bytes);
        long taken = allocatedBytes() - before;

        assertThat(refused).isTrue();
        assertThat(taken).isLessThan(LITTLE_MEMORY_BYTES);
    }

    private static boolean refuses(byte[] bytes) {
        try {
            Decoder.decode(ByteBuffer.wrap(bytes));
            return false;
        } catch (MalformedMessage e) {
            return true;
        }
    }

    private static long allocatedBytes() {
        return ((ThreadMXBean) ManagementFactory.getThreadMXBean())
                .getCurrentThreadAllocatedBytes();
    }

    private static Message decode(String hex) {
        return Decoder.decode(ByteBuffer.wrap(bytes(hex)));
    }

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex.replace(" ", ""));
    }
}
