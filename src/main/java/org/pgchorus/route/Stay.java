package org.pgchorus.route;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.Optional;

/**
 * A client's time at one node: the connection there, both lanes, and what is remembered of it. One
 * thread: the loop's.
 */
final class Stay {
    private final Loop loop;
    private final Destinations destinations;
    private final Destination destination;
    private final FirstAnswer firstAnswer = new FirstAnswer();
    private final Greeting greeting = new Greeting();
    private Optional<SocketChannel> server = Optional.empty();
    private SelectionKey serverKey;
    private Optional<BackendKey> owned = Optional.empty();
    private Lane up;
    private Lane down;
    private boolean answered;
    private boolean encrypted;

    Stay(Loop loop, Destinations destinations, Destination destination) {
        this.loop = loop;
        this.destinations = destinations;
        this.destination = destination;
    }

    Destination destination() {
        return destination;
    }

    /** From the client to the node. */
    Lane up() {
        return up;
    }

    /** From the node to the client. */
    Lane down() {
        return down;
    }

    /** Whether the node has said something that the client has got. */
    boolean isAnswered() {
        return answered;
    }

    /** Begins to connect; whether that is done already. */
    boolean connect(Passage passage, Loop.Listener listener) throws IOException {
        InetSocketAddress where = destination.socketAddress();
        if (where.isUnresolved()) {
            throw new IOException("there is no host " + where.getHostString());
        }
        SocketChannel channel = SocketChannel.open();
        server = Optional.of(channel);
        Sockets.tune(channel);
        boolean connected = channel.connect(where);
        serverKey =
                loop.register(
                        channel,
                        connected ? SelectionKey.OP_READ : SelectionKey.OP_CONNECT,
                        passage,
                        listener);
        return connected;
    }

    /** Whether connecting is done now. */
    boolean isConnected() throws IOException {
        boolean connected = server.orElseThrow().finishConnect();
        if (connected) {
            serverKey.interestOps(SelectionKey.OP_READ);
        }
        return connected;
    }

    /** The connection stands. */
    void makeLanes(SelectionKey clientKey) {
        up = new Lane(loop, clientKey, serverKey, destination.bytesIn);
        down = new Lane(loop, serverKey, clientKey, destination.bytesOut);
    }

    /**
     * Reads what the node says into the loop's buffer; flipped.
     *
     * @return empty if it says no more
     */
    Optional<ByteBuffer> read() throws IOException {
        ByteBuffer said = loop.buffer();
        return server.orElseThrow().read(said) < 0 ? Optional.empty() : Optional.of(said.flip());
    }

    /**
     * Takes what the node says first.
     *
     * @return its SQLSTATE, empty for what is no error; nothing if more is needed to know
     */
    Optional<String> first(ByteBuffer said) {
        return firstAnswer.take(said);
    }

    /** Passes the first answer on: from now on the session is this node's. */
    boolean passFirst() {
        answered = true;
        return pass(firstAnswer.bytes());
    }

    /** Passes on what the node says, and learns the key; whether only bytes follow. */
    boolean pass(ByteBuffer said) {
        Optional<BackendKey> key = greeting.take(said);
        if (key.isPresent()) {
            owned = key;
            destinations.own(key.get(), destination);
        }
        down.send(said);
        return greeting.isOver();
    }

    /** All that follows is opaque. */
    void encrypt() {
        answered = true;
        encrypted = true;
        destination.countEncrypted(1);
    }

    /** The server says nothing any more that matters. */
    void ignoreServer() {
        serverKey.interestOps(0);
    }

    /** Ends it: the connection is closed, nothing of it is remembered. */
    void end() {
        if (up != null) {
            up.giveBack();
            down.giveBack();
        }
        server.ifPresent(Sockets::close);
        owned.ifPresent(key -> destinations.disown(key, destination));
        if (encrypted) {
            destination.countEncrypted(-1);
        }
        destinations.release(destination);
    }
}
