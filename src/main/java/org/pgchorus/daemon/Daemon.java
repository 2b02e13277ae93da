package org.pgchorus.daemon;

import org.pgchorus.config.NodeAddress;
import org.pgchorus.model.LinkName;
import org.pgchorus.model.NodeName;
import org.pgchorus.model.Took;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Serves the named nodes until closed: one for each machine next to its database, or several in one
 * process. Any thread.
 */
public final class Daemon implements AutoCloseable {
    private final Map<NodeName, NodeAgent> agents = new LinkedHashMap<>();
    private final Map<NodeName, Thread> threads = new LinkedHashMap<>();

    /**
     * Starts serving; returns at once. Databases that are not members yet are waited for.
     *
     * @throws IllegalArgumentException if a name is given twice
     */
    public static Daemon start(List<NodeAddress> nodes) {
        Daemon daemon = new Daemon();
        for (NodeAddress node : nodes) {
            if (daemon.agents.putIfAbsent(node.name(), new NodeAgent(node)) != null) {
                throw new IllegalArgumentException("node " + node.name() + " is named twice");
            }
        }
        daemon.agents.forEach((name, agent) ->
                daemon.threads.put(name, Thread.ofVirtual().name("node " + name).start(agent)));
        return daemon;
    }

    private Daemon() {}

    /** What it does for each node, in a few words. */
    public Map<NodeName, String> states() {
        Map<NodeName, String> states = new LinkedHashMap<>();
        agents.forEach((name, agent) -> states.put(name, agent.state()));
        return states;
    }

    /** How long applying took on each link that ends here, since it was made. */
    public Map<LinkName, Took> applyTimes() {
        Map<LinkName, Took> times = new LinkedHashMap<>();
        agents.values().forEach(agent -> times.putAll(agent.applyTimes()));
        return times;
    }

    /** Stops serving; nothing applied is lost, nothing will be applied twice. */
    @Override
    public void close() {
        agents.values().forEach(NodeAgent::close);
        threads.values().forEach(Ending::await);
    }
}
