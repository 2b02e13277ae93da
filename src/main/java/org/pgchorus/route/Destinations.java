package org.pgchorus.route;

import org.pgchorus.config.NodeAddress;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/** All nodes of a router, and whose sessions are where. Any thread. */
final class Destinations {
    private final RouterOptions options;
    private final Map<String, Destination> byName = new LinkedHashMap<>();
    private final Map<BackendKey, Destination> owners = new ConcurrentHashMap<>();
    private Optional<String> current = Optional.empty();
    private int sessions;
    private int turn;

    Destinations(RouterOptions options) {
        this.options = options;
    }

    /** What came of a choice. */
    sealed interface Choice {
        /** There; the client counts as a session from now on. */
        record Taken(Destination destination) implements Choice {}

        /** Nowhere. */
        record Refused(Refusal why) implements Choice {}
    }

    /** Adds a node, if it is new. */
    synchronized Optional<Destination> add(NodeAddress address) {
        if (byName.containsKey(address.name().text())) {
            return Optional.empty();
        }
        Destination added = new Destination(address);
        byName.put(added.node(), added);
        return Optional.of(added);
    }

    /** In the order in which they are preferred. */
    synchronized List<Destination> all() {
        return List.copyOf(byName.values());
    }

    /**
     * Chooses a node and counts the client there.
     *
     * @param key whom sticky keeps at one node
     * @param tried where it could not be taken
     */
    synchronized Choice choose(String key, Set<Destination> tried) {
        if (sessions >= options.mostSessions()) {
            return full("the router has %d sessions".formatted(sessions), "--max-connections");
        }
        boolean elsewhereIfFull = options.mode() == Mode.ANY;
        List<Chooser.Candidate> candidates = new ArrayList<>();
        for (Destination it : byName.values()) {
            boolean open =
                    it.condition().state() == NodeState.OPEN
                            && !tried.contains(it)
                            && !(elsewhereIfFull && isFull(it));
            candidates.add(new Chooser.Candidate(it.node(), open, it.sessions()));
        }
        Optional<Destination> chosen =
                switch (options.mode()) {
                    case ANY -> Chooser.any(candidates, turn++).map(byName::get);
                    case STICKY -> Chooser.sticky(candidates, key).map(byName::get);
                    case PREFERRED -> Chooser.preferred(candidates, current).map(byName::get);
                };
        if (chosen.isEmpty() || isFull(chosen.get())) {
            return refused(tried);
        }
        current = chosen.map(Destination::node);
        chosen.get().enter();
        sessions++;
        return new Choice.Taken(chosen.get());
    }

    private boolean isFull(Destination destination) {
        return destination.sessions() >= options.mostPerNode();
    }

    private Choice refused(Set<Destination> tried) {
        Collection<Destination> all = byName.values();
        if (all.stream().anyMatch(it -> it.condition().state() == NodeState.OPEN && isFull(it))) {
            return full(
                    "each node that could be chosen has %d sessions"
                            .formatted(options.mostPerNode()),
                    "--max-per-node");
        }
        String states =
                all.stream()
                        .filter(it -> it.condition().state() != NodeState.OPEN)
                        .map(it -> "%s: %s".formatted(it, it.condition().reason()))
                        .collect(Collectors.joining("; "));
        return new Choice.Refused(
                tried.isEmpty()
                        ? new Refusal(
                                Refusal.CANNOT_CONNECT_NOW,
                                "no node takes sessions now",
                                states,
                                "Try again; pgchorus status says what is wrong.")
                        : new Refusal(
                                Refusal.CONNECTION_FAILURE,
                                "cannot reach a node",
                                states,
                                "Try again; the router goes to another node as soon as there is"
                                        + " one."));
    }

    private static Choice full(String message, String option) {
        return new Choice.Refused(
                new Refusal(
                        Refusal.TOO_MANY_CONNECTIONS,
                        message,
                        "",
                        "Close idle sessions, or give the router a higher %s.".formatted(option)));
    }

    /** A client that was counted is gone. */
    synchronized void release(Destination destination) {
        destination.leave();
        sessions--;
    }

    /** Whether each node that could take a client would not encrypt. */
    synchronized boolean noneEncrypts(StartPacket.Kind kind) {
        return byName.values().stream()
                .filter(it -> it.condition().state() == NodeState.OPEN)
                .allMatch(it -> it.encrypts(kind) == Destination.Encrypts.NO);
    }

    /** Whose session a key belongs to. */
    void own(BackendKey key, Destination destination) {
        owners.put(key, destination);
    }

    void disown(BackendKey key, Destination destination) {
        owners.remove(key, destination);
    }

    /**
     * Where a cancel request goes: to the owner of the key, or, as it may be that of an encrypted
     * session, to all that have such. No other server heeds it.
     */
    List<Destination> owners(BackendKey key) {
        Destination owner = owners.get(key);
        return owner != null
                ? List.of(owner)
                : all().stream().filter(Destination::hasEncrypted).toList();
    }
}
