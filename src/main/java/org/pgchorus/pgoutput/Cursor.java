package org.pgchorus.pgoutput;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Reads the fields of one message one after the other, and never a byte outside of it.
 *
 * <p>Invariant: {@code start <= at <= end}; every read checks first that its bytes are there and
 * throws {@link MalformedMessage} if not. For one thread.
 */
final class Cursor {
    private static final VarHandle SHORTS = view(short[].class);
    private static final VarHandle INTS = view(int[].class);
    private static final VarHandle LONGS = view(long[].class);

    private final byte[] array;
    private final int start;
    private final int end;
    private int at;

    /** Stands at the buffer's position, ends at its limit, leaves the buffer as it is. */
    Cursor(ByteBuffer in) {
        this.array = in.array();
        this.start = in.arrayOffset() + in.position();
        this.end = in.arrayOffset() + in.limit();
        this.at = start;
    }

    int u8() {
        return array[take(1)] & 0xFF;
    }

    int u16() {
        return (short) SHORTS.get(array, take(2)) & 0xFFFF;
    }

    int i32() {
        return (int) INTS.get(array, take(4));
    }

    long i64() {
        return (long) LONGS.get(array, take(8));
    }

    /** A length or count: a 32-bit number that is not negative. */
    int length() {
        int length = i32();
        if (length < 0) {
            throw malformed("negative length", length);
        }
        return length;
    }

    /** A byte of which only the bits in {@code known} may be set. */
    int flags(int known) {
        int flags = u8();
        if ((flags & ~known) != 0) {
            throw malformed("unknown flags", flags);
        }
        return flags;
    }

    /** UTF-8 up to a zero. */
    String cstr() {
        int zero = at;
        while (zero < end && array[zero] != 0) {
            zero++;
        }
        if (zero == end) {
            throw new MalformedMessage("name without its final zero" + place());
        }
        ByteBuffer name = ByteBuffer.wrap(array, at, zero - at);
        try {
            String text = StandardCharsets.UTF_8.newDecoder().decode(name).toString();
            at = zero + 1;
            return text;
        } catch (CharacterCodingException e) {
            throw new MalformedMessage("name that is not UTF-8" + place(), e);
        }
    }

    /** Passes over {@code count} bytes, not negative; where in the array they begin. */
    int skip(int count) {
        return take(count);
    }

    /** Refuses a count that the bytes left cannot hold, so that nobody makes room for it. */
    void requireRoomFor(int count, int minBytesEach) {
        if ((long) count * minBytesEach > end - at) {
            throw malformed("too few bytes left for a count", count);
        }
    }

    void requireEnd() {
        if (at != end) {
            throw malformed("bytes left over", end - at);
        }
    }

    /** The array the message is in, with other bytes around it. */
    byte[] array() {
        return array;
    }

    /** What to throw about a number just read. */
    MalformedMessage malformed(String complaint, int number) {
        boolean letter = number > ' ' && number < 127;
        String shown = letter ? number + " ('" + (char) number + "')" : String.valueOf(number);
        return new MalformedMessage(complaint + ": " + shown + place());
    }

    private int take(int count) {
        if (count > end - at) {
            throw malformed("the message ends too early, bytes wanted", count);
        }
        int from = at;
        at += count;
        return from;
    }

    private String place() {
        return ", " + (at - start) + " bytes into a message of " + (end - start);
    }

    private static VarHandle view(Class<?> arrayType) {
        return MethodHandles.byteArrayViewVarHandle(arrayType, ByteOrder.BIG_ENDIAN);
    }
}
