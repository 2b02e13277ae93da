package org.pgchorus.route;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** What happened to clients so far. Any thread. */
final class Counters {
    private final Map<Event, LongAdder> counts = new EnumMap<>(Event.class);

    Counters() {
        for (Event event : Event.values()) {
            counts.put(event, new LongAdder());
        }
    }

    /** Something that is counted; the names are those on the page and in the metrics. */
    enum Event {
        ACCEPTED("accepted", "Connections of clients."),
        REFUSED_FULL("refused_full", "Clients refused because there were too many."),
        REFUSED_NO_NODE("refused_no_node", "Clients refused because no node could take them."),
        REFUSED_REPLICATION("refused_replication", "Clients refused that asked for a walsender."),
        MALFORMED("malformed", "Connections that did not begin as PostgreSQL's do."),
        LATE("late", "Connections that took too long to begin, or were pushed out."),
        RETRIED("retried", "Clients that were led to another node when one did not take them."),
        CANCELS("cancels", "Cancel requests passed on."),
        CANCELS_UNKNOWN("cancels_unknown", "Cancel requests that no session here is known for.");

        private final String label;
        private final String meaning;

        Event(String label, String meaning) {
            this.label = label;
            this.meaning = meaning;
        }

        String label() {
            return label;
        }

        String meaning() {
            return meaning;
        }
    }

    void count(Event event) {
        counts.get(event).increment();
    }

    long of(Event event) {
        return counts.get(event).sum();
    }
}
