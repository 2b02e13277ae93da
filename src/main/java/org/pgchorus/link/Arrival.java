package org.pgchorus.link;

import org.pgchorus.model.Lsn;
import org.pgchorus.pgoutput.Message;

import java.util.ArrayList;
import java.util.List;

/** One transaction of the source as it comes in. One thread. */
final class Arrival {
    /** A transaction is kept up to this share of the memory, so that it can be begun again. */
    private static final long MEMORY_SHARE = 128;

    /** So much of one is kept at most; of a group as well. */
    static final long KEPT_BYTES =
            Math.clamp(Runtime.getRuntime().maxMemory() / MEMORY_SHARE, 1L << 20, 8L << 20);

    private final Message.Begin begin;
    private final long cameNanos;
    private final List<Message> messages = new ArrayList<>();
    private final List<Change> changes = new ArrayList<>();
    private long bytes;
    private Lsn endLsn = Lsn.ZERO;
    private boolean careful;
    private boolean others;
    private boolean last;

    /**
     * @param cameNanos when it began to come, by {@link System#nanoTime}
     */
    Arrival(Message.Begin begin, long cameNanos) {
        this.begin = begin;
        this.cameNanos = cameNanos;
        add(begin);
    }

    long micros() {
        return begin.commitMicros();
    }

    Lsn commitLsn() {
        return begin.commitLsn();
    }

    int xid() {
        return begin.xid();
    }

    long cameNanos() {
        return cameNanos;
    }

    /** Where it ends in the source's log, once it is complete. */
    Lsn endLsn() {
        return endLsn;
    }

    void endsAt(Lsn sourceEndLsn) {
        endLsn = sourceEndLsn;
    }

    /** All messages of it so far. */
    List<Message> messages() {
        return messages;
    }

    /** Its changes in the form in which they can be made in bulk. */
    List<Change> changes() {
        return changes;
    }

    /** About how much memory it takes. */
    long bytes() {
        return bytes;
    }

    void add(Message message) {
        messages.add(message);
        bytes += Memory.weight(message);
    }

    /** What was known of a table before this transaction's later changes of it. */
    void describeFirst(Message.Describe describe) {
        messages.add(1, describe);
    }

    void add(Change change) {
        changes.add(change);
        last |= change.key() == null;
    }

    /** Lets go of what has come of it. */
    void forget() {
        messages.clear();
        changes.clear();
    }

    /** It has to go row by row. */
    void needsCare() {
        careful = true;
        changes.clear();
    }

    boolean isCareful() {
        return careful;
    }

    /** It was applied at the source from elsewhere: nothing of it is ours. */
    void isOthers() {
        others = true;
        changes.clear();
    }

    boolean others() {
        return others;
    }

    /** Whether it has to be the last of a group: rows without a key have no stamps of their own. */
    boolean isLast() {
        return last;
    }

    /** Whether all of it is here, and it changes rows; not if it was let go of. */
    boolean isWholeChange() {
        boolean changesRows =
                messages.stream()
                        .anyMatch(message ->
                                message instanceof Message.Insert
                                        || message instanceof Message.Update
                                        || message instanceof Message.Delete
                                        || message instanceof Message.Truncate);
        return changesRows && messages.getLast() instanceof Message.Commit;
    }

    /** Whether it has changes of a relation. */
    boolean touches(int relation) {
        return messages.stream()
                .anyMatch(message ->
                        switch (message) {
                            case Message.Insert insert -> insert.relation() == relation;
                            case Message.Update update -> update.relation() == relation;
                            case Message.Delete delete -> delete.relation() == relation;
                            case Message.Truncate truncate ->
                                    truncate.relations().contains(relation);
                            default -> false;
                        });
    }
}
