package org.pgchorus.link;

import org.pgchorus.model.Row;
import org.pgchorus.pgoutput.Message;

import java.util.ArrayList;
import java.util.List;

/**
 * The messages of the transaction under way, as long as they are few: enough to begin it again
 * without asking the source. One thread.
 */
final class Memory {
    /** Most transactions are far smaller; of a larger one nothing is kept. */
    private static final long LIMIT_BYTES = 1 << 20;

    private static final int OVERHEAD_BYTES = 200;

    private final List<Message> messages = new ArrayList<>();
    private long bytes;

    /** Keeps a message; with a Begin, forgets what was before. */
    void add(Message message) {
        if (message instanceof Message.Begin) {
            messages.clear();
            bytes = 0;
        }
        bytes += weight(message);
        if (isWhole()) {
            messages.add(message);
        } else {
            messages.clear();
        }
    }

    /** Whether the whole transaction so far is kept. */
    boolean isWhole() {
        return bytes <= LIMIT_BYTES;
    }

    /** The messages since Begin. */
    List<Message> messages() {
        return List.copyOf(messages);
    }

    /** About how much memory a message takes, in bytes. */
    static long weight(Message message) {
        long rows =
                switch (message) {
                    case Message.Insert(_, Row after) -> after.weightBytes();
                    case Message.Update(_, _, var before, Row after) ->
                            before.map(Row::weightBytes).orElse(0L) + after.weightBytes();
                    case Message.Delete(_, _, Row before) -> before.weightBytes();
                    case Message.LogicalMessage said -> said.content().remaining();
                    case Message.Begin _,
                            Message.Commit _,
                            Message.Origin _,
                            Message.Describe _,
                            Message.Type _,
                            Message.Truncate _ ->
                            0;
                };
        return rows + OVERHEAD_BYTES;
    }
}
