package org.pgchorus.demo;

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
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * A server further away than it is: what is sent to its port arrives there, and the answers come
 * back, each after half of the latency.
 *
 * <p>It delays and does not narrow: what is under way is bounded only so that memory is. It can be
 * {@link #cut}, as a network that loses everything and says nothing, and it can {@link #forget}.
 * Closing it breaks what goes through it. Any thread.
 */
public final class Relay implements AutoCloseable {
    private static final int CHUNK_BYTES = 1 << 16;

    /** Chunks under way in one direction of a connection: 16 MB if all are full. */
    private static final int CHUNKS = 256;

    private static final byte[] END = new byte[0];

    private final ServerSocket listening;
    private final Address server;
    private final long halfNanos;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

    /** What is under way waits for it before it arrives. */
    private final AtomicReference<CountDownLatch> whole =
            new AtomicReference<>(new CountDownLatch(0));

    /** Open on both sides, and nothing passes any more. */
    private final Set<Socket> forgotten = ConcurrentHashMap.newKeySet();

    private final CountDownLatch closed = new CountDownLatch(1);

    private record Chunk(long dueNanos, byte[] bytes) {}

    private Relay(ServerSocket listening, Address server, Duration latency) {
        this.listening = listening;
        this.server = server;
        this.halfNanos = latency.toNanos() / 2;
    }

    /**
     * On a port of its own choice.
     *
     * @param server any database of it
     * @param latency there and back
     */
    public static Relay start(Address server, Duration latency) {
        return start(server, latency, 0);
    }

    /**
     * @param port on 127.0.0.1; 0 chooses a free one
     */
    public static Relay start(Address server, Duration latency, int port) {
        try {
            ServerSocket listening = new ServerSocket(port, 64, InetAddress.getLoopbackAddress());
            Relay relay = new Relay(listening, server, latency);
            Thread.ofVirtual().start(relay::listen);
            return relay;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The address of a database of the server by way of here. */
    public Address address(Address direct) {
        return direct.with(AddressParameter.PORT, Integer.toString(listening.getLocalPort()));
    }

    /**
     * From now on nothing arrives on either side, and no connection ends: each side has only its
     * own patience to tell it.
     */
    public void cut() {
        whole.updateAndGet(now -> now.getCount() == 0 ? new CountDownLatch(1) : now);
    }

    /** What was under way arrives now, and everything after it; no effect if nothing was cut. */
    public void heal() {
        whole.get().countDown();
    }

    /**
     * What is connected now stays so and never hears anything again, as behind a firewall that has
     * forgotten it; who connects anew is let through.
     */
    public void forget() {
        forgotten.addAll(sockets);
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
            Chunk chunk = underWay.take();
            while (chunk.bytes.length > 0 && !forgotten.contains(from)) {
                while (chunk.dueNanos - System.nanoTime() > 0) {
                    LockSupport.parkNanos(chunk.dueNanos - System.nanoTime());
                }
                whole.get().await();
                out.write(chunk.bytes);
                chunk = underWay.take();
            }
            if (forgotten.contains(from)) {
                closed.await();
            }
        } catch (IOException broken) {
            underWay.clear();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            sockets.remove(from);
            sockets.remove(to);
            forgotten.remove(from);
            forgotten.remove(to);
        }
    }

    @Override
    public void close() {
        heal();
        closed.countDown();
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
