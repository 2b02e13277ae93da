package org.pgchorus.route;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;

/**
 * Asks a server whether it encrypts, which needs no role and leaves nothing in its log. A server
 * that hangs accepts connections too, and says nothing; so this tells whether it works.
 */
final class ServerProbe {
    private static final byte[] QUESTION =
            ByteBuffer.allocate(8).putInt(8).putInt(80_877_103).array();

    private ServerProbe() {}

    /**
     * Whether it would encrypt with TLS.
     *
     * @param introduced whether a PROXY header comes first
     * @throws IOException if it does not answer
     */
    static boolean hasTls(InetSocketAddress where, Duration patience, boolean introduced)
            throws IOException {
        int millis = Math.toIntExact(patience.toMillis());
        try (Socket socket = new Socket()) {
            socket.connect(where, millis);
            socket.setSoTimeout(millis);
            OutputStream out = socket.getOutputStream();
            if (introduced) {
                out.write(ProxyHeader.ofOurselves());
            }
            out.write(QUESTION);
            InputStream in = socket.getInputStream();
            int answer = in.read();
            if (answer != 'S' && answer != 'N') {
                throw new IOException(
                        answer < 0 ? "it closes the connection" : "it is no PostgreSQL");
            }
            return answer == 'S';
        } catch (SocketTimeoutException silent) {
            throw new IOException("it says nothing in %d ms".formatted(millis), silent);
        }
    }
}
