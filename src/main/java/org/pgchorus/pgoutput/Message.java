package org.pgchorus.pgoutput;

import org.pgchorus.model.Lsn;
import org.pgchorus.model.Relation;
import org.pgchorus.model.Row;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/**
 * One message of {@code pgoutput}, protocol version 1, as the source sent it.
 *
 * <p>Immutable as long as nobody writes to the array it was decoded from: rows and message contents
 * are views into it. {@code relation}: the oid of a table at the source, described by an earlier
 * {@link Describe}. Oids and transaction ids are unsigned 32-bit numbers, kept as {@code int}.
 * {@code commitMicros}: microseconds since 2000-01-01 UTC by the source's clock. Every {@link Lsn}
 * is in the source's log unless its field says otherwise.
 *
 * <p>Source: PostgreSQL manual, "Logical Replication Message Formats".
 */
public sealed interface Message {
    /**
     * A transaction starts; all that follows up to its {@link Commit} belongs to it.
     *
     * @param commitLsn where its commit record begins, known here because only committed
     *     transactions are sent
     */
    record Begin(Lsn commitLsn, long commitMicros, int xid) implements Message {}

    /**
     * The transaction is complete.
     *
     * @param commitLsn where its commit record begins
     * @param endLsn where its commit record ends: the position to acknowledge
     */
    record Commit(Lsn commitLsn, Lsn endLsn, long commitMicros) implements Message {}

    /**
     * The transaction was itself applied at the source from elsewhere.
     *
     * @param commitLsn the position of the commit in the log of the node it came from
     * @param name the source's name of that replication origin
     */
    record Origin(Lsn commitLsn, String name) implements Message {}

    /** What a table looks like; sent before its first change and again after it was altered. */
    record Describe(Relation relation) implements Message {}

    /** The name of a type that is not built in; sent before the first table that has it. */
    record Type(int oid, String schema, String name) implements Message {}

    /** A new row. */
    record Insert(int relation, Row after) implements Message {}

    /**
     * A changed row.
     *
     * @param keyOnly whether {@code before} holds only the columns of the replica identity, the
     *     others null; false if there is no {@code before}
     * @param before the old row or its key; empty if the key did not change and the identity is not
     *     full
     * @param after the new row; large unchanged values may be missing
     */
    record Update(int relation, boolean keyOnly, Optional<Row> before, Row after)
            implements Message {
        /** Refuses a key-only row that is not there. */
        public Update {
            if (keyOnly && before.isEmpty()) {
                throw new IllegalArgumentException("key only, but there is no row before");
            }
        }
    }

    /**
     * A deleted row.
     *
     * @param keyOnly whether {@code before} holds only the columns of the replica identity, the
     *     others null
     */
    record Delete(int relation, boolean keyOnly, Row before) implements Message {}

    /** Tables emptied by one command. */
    record Truncate(List<Integer> relations, boolean cascade, boolean restartIdentity)
            implements Message {
        /** Copies the list. */
        public Truncate {
            relations = List.copyOf(relations);
        }
    }

    /**
     * What somebody said at the source with {@code pg_logical_emit_message}.
     *
     * @param transactional whether it belongs to the transaction around it; if not, it may come
     *     outside of any, and the one who said it may have rolled back
     * @param lsn where the message stands in the source's log
     * @param content the bytes said, in no particular encoding; a read-only view
     */
    record LogicalMessage(boolean transactional, Lsn lsn, String prefix, ByteBuffer content)
            implements Message {
        /** Takes a read-only view of its own, so that no reader moves another's position. */
        public LogicalMessage {
            content = content.slice().asReadOnlyBuffer();
        }

        /** A fresh read-only view of the content, from its first byte to its last. */
        @Override
        public ByteBuffer content() {
            return content.duplicate();
        }
    }
}
