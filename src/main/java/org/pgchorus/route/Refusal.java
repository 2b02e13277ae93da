package org.pgchorus.route;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Why a client gets no session, as PostgreSQL would say it. Pure.
 *
 * @param sqlState five letters
 * @param detail may be empty
 */
record Refusal(String sqlState, String message, String detail, String hint) {
    static final String CONNECTION_FAILURE = "08006";
    static final String CANNOT_CONNECT_NOW = "57P03";
    static final String TOO_MANY_CONNECTIONS = "53300";
    static final String NOT_SUPPORTED = "0A000";

    /** A walsender wants one certain node. */
    static final Refusal REPLICATION =
            new Refusal(
                    NOT_SUPPORTED,
                    "the router does not lead replication connections",
                    "",
                    "Connect to the node itself, or start the router with --replication pass.");

    /** The message that ends a conversation: {@code 'E'}, length, fields, zero. */
    ByteBuffer bytes() {
        ByteArrayOutputStream fields = new ByteArrayOutputStream();
        field(fields, 'S', "FATAL");
        field(fields, 'V', "FATAL");
        field(fields, 'C', sqlState);
        field(fields, 'M', message);
        if (!detail.isEmpty()) {
            field(fields, 'D', detail);
        }
        field(fields, 'H', hint);
        fields.write(0);
        ByteBuffer out = ByteBuffer.allocate(5 + fields.size());
        return out.put((byte) 'E').putInt(4 + fields.size()).put(fields.toByteArray()).flip();
    }

    private static void field(ByteArrayOutputStream out, char type, String text) {
        out.write(type);
        out.writeBytes(text.replace("\0", "").getBytes(StandardCharsets.UTF_8));
        out.write(0);
    }
}
