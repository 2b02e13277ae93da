package org.pgchorus.demo;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * How a throw-away server is to be.
 *
 * @param major PostgreSQL's major version, 12 to 18; nodes of a group need {@link #OLDEST_NODE}
 * @param port on 127.0.0.1; 0 chooses a free one
 * @param settings of {@code postgresql.conf}, over the defaults
 * @param environment variables for the server, such as {@code LD_PRELOAD} and {@code FAKETIME}
 * @param keepIn a directory to use and to keep; if it has a server's data already, that server is
 *     started again. It must belong to one server at a time
 */
public record ServerOptions(
        int major,
        int port,
        Map<String, String> settings,
        Map<String, String> environment,
        Optional<Path> keepIn) {
    static final int OLDEST_NODE = 14;

    /** Followers may be fed from it. */
    private static final int OLDEST = 12;

    private static final int NEWEST = 18;
    private static final int LAST_PORT = 65_535;

    /** Refuses versions and ports that do not exist, and what is no name of a variable. */
    public ServerOptions {
        if (major < OLDEST || major > NEWEST) {
            throw new IllegalArgumentException(
                    "PostgreSQL %d is not among those supported, %d to %d"
                            .formatted(major, OLDEST, NEWEST));
        }
        if (port < 0 || port > LAST_PORT) {
            throw new IllegalArgumentException("port " + port + " is not from 0 to 65535");
        }
        for (String name : environment.keySet()) {
            if (!name.matches("[A-Za-z_][A-Za-z0-9_]*")) {
                throw new IllegalArgumentException("no environment variable: " + name);
            }
        }
        settings = Map.copyOf(settings);
        environment = Map.copyOf(environment);
    }

    /** The given version, a free port, the default settings, nothing kept. */
    public static ServerOptions of(int major) {
        return new ServerOptions(major, 0, Map.of(), Map.of(), Optional.empty());
    }

    public ServerOptions port(int chosen) {
        return new ServerOptions(major, chosen, settings, environment, keepIn);
    }

    public ServerOptions setting(String name, String value) {
        return new ServerOptions(major, port, with(settings, name, value), environment, keepIn);
    }

    public ServerOptions environment(String name, String value) {
        return new ServerOptions(major, port, settings, with(environment, name, value), keepIn);
    }

    public ServerOptions keepIn(Path directory) {
        return new ServerOptions(major, port, settings, environment, Optional.of(directory));
    }

    private static Map<String, String> with(Map<String, String> map, String name, String value) {
        var changed = new HashMap<>(map);
        changed.put(name, value);
        return changed;
    }
}
