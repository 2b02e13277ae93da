package org.pgchorus.cli;

import java.io.Console;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;

/**
 * What a command sees of the process it runs in. Immutable.
 *
 * @param environment the environment variables
 * @param interactive whether a person sits at a terminal: progress is a bar there, lines elsewhere
 * @param clock what time it is
 */
record Surroundings(Map<String, String> environment, boolean interactive, InstantSource clock) {
    /** Those of this process. */
    static Surroundings ofProcess() {
        boolean interactive =
                Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent();
        return new Surroundings(System.getenv(), interactive, InstantSource.system());
    }
}
