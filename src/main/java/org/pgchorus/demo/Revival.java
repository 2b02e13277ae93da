package org.pgchorus.demo;

import org.pgchorus.model.NodeName;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Starts servers again that somebody killed, after a while in which it can be seen that one is
 * gone. Used by one thread.
 */
final class Revival {
    /** Long enough to look at the dashboard, and shorter than the patience of who looks. */
    static final Duration AWAY = Duration.ofSeconds(10);

    private final Map<NodeName, EmbeddedServer> servers;
    private final Map<NodeName, Long> goneSinceNanos = new HashMap<>();
    private final Consumer<String> out;

    /**
     * For servers by their nodes' names.
     *
     * @param out hears what is found and done, a line each
     */
    Revival(Map<NodeName, EmbeddedServer> servers, Consumer<String> out) {
        this.servers = servers;
        this.out = out;
    }

    /**
     * Looks once; to be called about once a second.
     *
     * @throws ServerFailed if a server does not start again
     */
    void look(long nowNanos) {
        servers.forEach((name, server) -> {
            if (server.isRunning()) {
                return;
            }
            Long since = goneSinceNanos.putIfAbsent(name, nowNanos);
            if (since == null) {
                out.accept(
                        "%s has ended. It is started again in %d s."
                                .formatted(name, AWAY.toSeconds()));
            } else if (nowNanos - since >= AWAY.toNanos()) {
                start(name, server);
            }
        });
    }

    /** Starts all that are gone, at once: nodes that do not run cannot be compared. */
    void end() {
        servers.forEach((name, server) -> {
            if (!server.isRunning()) {
                start(name, server);
            }
        });
    }

    private void start(NodeName name, EmbeddedServer server) {
        server.restart();
        goneSinceNanos.remove(name);
        out.accept("%s is started again.".formatted(name));
    }
}
