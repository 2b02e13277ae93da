package org.pgchorus.route;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Passes cancel requests on. A client waits until its connection is closed, which says that the
 * server has seen the request; so each is done when the server has closed. Any thread.
 */
final class Cancels implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Cancels.class);
    private static final int SECONDS = 3;

    /** At a time; more wait. */
    private static final int MOST = 64;

    private final boolean sendProxy;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Semaphore places = new Semaphore(MOST);

    /**
     * @param sendProxy whether nodes want to be told who comes
     */
    Cancels(boolean sendProxy) {
        this.sendProxy = sendProxy;
    }

    /**
     * Passes one on and returns at once.
     *
     * @param done runs when all servers have seen it, or failed to
     */
    void pass(ByteBuffer packet, List<Destination> destinations, Runnable done) {
        byte[] bytes = new byte[packet.remaining()];
        packet.get(bytes);
        threads.execute(() -> {
            try {
                places.acquire();
                try {
                    destinations.forEach(destination -> pass(bytes, destination));
                } finally {
                    places.release();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } finally {
                done.run();
            }
        });
    }

    private void pass(byte[] packet, Destination destination) {
        int millis = (int) TimeUnit.SECONDS.toMillis(SECONDS);
        InetSocketAddress where = destination.socketAddress();
        try (Socket socket = new Socket()) {
            socket.connect(where, millis);
            socket.setSoTimeout(millis);
            if (sendProxy) {
                socket.getOutputStream().write(ProxyHeader.ofOurselves());
            }
            socket.getOutputStream().write(packet);
            if (socket.getInputStream().read() >= 0) {
                LOG.debug("{} answers a cancel request", destination);
            }
        } catch (IOException e) {
            LOG.info("a cancel request did not get to {}: {}", destination, e.getMessage());
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
