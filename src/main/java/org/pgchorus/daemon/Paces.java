package org.pgchorus.daemon;

import org.pgchorus.link.Link;
import org.pgchorus.link.LinkReport;
import org.pgchorus.pg.Session;
import org.pgchorus.sql.PaceSql;

import java.util.HashMap;
import java.util.Map;

/**
 * Writes down what a transaction takes on each link that ends at a node, for those who tell its lag
 * in transactions. A database of an older version may have no room for that; then nothing is said.
 *
 * <p>Belongs to the node's thread.
 */
final class Paces {
    private static final long WRITE_MILLIS = 2000;

    private final Session control;
    private final String note;
    private final boolean kept;
    private final Every write = new Every(WRITE_MILLIS);
    private final Map<Integer, Pace> links = new HashMap<>();
    private final Map<Integer, Long> written = new HashMap<>();

    private Paces(Session control, String isKept, String note) {
        this.control = control;
        this.note = note;
        this.kept = control.value(isKept).equals("t");
    }

    static Paces ofNode(Session control) {
        return new Paces(control, PaceSql.NODE_KEEPS, PaceSql.NODE_NOTES);
    }

    /** Its one link is called 0. */
    static Paces ofFollower(Session control) {
        return new Paces(control, PaceSql.FOLLOWER_KEEPS, PaceSql.FOLLOWER_NOTES);
    }

    /** Looks at the links, by their writers' ids; now and then writes what it knows. */
    void look(Map<Integer, Link> all) {
        links.keySet().retainAll(all.keySet());
        written.keySet().retainAll(all.keySet());
        all.forEach((id, link) -> {
            LinkReport report = link.report();
            links.computeIfAbsent(id, _ -> new Pace())
                    .look(report.sourceAppliedLsn(), report.transactions());
        });
        if (kept && write.due()) {
            links.forEach((id, pace) -> pace.bytesPerTransaction().ifPresent(it -> note(id, it)));
        }
    }

    private void note(int id, long bytes) {
        if (!Long.valueOf(bytes).equals(written.put(id, bytes))) {
            control.update(note, bytes, id);
        }
    }
}
