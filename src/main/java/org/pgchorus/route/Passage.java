package org.pgchorus.route;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * One client's way: from its first packet to a node, and then bytes both ways.
 *
 * <p>Until a node has answered, another one may be tried; from then on the session is that node's
 * and ends with it. One thread: the loop's.
 */
final class Passage {
    /** A node of the same site answers in less; one that does not is down. */
    private static final long CONNECT_SECONDS = 3;

    /** For a client to read why it was refused. */
    private static final long LEAVE_SECONDS = 2;

    private final Loop loop;
    private final Reception reception;
    private final SocketChannel client;
    private final FirstWords words;
    private final Set<Destination> tried = new HashSet<>();
    private Stage stage = Stage.ARRIVING;
    private SelectionKey clientKey;
    private long startDeadlineNanos;
    private long deadlineNanos;
    private StartPacket packet;
    private ByteBuffer opening;
    private String stickyKey = "";
    private Optional<Stay> stay = Optional.empty();

    private enum Stage {
        /** The client has not said all that it wants. */
        ARRIVING,
        /** A node has been chosen. */
        CONNECTING,
        /** It was asked whether it encrypts. */
        ASKING,
        /** It was asked for a session and has not given out the key yet. */
        GREETING,
        /** Bytes go both ways. */
        OPEN,
        /** A cancel request is passed on. */
        CANCELLING,
        /** The client was told why not. */
        LEAVING,
        GONE
    }

    /**
     * @param source the other end of the client's connection
     */
    Passage(Loop loop, Reception reception, SocketChannel client, InetSocketAddress source) {
        this.loop = loop;
        this.reception = reception;
        this.client = client;
        this.words = new FirstWords(source, reception.options().acceptProxy());
    }

    /** Begins to listen. */
    void arrive() throws IOException {
        clientKey = loop.register(client, SelectionKey.OP_READ, this, this::clientReady);
        startDeadlineNanos = System.nanoTime() + reception.options().startLimit().toNanos();
        limit(startDeadlineNanos);
    }

    private void limit(long untilNanos) {
        deadlineNanos = untilNanos;
        loop.limit(this, true);
    }

    private void limitSeconds(long seconds) {
        limit(System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds));
    }

    /** Looks whether a deadline is over. */
    void tick(long nowNanos) {
        if (nowNanos - deadlineNanos < 0) {
            return;
        }
        switch (stage) {
            case ARRIVING -> late();
            case CONNECTING -> elsewhere("it does not answer in %d s".formatted(CONNECT_SECONDS));
            case ASKING, GREETING, OPEN, CANCELLING, LEAVING, GONE -> close();
        }
    }

    /** It took too long, or takes another one's place. */
    void late() {
        reception.counters().count(Counters.Event.LATE);
        close();
    }

    private void clientReady(int operations) throws IOException {
        switch (stage) {
            case ARRIVING -> hear();
            case GREETING, OPEN -> {
                Stay here = stay.orElseThrow();
                if ((operations & SelectionKey.OP_WRITE) != 0) {
                    here.down().flush();
                }
                if ((operations & SelectionKey.OP_READ) != 0) {
                    here.up().read();
                }
                closeIfOver(here);
            }
            case LEAVING -> {
                if (client.read(loop.buffer()) < 0) {
                    close();
                }
            }
            case CONNECTING, ASKING, CANCELLING, GONE -> clientKey.interestOps(0);
        }
    }

    private void closeIfOver(Stay here) {
        if (here.down().isOver()) {
            close();
        }
    }

    private void hear() throws IOException {
        try {
            Optional<StartPacket> whole = words.hear(client);
            if (whole.isPresent()) {
                packet = whole.get();
                begin(words.take());
            }
        } catch (MalformedStart malformed) {
            reception.counters().count(Counters.Event.MALFORMED);
            close();
        }
    }

    private void begin(ByteBuffer heard) throws IOException {
        switch (packet) {
            case StartPacket.Encryption(var kind, _) -> {
                if (reception.destinations().noneEncrypts(kind)) {
                    answerNo();
                } else {
                    lead(heard, words.host());
                }
            }
            case StartPacket.DirectTls _ -> lead(heard, words.host());
            case StartPacket.Cancel(var key, _) -> cancel(key, heard);
            case StartPacket.Startup startup -> {
                if (startup.isReplication() && !reception.options().passReplication()) {
                    refuse(Refusal.REPLICATION, Counters.Event.REFUSED_REPLICATION);
                } else {
                    lead(heard, stickyKey(startup));
                }
            }
        }
    }

    private String stickyKey(StartPacket.Startup startup) {
        return switch (reception.options().by()) {
            case USER -> startup.user();
            case DATABASE -> startup.database();
            case CLIENT -> words.host();
        };
    }

    private void answerNo() throws IOException {
        client.write(ByteBuffer.wrap(new byte[] {'N'}));
    }

    private void cancel(BackendKey key, ByteBuffer heard) {
        List<Destination> owners = reception.destinations().owners(key);
        boolean known = !owners.isEmpty();
        reception.counters().count(known ? Counters.Event.CANCELS : Counters.Event.CANCELS_UNKNOWN);
        stage = Stage.CANCELLING;
        loop.limit(this, false);
        clientKey.interestOps(0);
        reception.cancels().pass(heard, owners, () -> loop.execute(this::close));
    }

    private void lead(ByteBuffer heard, String sticky) throws IOException {
        opening = heard;
        stickyKey = sticky;
        clientKey.interestOps(0);
        choose();
    }

    private void choose() throws IOException {
        switch (reception.destinations().choose(stickyKey, tried)) {
            case Destinations.Choice.Taken(var chosen) -> connect(chosen);
            case Destinations.Choice.Refused(var why) -> refuse(why);
        }
    }

    private void connect(Destination chosen) {
        Stay there = new Stay(loop, reception.destinations(), chosen);
        stay = Optional.of(there);
        stage = Stage.CONNECTING;
        limitSeconds(CONNECT_SECONDS);
        try {
            if (there.connect(this, this::serverReady)) {
                open(there);
            }
        } catch (IOException e) {
            elsewhere("cannot connect: " + e.getMessage());
        }
    }

    /** The node does not take it: another one may. */
    private void elsewhere(String why) {
        Destination left = stay.orElseThrow().destination();
        left.suspect(why);
        tried.add(left);
        leaveNode();
        reception.counters().count(Counters.Event.RETRIED);
        try {
            choose();
        } catch (IOException lost) {
            close();
        }
    }

    private void serverReady(int operations) throws IOException {
        if (stay.isEmpty()) {
            return;
        }
        Stay here = stay.get();
        try {
            switch (stage) {
                case CONNECTING -> {
                    if (here.isConnected()) {
                        open(here);
                    }
                }
                case ASKING -> encryption(here);
                case GREETING -> greet(here, operations);
                case OPEN -> {
                    if ((operations & SelectionKey.OP_WRITE) != 0) {
                        here.up().flush();
                    }
                    if ((operations & SelectionKey.OP_READ) != 0) {
                        here.down().read();
                    }
                    closeIfOver(here);
                }
                case ARRIVING, CANCELLING, LEAVING, GONE -> here.ignoreServer();
            }
        } catch (IOException lost) {
            if (!isUndecided()) {
                throw lost;
            }
            elsewhere("the connection breaks: " + lost.getMessage());
        }
    }

    /** Whether another node may still be tried. */
    private boolean isUndecided() {
        return switch (stage) {
            case CONNECTING, ASKING -> true;
            case GREETING -> !stay.orElseThrow().isAnswered();
            case ARRIVING, OPEN, CANCELLING, LEAVING, GONE -> false;
        };
    }

    private void open(Stay here) throws IOException {
        here.makeLanes(clientKey);
        loop.limit(this, false);
        switch (packet) {
            case StartPacket.Encryption _ -> stage = Stage.ASKING;
            case StartPacket.DirectTls _ -> {
                here.encrypt();
                carry();
            }
            case StartPacket.Startup _ -> stage = Stage.GREETING;
            case StartPacket.Cancel _ -> throw new IllegalStateException("a cancel has no lanes");
        }
        here.up().send(introduced(here.destination()));
    }

    /** What the node gets first: who comes, if it is to be told, and what that client said. */
    private ByteBuffer introduced(Destination chosen) {
        if (!reception.options().sendProxy()) {
            return opening.duplicate();
        }
        byte[] header = ProxyHeader.write(words.source(), chosen.socketAddress());
        return ByteBuffer.allocate(header.length + opening.remaining())
                .put(header)
                .put(opening.duplicate())
                .flip();
    }

    /** From now on bytes only. */
    private void carry() {
        stage = Stage.OPEN;
        clientKey.interestOpsOr(SelectionKey.OP_READ);
    }

    /** What the node says to a question for encryption. */
    private void encryption(Stay here) throws IOException {
        ByteBuffer said = here.read().orElseThrow(Passage::closedUnanswered);
        if (!said.hasRemaining()) {
            return;
        }
        StartPacket.Kind kind = ((StartPacket.Encryption) packet).kind();
        boolean yes = kind.isYes(said.get(0));
        if (yes || said.get(0) == 'N') {
            here.destination().noteEncrypts(kind, yes);
        }
        if (said.get(0) == 'N') {
            // The choice is made anew when it is known who comes.
            leaveNode();
            hearAgain();
            return;
        }
        if (yes) {
            here.encrypt();
        }
        carry();
        here.down().send(said);
        closeIfOver(here);
    }

    private static IOException closedUnanswered() {
        return new IOException("closed without an answer");
    }

    private void hearAgain() throws IOException {
        stage = Stage.ARRIVING;
        limit(startDeadlineNanos);
        clientKey.interestOps(SelectionKey.OP_READ);
        answerNo();
    }

    private void greet(Stay here, int operations) throws IOException {
        if ((operations & SelectionKey.OP_WRITE) != 0) {
            here.up().flush();
        }
        if ((operations & SelectionKey.OP_READ) == 0) {
            return;
        }
        Optional<ByteBuffer> said = here.read();
        if (said.isEmpty() && !here.isAnswered()) {
            throw closedUnanswered();
        }
        if (said.isEmpty()) {
            here.down().end();
        } else if (here.isAnswered()) {
            carryIf(here.pass(said.get()));
        } else {
            first(here, said.get());
        }
        if (stage == Stage.GREETING || stage == Stage.OPEN) {
            closeIfOver(here);
        }
    }

    private void first(Stay here, ByteBuffer said) {
        Optional<String> sqlState = here.first(said);
        if (sqlState.isEmpty()
                || isForAnother(sqlState.get()) && isLedToAnother(here, sqlState.get())) {
            return;
        }
        clientKey.interestOpsOr(SelectionKey.OP_READ);
        carryIf(here.passFirst());
    }

    private void carryIf(boolean greeted) {
        if (greeted) {
            carry();
        }
    }

    /** Whether a node says that it cannot, and another one could. */
    private boolean isForAnother(String sqlState) {
        return sqlState.equals(Refusal.CANNOT_CONNECT_NOW)
                || sqlState.equals(Refusal.TOO_MANY_CONNECTIONS)
                        && reception.options().mode() == Mode.ANY;
    }

    private boolean isLedToAnother(Stay here, String sqlState) {
        tried.add(here.destination());
        if (!(reception.destinations().choose(stickyKey, tried)
                instanceof Destinations.Choice.Taken(var other))) {
            return false;
        }
        if (sqlState.equals(Refusal.CANNOT_CONNECT_NOW)) {
            here.destination().suspect("it takes no sessions now");
        }
        leaveNode();
        reception.counters().count(Counters.Event.RETRIED);
        connect(other);
        return true;
    }

    private void refuse(Refusal why) throws IOException {
        Counters.Event event =
                why.sqlState().equals(Refusal.TOO_MANY_CONNECTIONS)
                        ? Counters.Event.REFUSED_FULL
                        : Counters.Event.REFUSED_NO_NODE;
        switch (packet) {
            // The reason follows when it can be read: after a start packet.
            case StartPacket.Encryption _ -> hearAgain();
            case StartPacket.DirectTls _ -> {
                reception.counters().count(event);
                close();
            }
            case StartPacket.Startup _, StartPacket.Cancel _ -> refuse(why, event);
        }
    }

    private void refuse(Refusal why, Counters.Event event) throws IOException {
        reception.counters().count(event);
        stage = Stage.LEAVING;
        limitSeconds(LEAVE_SECONDS);
        client.write(why.bytes());
        client.shutdownOutput();
        clientKey.interestOps(SelectionKey.OP_READ);
    }

    boolean isAt(Destination other) {
        return stay.filter(it -> it.destination() == other).isPresent();
    }

    /** The node is down. */
    void cut() {
        if (isUndecided()) {
            elsewhere("it is down");
        } else {
            stay.orElseThrow().destination().cut.increment();
            close();
        }
    }

    private void leaveNode() {
        stay.ifPresent(Stay::end);
        stay = Optional.empty();
    }

    /** Ends both connections. */
    void close() {
        if (stage != Stage.GONE) {
            stage = Stage.GONE;
            leaveNode();
            Sockets.close(client);
            loop.forget(this);
        }
    }

    @Override
    public String toString() {
        return "a session of %s%s"
                .formatted(words.source(), stay.map(it -> " at " + it.destination()).orElse(""));
    }
}
