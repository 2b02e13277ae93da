package org.pgchorus.demo;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a demonstration is to be like.
 *
 * @param nodes how many servers, 2 to 9
 * @param seconds how long to write; 0 until told to end
 * @param ratePerSecond transactions a second in all, 1 to 100000
 * @param firstPort of the first server, the others follow; if empty, 5441 or else free ones
 * @param major PostgreSQL's major version, 14 to 18
 * @param keepIn a directory for the servers' data that stays; if empty, nothing stays
 */
public record DemoOptions(
        int nodes,
        int seconds,
        int ratePerSecond,
        OptionalInt firstPort,
        int major,
        Optional<Path> keepIn) {
    static final int USUAL_PORT = 5441;

    /** One digit: names and ports of more would say less at a glance, and a laptop would swap. */
    private static final int MOST_NODES = 9;

    private static final int HIGHEST_RATE = 100_000;
    private static final int LAST_PORT = 65_535;

    /** Refuses what cannot be, and says what can. */
    public DemoOptions {
        if (nodes < 2 || nodes > MOST_NODES) {
            throw new IllegalArgumentException(
                    "--nodes must be from 2 to %d, not %d".formatted(MOST_NODES, nodes));
        }
        if (seconds < 0) {
            throw new IllegalArgumentException(
                    "--seconds must be 0 (until Ctrl-C) or more, not " + seconds);
        }
        if (ratePerSecond < 1 || ratePerSecond > HIGHEST_RATE) {
            throw new IllegalArgumentException(
                    "--rate must be from 1 to %d transactions a second, not %d"
                            .formatted(HIGHEST_RATE, ratePerSecond));
        }
        ServerOptions.of(major); // refuses versions there are not
        if (major < ServerOptions.OLDEST_NODE) {
            throw new IllegalArgumentException(
                    "PostgreSQL %d is too old for a node: from %d on"
                            .formatted(major, ServerOptions.OLDEST_NODE));
        }
        int port = firstPort.orElse(USUAL_PORT);
        if (port < 1 || port + nodes - 1 > LAST_PORT) {
            throw new IllegalArgumentException(
                    "--port must be from 1 to %d for %d servers, not %d"
                            .formatted(LAST_PORT - nodes + 1, nodes, port));
        }
    }

    /** The given number of nodes and seconds; all else as the command line has it by default. */
    public static DemoOptions of(int nodes, int seconds) {
        return new DemoOptions(nodes, seconds, 200, OptionalInt.empty(), 18, Optional.empty());
    }
}
