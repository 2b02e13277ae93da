package org.pgchorus.house.planted.model;

import org.pgchorus.house.planted.pg.Accomplice;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Date;
import java.util.function.Supplier;

/** Touches all that a pure class must not; never run, only read. */
public final class Culprit {
    private final Supplier<Instant> clock = Instant::now;
    private final URI harmless = URI.create("http://localhost");

    /** An arrow up, and clocks, files, sockets and threads. */
    @SuppressWarnings("JavaUtilDate")
    public Object everything(Accomplice above) throws IOException {
        Files.delete(Path.of("planted"));
        try (Socket socket = new Socket()) {
            socket.setTcpNoDelay(true);
        }
        Thread.onSpinWait();
        return System.nanoTime()
                + System.getenv().size()
                + " "
                + new Date()
                + clock
                + harmless
                + above;
    }
}
