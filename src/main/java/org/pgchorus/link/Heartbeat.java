package org.pgchorus.link;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a node's daemon says in its own log a few times a second, in order with the node's changes.
 *
 * <p>Text form: {@code heartbeat ready 2:734123456789 3:734123456790}, or {@code fence} in place of
 * {@code heartbeat} when somebody waits for it to be applied.
 *
 * @param fence whether the receiver should make its position durable now
 * @param state the node's own state, {@code joining} or {@code ready}
 * @param appliedMicros by node id, the commit time up to which the sender had applied it
 */
public record Heartbeat(boolean fence, String state, Map<Integer, Long> appliedMicros) {
    /** Sorted, so that equal heartbeats have one text. */
    public Heartbeat {
        appliedMicros = Map.copyOf(appliedMicros);
    }

    /** The text form. */
    public String text() {
        StringBuilder text = new StringBuilder(fence ? "fence " : "heartbeat ").append(state);
        new TreeMap<>(appliedMicros)
                .forEach(
                        (node, micros) -> text.append(' ').append(node).append(':').append(micros));
        return text.toString();
    }

    /** Reads the text form; empty if it is some other message, such as a later version's. */
    public static Optional<Heartbeat> parse(ByteBuffer content) {
        String[] words = StandardCharsets.UTF_8.decode(content).toString().split(" ");
        boolean fence = words[0].equals("fence");
        if (words.length < 2 || !(fence || words[0].equals("heartbeat"))) {
            return Optional.empty();
        }
        Map<Integer, Long> applied = new TreeMap<>();
        for (int i = 2; i < words.length; i++) {
            String[] parts = words[i].split(":");
            if (parts.length != 2
                    || !parts[0].matches("\\d{1,5}")
                    || !parts[1].matches("-?\\d{1,19}")) {
                return Optional.empty();
            }
            applied.put(Integer.parseInt(parts[0]), Long.parseLong(parts[1]));
        }
        return Optional.of(new Heartbeat(fence, words[1], applied));
    }
}
