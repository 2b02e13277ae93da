package org.pgchorus.link;

import org.pgchorus.sql.MemberSql;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What is said in a node's log about replication itself, in order with the node's changes. */
public sealed interface Announcement {
    /** The text form. */
    String text();

    /**
     * What a node's daemon says a few times a second.
     *
     * <p>Text form: {@code heartbeat 5f0c11 ready 2:734123456789 3:734123456790}.
     *
     * @param tenure the name of the daemon's tenure
     * @param state the node's own state, {@code joining} or {@code ready}
     * @param appliedMicros by node id, the commit time up to which the sender had applied it
     */
    record Heartbeat(String tenure, String state, Map<Integer, Long> appliedMicros)
            implements Announcement {
        /** Copies the map. */
        public Heartbeat {
            appliedMicros = Map.copyOf(appliedMicros);
        }

        @Override
        public String text() {
            StringBuilder text = new StringBuilder("heartbeat " + tenure + " " + state);
            new TreeMap<>(appliedMicros)
                    .forEach((node, at) -> text.append(' ').append(node).append(':').append(at));
            return text.toString();
        }
    }

    /** Somebody waits until everything before it is applied. Text form: {@code fence}. */
    record Fence() implements Announcement {
        @Override
        public String text() {
            return MemberSql.FENCE;
        }
    }

    /** Reads the text form; empty if it is some other message, such as a later version's. */
    static Optional<Announcement> parse(ByteBuffer content) {
        String[] words = StandardCharsets.UTF_8.decode(content).toString().split(" ", -1);
        if (words[0].equals(MemberSql.FENCE)) {
            return Optional.of(new Fence());
        }
        if (words.length < 3 || !words[0].equals("heartbeat")) {
            return Optional.empty();
        }
        Map<Integer, Long> applied = new TreeMap<>();
        for (int i = 3; i < words.length; i++) {
            String[] parts = words[i].split(":", -1);
            if (parts.length != 2
                    || !parts[0].matches("\\d{1,5}")
                    || !parts[1].matches("-?\\d{1,19}")) {
                return Optional.empty();
            }
            applied.put(Integer.parseInt(parts[0]), Long.parseLong(parts[1]));
        }
        return Optional.of(new Heartbeat(words[1], words[2], applied));
    }
}
