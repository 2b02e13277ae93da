package org.pgchorus.config;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Percent-encoding of UTF-8 text, as libpq reads it: {@code +} is a plus sign, not a space.
 *
 * <p>Source: RFC 3986, section 2.1; PostgreSQL {@code conninfo_uri_decode}. Pure.
 */
final class Percent {
    private Percent() {}

    /**
     * @param what the part's name for the message; the part itself may be secret and is not shown
     * @throws IllegalArgumentException if an escape is cut short, not hexadecimal, stands for a
     *     zero, or the bytes are not UTF-8
     */
    static String decode(String text, String what) {
        if (text.indexOf('%') < 0) {
            return text;
        }
        var bytes = new ByteArrayOutputStream(text.length());
        int i = 0;
        while (i < text.length()) {
            if (text.charAt(i) == '%') {
                bytes.write(escape(text, i, what));
                i += 3;
            } else {
                int point = text.codePointAt(i);
                bytes.writeBytes(Character.toString(point).getBytes(StandardCharsets.UTF_8));
                i += Character.charCount(point);
            }
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes.toByteArray()))
                    .toString();
        } catch (CharacterCodingException notUtf8) {
            throw new IllegalArgumentException(
                    what + " of the URI is not UTF-8 after percent-decoding", notUtf8);
        }
    }

    private static int escape(String text, int at, String what) {
        int high = at + 1 < text.length() ? Character.digit(text.charAt(at + 1), 16) : -1;
        int low = at + 2 < text.length() ? Character.digit(text.charAt(at + 2), 16) : -1;
        if (high < 0 || low < 0) {
            throw new IllegalArgumentException(
                    what
                            + " of the URI has a % that two hexadecimal digits do not follow; write"
                            + " the % itself as %25");
        }
        if (high == 0 && low == 0) {
            throw new IllegalArgumentException(what + " of the URI must not contain %00");
        }
        return high << 4 | low;
    }

    /** Encodes all but letters, digits, {@code -._~} and the characters of {@code plain}. */
    static String encode(String text, String plain) {
        var out = new StringBuilder(text.length());
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xff);
            boolean letter = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
            if (letter || "-._~".indexOf(c) >= 0 || plain.indexOf(c) >= 0) {
                out.append(c);
            } else {
                out.append('%').append("%02X".formatted((int) c));
            }
        }
        return out.toString();
    }
}
