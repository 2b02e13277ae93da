package org.pgchorus.route;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What a client sends first. Pure.
 *
 * <pre>
 *   u32 length, itself included   u32 code
 *     80877103  TLS, please          80877104  GSS encryption, please
 *     80877102  cancel               u32 process, secret
 *     3 &lt;&lt; 16 | minor  start        name 0 value 0 ... 0
 *   0x16 ...  TLS at once, without asking (libpq 17: sslnegotiation=direct)
 * </pre>
 *
 * <p>Source: PostgreSQL manual, "Message Formats"; the limit is the server's own.
 */
sealed interface StartPacket {
    /** The server's MAX_STARTUP_PACKET_LENGTH, and the four bytes of the length. */
    int MOST_BYTES = 10_004;

    /** An encryption that is asked for. */
    enum Kind {
        TLS("S"),
        GSS("G");

        private final String yes;

        Kind(String yes) {
            this.yes = yes;
        }

        /** Whether a server's answer means that it will. */
        boolean isYes(byte answer) {
            return answer == yes.charAt(0);
        }
    }

    /** How many bytes it is. */
    int bytes();

    /** Whether nothing may follow before an answer. */
    default boolean isAlone() {
        return switch (this) {
            case Encryption _, Cancel _ -> true;
            case DirectTls _, Startup _ -> false;
        };
    }

    /** May we encrypt? */
    record Encryption(Kind kind, int bytes) implements StartPacket {}

    /** TLS has begun; all that follows is opaque. */
    record DirectTls(int bytes) implements StartPacket {}

    /** Stop what the owner of this key does. */
    record Cancel(BackendKey key, int bytes) implements StartPacket {}

    /** The beginning of a session. Names and values are Latin-1, so that no byte is lost. */
    record Startup(Map<String, String> parameters, int bytes) implements StartPacket {
        Optional<String> parameter(String name) {
            return Optional.ofNullable(parameters.get(name)).filter(text -> !text.isEmpty());
        }

        /** The database; PostgreSQL takes the user's name where there is none. */
        String database() {
            return parameter("database").or(() -> parameter("user")).orElse("");
        }

        String user() {
            return parameter("user").orElse("");
        }

        /** Whether it is to be a walsender. */
        boolean isReplication() {
            return parameter("replication")
                    .filter(value -> !value.matches("(?i)f|fa.*|off?|n|no|0"))
                    .isPresent();
        }
    }

    /**
     * Reads from the buffer's position on, and moves nothing.
     *
     * @return empty if more bytes are needed
     * @throws MalformedStart if no bytes can make it one
     */
    static Optional<StartPacket> read(ByteBuffer given) throws MalformedStart {
        ByteBuffer in = given.slice();
        if (in.hasRemaining() && in.get(0) == 0x16) {
            return Optional.of(new DirectTls(0));
        }
        if (in.hasRemaining() && in.get(0) != 0) {
            throw new MalformedStart("not PostgreSQL's protocol");
        }
        if (in.remaining() < 4) {
            return Optional.empty();
        }
        int length = in.getInt();
        if (length < 8 || length > MOST_BYTES) {
            throw new MalformedStart("a start packet of %d bytes".formatted(length));
        }
        if (in.remaining() < 4) {
            return Optional.empty();
        }
        int code = in.getInt();
        requireSensible(code, length);
        if (in.remaining() < length - 8) {
            return Optional.empty();
        }
        in.limit(length);
        return Optional.of(
                switch (code) {
                    case 80_877_103 -> new Encryption(Kind.TLS, length);
                    case 80_877_104 -> new Encryption(Kind.GSS, length);
                    case 80_877_102 -> new Cancel(BackendKey.read(in), length);
                    default -> new Startup(parameters(in), length);
                });
    }

    private static void requireSensible(int code, int length) throws MalformedStart {
        switch (code) {
            case 80_877_103, 80_877_104 -> {
                if (length != 8) {
                    throw new MalformedStart("a question for encryption of %d".formatted(length));
                }
            }
            case 80_877_102 -> {
                if (length <= 12 || length > 12 + BackendKey.SECRET_BYTES) {
                    throw new MalformedStart("a cancel request of %d bytes".formatted(length));
                }
            }
            default -> {
                if (code >>> 16 != 3) {
                    throw new MalformedStart(
                            "protocol %d.%d".formatted(code >>> 16, code & 0xffff));
                }
            }
        }
    }

    private static Map<String, String> parameters(ByteBuffer in) throws MalformedStart {
        Map<String, String> parameters = new LinkedHashMap<>();
        for (String name = text(in); !name.isEmpty(); name = text(in)) {
            parameters.put(name, text(in));
        }
        if (in.hasRemaining()) {
            throw new MalformedStart("bytes behind the end of the start packet");
        }
        return parameters;
    }

    private static String text(ByteBuffer in) throws MalformedStart {
        int begin = in.position();
        while (in.hasRemaining()) {
            if (in.get() == 0) {
                byte[] bytes = new byte[in.position() - begin - 1];
                in.get(begin, bytes);
                return new String(bytes, StandardCharsets.ISO_8859_1);
            }
        }
        throw new MalformedStart("a start packet without an end");
    }
}
