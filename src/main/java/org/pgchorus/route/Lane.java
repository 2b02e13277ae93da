package org.pgchorus.route;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.concurrent.atomic.LongAdder;

/**
 * One direction of a session. What is read into the loop's buffer is written from there at once;
 * only what the other side does not take is kept, and nothing more is read until it has.
 *
 * <p>One thread: the loop's.
 */
final class Lane {
    private final Loop loop;
    private final SocketChannel from;
    private final SelectionKey fromKey;
    private final SocketChannel to;
    private final SelectionKey toKey;
    private final LongAdder bytes;
    private ByteBuffer pending;
    private boolean ended;
    private boolean broken;

    Lane(Loop loop, SelectionKey fromKey, SelectionKey toKey, LongAdder bytes) {
        this.loop = loop;
        this.from = (SocketChannel) fromKey.channel();
        this.fromKey = fromKey;
        this.to = (SocketChannel) toKey.channel();
        this.toKey = toKey;
        this.bytes = bytes;
    }

    /** Whether nothing will come out of it any more. */
    boolean isOver() {
        return broken || ended && pending == null;
    }

    /** Moves what has come. */
    void read() throws IOException {
        if (pending != null || ended) {
            return;
        }
        ByteBuffer buffer = loop.buffer();
        int read = from.read(buffer);
        if (read > 0) {
            send(buffer.flip());
        } else if (read < 0) {
            end();
        }
    }

    /** No more comes in; says so to the other side when all that came is there. */
    void end() throws IOException {
        ended = true;
        fromKey.interestOpsAnd(~SelectionKey.OP_READ);
        if (pending == null) {
            to.shutdownOutput();
        }
    }

    /** Sends something on: the loop's own buffer, or one that nobody else uses. */
    void send(ByteBuffer buffer) {
        bytes.add(buffer.remaining());
        if (!write(buffer)) {
            pending = buffer;
            loop.lend(buffer);
            fromKey.interestOpsAnd(~SelectionKey.OP_READ);
            toKey.interestOpsOr(SelectionKey.OP_WRITE);
        }
    }

    /** The other side takes more. */
    void flush() throws IOException {
        if (pending == null || !write(pending)) {
            return;
        }
        giveBack();
        if (broken) {
            return;
        }
        toKey.interestOpsAnd(~SelectionKey.OP_WRITE);
        if (ended) {
            to.shutdownOutput();
        } else {
            fromKey.interestOpsOr(SelectionKey.OP_READ);
        }
    }

    /**
     * Whether nothing is left to be written. A side that takes nothing any more is not an error
     * here: what it said before is still to be read.
     */
    private boolean write(ByteBuffer buffer) {
        try {
            to.write(buffer);
            return !buffer.hasRemaining();
        } catch (IOException gone) {
            broken = true;
            fromKey.interestOpsAnd(~SelectionKey.OP_READ);
            toKey.interestOpsAnd(~SelectionKey.OP_WRITE);
            return true;
        }
    }

    /** Nothing goes here any more. */
    void giveBack() {
        if (pending != null) {
            loop.takeBack(pending);
            pending = null;
        }
    }
}
