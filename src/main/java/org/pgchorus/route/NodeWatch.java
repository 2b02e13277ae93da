package org.pgchorus.route;

import org.pgchorus.config.NodeAddress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Looks at each node once a second, and tells a router: whether its server answers, and what a
 * judge says of it. A node that does not answer holds up no other.
 */
public final class NodeWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(NodeWatch.class);
    private static final long PERIOD_MILLIS = 1000;

    /** After a look that found something else than the one before: it decides sooner. */
    private static final long SOON_MILLIS = 300;

    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final Router router;
    private final Function<String, Judgement> judge;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Map<String, Boolean> judged = new ConcurrentHashMap<>();

    private NodeWatch(Router router, Function<String, Judgement> judge) {
        this.router = router;
        this.judge = judge;
    }

    /**
     * Begins to look.
     *
     * @param judge of a node by its name; may take some seconds, and is asked by many threads
     */
    public static NodeWatch start(
            Router router, List<NodeAddress> nodes, Function<String, Judgement> judge) {
        NodeWatch watch = new NodeWatch(router, judge);
        watch.know(nodes);
        return watch;
    }

    /** Looks at these nodes too, if they are new. */
    public void know(List<NodeAddress> nodes) {
        nodes.forEach(node -> router.add(node).ifPresent(added -> threads.execute(watch(added))));
    }

    private Runnable watch(Destination destination) {
        return () -> {
            try {
                while (!threads.isShutdown()) {
                    NodeState before = destination.condition().state();
                    look(destination);
                    boolean changed = destination.condition().state() != before;
                    TimeUnit.MILLISECONDS.sleep(changed ? SOON_MILLIS : PERIOD_MILLIS);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        };
    }

    /** A supervisor's catch: whatever broke, the next look is a new one. */
    private void look(Destination destination) {
        try {
            String silence = silence(destination);
            Judgement judgement =
                    silence.isEmpty()
                            ? judge.apply(destination.node())
                            : new Judgement.Unknown(silence);
            judged.put(destination.node(), !(judgement instanceof Judgement.Unknown));
            boolean anyJudge = judged.containsValue(true);
            router.saw(destination, new Condition.Look(silence, judgement, anyJudge));
        } catch (RuntimeException e) {
            LOG.error("looking at {} broke", destination, e);
        }
    }

    private String silence(Destination destination) {
        try {
            boolean tls = ServerProbe.hasTls(destination.resolve(), PATIENCE, router.sendsProxy());
            destination.noteEncrypts(StartPacket.Kind.TLS, tls);
            return "";
        } catch (IOException e) {
            return "its server does not answer: " + e.getMessage();
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
