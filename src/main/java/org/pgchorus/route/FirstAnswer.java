package org.pgchorus.route;

import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * What a node says first to a client that wants a session. While that is an error that is not
 * whole, it is kept back: another node may take the client. One thread.
 */
final class FirstAnswer {
    private ByteBuffer kept = ByteBuffer.allocate(0);

    /**
     * Takes what has come.
     *
     * @return the SQLSTATE, empty for what is no error; nothing if more is needed to know
     */
    Optional<String> take(ByteBuffer said) {
        kept = ByteBuffer.allocate(kept.remaining() + said.remaining()).put(kept).put(said).flip();
        return Greeting.sqlState(kept);
    }

    /** All of it. */
    ByteBuffer bytes() {
        return kept;
    }
}
