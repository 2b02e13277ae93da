package org.pgchorus.route;

import org.pgchorus.config.NodeAddress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/**
 * Takes clients' connections and leads each to a node. Any thread.
 *
 * <p>It knows which nodes are open by what it is told ({@link NodeWatch}), and by what its clients'
 * connections meet.
 */
public final class Router implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Router.class);
    private static final int BACKLOG = 1024;

    /** When the machine has no file handles left, a moment later it may have. */
    private static final long BREATH_MILLIS = 100;

    private final RouterOptions options;
    private final Instant since;
    private final Counters counters = new Counters();
    private final Destinations destinations;
    private final Cancels cancels;
    private final ServerSocketChannel listening;
    private final List<Loop> loops;
    private final Thread accepting;

    private Router(RouterOptions options, InstantSource clock, ServerSocketChannel listening) {
        this.options = options;
        this.since = clock.instant();
        this.destinations = new Destinations(options);
        this.cancels = new Cancels(options.sendProxy());
        this.listening = listening;
        this.loops = IntStream.range(0, options.loops()).mapToObj(Loop::start).toList();
        this.accepting = Thread.ofPlatform().name("route-accept").daemon().unstarted(this::accept);
    }

    /**
     * Begins to listen; clients are refused until a node is known to be open.
     *
     * @throws IllegalArgumentException if the place is taken
     */
    public static Router start(RouterOptions options, InstantSource clock) {
        try {
            ServerSocketChannel listening = ServerSocketChannel.open();
            try {
                listening.setOption(StandardSocketOptions.SO_REUSEADDR, true);
                listening.bind(options.listen(), BACKLOG);
            } catch (IOException e) {
                listening.close();
                throw e;
            }
            Router router = new Router(options, clock, listening);
            router.accepting.start();
            return router;
        } catch (BindException taken) {
            throw new IllegalArgumentException(
                    "cannot listen on %s (%s); stop what listens there, or name another place with"
                                    .formatted(text(options.listen()), taken.getMessage())
                            + " --listen HOST:PORT",
                    taken);
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "cannot listen on %s: %s".formatted(text(options.listen()), e.getMessage()), e);
        }
    }

    private static String text(InetSocketAddress place) {
        return place.getAddress().getHostAddress() + ":" + place.getPort();
    }

    /** Where it listens. */
    public InetSocketAddress place() {
        try {
            return (InetSocketAddress) listening.getLocalAddress();
        } catch (IOException closed) {
            return options.listen();
        }
    }

    private void accept() {
        Reception reception = new Reception(options, destinations, counters, cancels);
        for (int turn = 0; listening.isOpen(); turn++) {
            try {
                SocketChannel client = listening.accept();
                counters.count(Counters.Event.ACCEPTED);
                take(client, loops.get(Math.floorMod(turn, loops.size())), reception);
            } catch (IOException refused) {
                if (listening.isOpen()) {
                    LOG.warn("a connection was not accepted: {}", refused.getMessage());
                    breathe();
                }
            }
        }
    }

    private static void take(SocketChannel client, Loop loop, Reception reception) {
        try {
            Sockets.tune(client);
            InetSocketAddress source = (InetSocketAddress) client.getRemoteAddress();
            loop.execute(() -> loop.take(new Passage(loop, reception, client, source)));
        } catch (IOException gone) {
            LOG.debug("a client went at once: {}", gone.getMessage());
            Sockets.close(client);
        }
    }

    private static void breathe() {
        try {
            TimeUnit.MILLISECONDS.sleep(BREATH_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Whether nodes want to be told who comes. */
    boolean sendsProxy() {
        return options.sendProxy();
    }

    /** Adds a node, if it is new, behind those that are there. */
    Optional<Destination> add(NodeAddress node) {
        return destinations.add(node);
    }

    /** Takes in what one look found. */
    void saw(Destination destination, Condition.Look look) {
        Condition before = destination.condition();
        boolean down = destination.isDownAfter(look);
        Condition now = destination.condition();
        if (before.state() != now.state()) {
            LOG.info(
                    "{} is {}{}",
                    destination,
                    now.state(),
                    now.reason().isEmpty() ? "" : ": " + now.reason());
        }
        if (down && destination.sessions() > 0) {
            loops.forEach(loop -> loop.execute(() -> loop.cut(destination)));
        }
    }

    /** How it stands. */
    public Statistics statistics() {
        return Statistics.of(options, place(), since, destinations.all(), counters);
    }

    /** Ends all sessions. */
    @Override
    public void close() {
        try {
            listening.close();
        } catch (IOException e) {
            LOG.debug("closing: {}", e.getMessage());
        }
        loops.forEach(Loop::close);
        cancels.close();
    }
}
