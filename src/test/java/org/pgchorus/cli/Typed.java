package org.pgchorus.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;

/** One command line, run inside the test: its status and what it printed. */
record Typed(int status, String out, String err) {
    static final Instant NOW = Instant.parse("2026-11-20T08:00:00Z");

    /** Runs words with an empty environment. */
    static Typed of(String... words) {
        return with(Map.of(), words);
    }

    static Typed with(Map<String, String> environment, String... words) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int status =
                CommandLines.run(
                        new Surroundings(environment, false, InstantSource.fixed(NOW)),
                        new PrintWriter(out, true),
                        new PrintWriter(err, true),
                        words);
        return new Typed(status, out.toString(), err.toString());
    }
}
