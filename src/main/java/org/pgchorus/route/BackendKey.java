package org.pgchorus.route;

import java.nio.ByteBuffer;
import java.util.HexFormat;

/**
 * What a client has to show to cancel a query: the backend's process and a secret.
 *
 * @param secret in hexadecimal; four bytes up to protocol 3.0, up to 256 from 3.2 on
 */
record BackendKey(int process, String secret) {
    /** The most that the protocol allows. */
    static final int SECRET_BYTES = 256;

    /** Takes all that is left of a message. */
    static BackendKey read(ByteBuffer in) {
        int process = in.getInt();
        byte[] secret = new byte[in.remaining()];
        in.get(secret);
        return new BackendKey(process, HexFormat.of().formatHex(secret));
    }

    /** Without the secret. */
    @Override
    public String toString() {
        return "backend " + process;
    }
}
