package org.pgchorus.bench;

import org.pgchorus.config.Address;
import org.pgchorus.pg.Session;

import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * What people do by hand: {@code COPY ... TO STDOUT | COPY ... FROM STDIN}, whole tables, in binary
 * form, some at once. No snapshot in common, no stamps, nothing that goes on afterwards.
 */
final class Pipe {
    private Pipe() {}

    /** Copies the tables; returns when all are committed. */
    static void copy(Address from, Address to, List<String> tables, int jobs) {
        Queue<String> queue = new ConcurrentLinkedQueue<>(tables);
        SideBySide.run(Collections.nCopies(jobs, () -> work(from, to, queue)));
    }

    private static void work(Address from, Address to, Queue<String> tables) {
        try (Session source = Session.open(from, "pgchorus bench");
                Session target = Session.open(to, "pgchorus bench")) {
            for (String table = tables.poll(); table != null; table = tables.poll()) {
                source.copyTo(
                        target,
                        "COPY %s TO STDOUT (FORMAT binary)".formatted(table),
                        "COPY %s FROM STDIN (FORMAT binary)".formatted(table),
                        _ -> {});
            }
        }
    }
}
