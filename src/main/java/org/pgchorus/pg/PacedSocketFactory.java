package org.pgchorus.pg;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.util.concurrent.locks.LockSupport;

/**
 * Sockets for replication streams: read at {@link ReadPace}'s pace and all that is there at once.
 * Below the driver and below TLS, since only here can be seen how much has come.
 *
 * <p>The driver makes it by name, so it needs a public constructor. A socket's input is for one
 * thread at a time.
 */
public final class PacedSocketFactory extends KeepAliveSocketFactory {
    private static final int BUFFER_BYTES = 1 << 16;

    /** For the driver. */
    public PacedSocketFactory() {
        super();
    }

    @Override
    Socket unconnected() {
        return new Paced();
    }

    private static final class Paced extends Socket {
        private InputStream input;

        /** Always the same one: what it has read ahead would be lost with it. */
        @Override
        public InputStream getInputStream() throws IOException {
            if (input == null) {
                input = new Input(super.getInputStream());
            }
            return input;
        }
    }

    /** A time-out leaves it as it was. */
    private static final class Input extends InputStream {
        private final InputStream in;
        private final ReadPace pace = new ReadPace(System.nanoTime());
        private final byte[] buffer = new byte[BUFFER_BYTES];
        private int at;
        private int end;

        Input(InputStream in) {
            super();
            this.in = in;
        }

        @Override
        public int read() throws IOException {
            return at < end || fill() ? buffer[at++] & 0xff : -1;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            if (length == 0) {
                return 0;
            }
            if (at == end && !fill()) {
                return -1;
            }
            int size = Math.min(length, end - at);
            System.arraycopy(buffer, at, into, offset, size);
            at += size;
            return size;
        }

        private boolean fill() throws IOException {
            long pauseNanos = pace.pauseNanos(System.nanoTime());
            if (pauseNanos > 0) {
                LockSupport.parkNanos(pauseNanos);
            }
            int size = in.read(buffer);
            at = 0;
            end = Math.max(0, size);
            pace.came(end);
            return size > 0;
        }

        @Override
        public int available() throws IOException {
            return at < end ? end - at : in.available();
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }
}
