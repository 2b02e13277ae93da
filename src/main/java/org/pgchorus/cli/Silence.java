package org.pgchorus.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;

import org.slf4j.LoggerFactory;

/** Commands that run daemons inside themselves, and whose output is a story, do not log. */
final class Silence {
    private Silence() {}

    /** The log would come between the lines; who asks for it gets it. */
    static void ofTheLog() {
        if (System.getenv("PGCHORUS_LOG_LEVEL") == null
                && LoggerFactory.getLogger("org.pgchorus") instanceof Logger logger) {
            logger.setLevel(Level.OFF);
        }
    }
}
