package org.pgchorus.pg;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Bytes on their way to a server, in its order: integers are big-endian. Grows as needed; one
 * thread.
 */
public final class WireBytes {
    private byte[] bytes;
    private int size;

    /**
     * @param capacityBytes to begin with
     */
    public WireBytes(int capacityBytes) {
        bytes = new byte[Math.max(16, capacityBytes)];
    }

    /** How many bytes are in it. */
    public int size() {
        return size;
    }

    /** Empties it; what it has grown to stays. */
    public void clear() {
        size = 0;
    }

    /** Adds one byte. */
    public void put(int value) {
        room(1);
        bytes[size++] = (byte) value;
    }

    /** Adds two bytes. */
    public void putShort(int value) {
        room(2);
        bytes[size++] = (byte) (value >> 8);
        bytes[size++] = (byte) value;
    }

    /** Adds four bytes. */
    public void putInt(int value) {
        room(4);
        setInt(size, value);
        size += 4;
    }

    /** Adds eight bytes. */
    public void putLong(long value) {
        putInt((int) (value >> 32));
        putInt((int) value);
    }

    /** Adds some of an array. */
    public void put(byte[] from, int start, int length) {
        room(length);
        System.arraycopy(from, start, bytes, size, length);
        size += length;
    }

    /** Adds all that another holds. */
    public void put(WireBytes other) {
        put(other.bytes, 0, other.size);
    }

    /** Adds a text in UTF-8 and the zero that ends it. */
    public void putString(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        put(utf8, 0, utf8.length);
        put(0);
    }

    /** Writes four bytes over earlier ones. */
    public void setInt(int at, int value) {
        bytes[at] = (byte) (value >> 24);
        bytes[at + 1] = (byte) (value >> 16);
        bytes[at + 2] = (byte) (value >> 8);
        bytes[at + 3] = (byte) value;
    }

    /** A copy of what is in it. */
    public byte[] toArray() {
        return Arrays.copyOf(bytes, size);
    }

    /** The array itself, of which the first {@link #size} bytes count. */
    byte[] array() {
        return bytes;
    }

    private void room(int more) {
        if (size + more > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(size + more, bytes.length * 2));
        }
    }
}
