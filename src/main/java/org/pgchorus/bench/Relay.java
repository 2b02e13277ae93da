package org.pgchorus.bench;

import org.pgchorus.config.Address;
import org.pgchorus.config.AddressParameter;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/**
 * A server further away than it is: what is sent to its port arrives there, and the answers come
 * back, each after half of the latency.
 *
 * <p>It delays and does not narrow: what is under way is bounded only so that memory is. Closing it
 * breaks what goes through it.
 */
final class Relay implements AutoCloseable {
    private static final int CHUNK_BYTES = 1 << 16;

    /** Chunks under way in one direction of a connection: 16 MB if all are full. */
    private static final int CHUNKS = 256;

    private static final byte[] END = new byte[0];

    private final ServerSocket listening;
    private final Address server;
    private final long halfNanos;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

    private record Chunk(long dueNanos, byte[] bytes) {}

    private Relay(ServerSocket listening, Address server, Duration latency) {
        this.listening = listening;
        this.server = server;
        this.halfNanos = latency.toNanos() / 2;
    }

    /**
     * @param server any database of it
     * @param latency there and back
     */
    static Relay start(Address server, Duration latency) {
        try {
            ServerSocket listening = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
            Relay relay = new Relay(listening, server, latency);
            Thread.ofVirtual().start(relay::listen);
            return relay;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The address of a database of the server by way of here. */
    Address address(Address direct) {
        return direct.with(AddressParameter.PORT, Integer.toString(listening.getLocalPort()));
    }

    private void listen() {
        while (!listening.isClosed()) {
            try {
                Socket client = listening.accept();
                Socket there = new Socket(server.host(), server.port());
                for (Socket socket : new Socket[] {client, there}) {
                    socket.setTcpNoDelay(true);
                    sockets.add(socket);
                }
                lead(client, there);
                lead(there, client);
            } catch (IOException closedOrRefused) {
                // The client sees its connection end, as with a server that is gone.
                sockets.removeIf(Socket::isClosed);
            }
        }
    }

    /** One direction of one connection. */
    private void lead(Socket from, Socket to) {
        BlockingQueue<Chunk> underWay = new ArrayBlockingQueue<>(CHUNKS);
        Thread.ofVirtual().start(() -> read(from, underWay));
        Thread.ofVirtual().start(() -> write(underWay, from, to));
    }

    private void read(Socket from, BlockingQueue<Chunk> underWay) {
        byte[] buffer = new byte[CHUNK_BYTES];
        try {
            InputStream in = from.getInputStream();
            for (int size = in.read(buffer); size >= 0; size = in.read(buffer)) {
                underWay.put(new Chunk(due(), Arrays.copyOf(buffer, size)));
            }
            underWay.put(new Chunk(due(), END));
        } catch (IOException broken) {
            underWay.clear();
            underWay.offer(new Chunk(due(), END));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private long due() {
        return System.nanoTime() + halfNanos;
    }

    private void write(BlockingQueue<Chunk> underWay, Socket from, Socket to) {
        try (from;
                to) {
            OutputStream out = to.getOutputStream();
            for (Chunk chunk = underWay.take(); chunk.bytes.length > 0; chunk = underWay.take()) {
                while (chunk.dueNanos - System.nanoTime() > 0) {
                    LockSupport.parkNanos(chunk.dueNanos - System.nanoTime());
                }
                out.write(chunk.bytes);
            }
        } catch (IOException broken) {
            underWay.clear();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            sockets.remove(from);
            sockets.remove(to);
        }
    }

    @Override
    public void close() {
        try {
            listening.close();
            for (Socket socket : sockets) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
