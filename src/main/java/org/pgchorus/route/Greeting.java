package org.pgchorus.route;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Looks at what a server says to a new client, as it goes by, until it gives out the backend's key
 * or is ready. One thread.
 *
 * <p>Every message is {@code u8 type, u32 length (itself included), body}; {@code 'K'} has the
 * backend's key, {@code 'Z'} is ready, {@code 'E'} an error of {@code u8 field, text, 0} each.
 */
final class Greeting {
    private static final int HEAD_BYTES = 5;
    private static final int KEY_BYTES = 4 + BackendKey.SECRET_BYTES;

    /** A message that says more is not looked into. */
    private static final int ERROR_BYTES = 8192;

    private final ByteBuffer head = ByteBuffer.allocate(HEAD_BYTES);
    private final ByteBuffer key = ByteBuffer.allocate(KEY_BYTES);
    private int left;
    private boolean inKey;
    private boolean over;

    /** Whether nothing of interest follows. */
    boolean isOver() {
        return over;
    }

    /**
     * Takes what goes by, and moves nothing.
     *
     * @return the key, if it is whole now
     */
    Optional<BackendKey> take(ByteBuffer given) {
        ByteBuffer in = given.duplicate();
        while (in.hasRemaining() && !over) {
            if (left > 0) {
                body(in);
                if (left == 0 && inKey) {
                    over = true;
                    return Optional.of(BackendKey.read(key.flip()));
                }
            } else {
                head.put(in.get());
                if (!head.hasRemaining()) {
                    begin();
                }
            }
        }
        return Optional.empty();
    }

    private void body(ByteBuffer in) {
        int part = Math.min(left, in.remaining());
        if (inKey) {
            key.put(in.slice(in.position(), part));
        }
        in.position(in.position() + part);
        left -= part;
    }

    private void begin() {
        byte type = head.get(0);
        int length = head.getInt(1);
        left = length - 4;
        head.clear();
        inKey = type == 'K';
        // What cannot be is the client's to complain about.
        over = type == 'Z' || length < 4 || inKey && (left <= 4 || left > KEY_BYTES);
    }

    /**
     * The SQLSTATE of a first answer that is an error.
     *
     * @return empty if more bytes are needed to know; an empty text if it is none, or has none
     */
    static Optional<String> sqlState(ByteBuffer given) {
        ByteBuffer in = given.slice();
        if (!in.hasRemaining()) {
            return Optional.empty();
        }
        if (in.get() != 'E') {
            return Optional.of("");
        }
        if (in.remaining() < 4) {
            return Optional.empty();
        }
        int length = in.getInt() - 4;
        if (length < 0 || length > ERROR_BYTES) {
            return Optional.of("");
        }
        if (in.remaining() < length) {
            return Optional.empty();
        }
        byte[] fields = new byte[length];
        in.get(fields);
        for (String field : new String(fields, StandardCharsets.ISO_8859_1).split("\0", -1)) {
            if (field.startsWith("C")) {
                return Optional.of(field.substring(1));
            }
        }
        return Optional.of("");
    }
}
