package org.pgchorus.conflict;

import org.pgchorus.model.Row;
import org.pgchorus.model.Stamp;

import java.util.List;

/** What stands in a simulated node's stream. Never compared, so its arrays do no harm. */
@SuppressWarnings("ArrayRecordComponent")
sealed interface Message {
    /** For a {@link Step}: every key of the table. */
    int ALL_KEYS = -1;

    /**
     * A transaction.
     *
     * @param index its place in the source's stream
     * @param saw how much of every node's stream the source had applied when it wrote, by node
     */
    record Writes(Stamp stamp, int index, List<Step> steps, int[] saw) implements Message {}

    /**
     * What a node tells of itself.
     *
     * @param micros its clock; everything it committed up to then is earlier in the stream, but for
     *     a little disorder
     * @param applied up to which commit time it has applied every node, by node
     */
    record Heartbeat(long micros, long[] applied) implements Message {}

    /**
     * One change of a transaction.
     *
     * @param replaced the key the row had before; another key if the change before this one is the
     *     delete of a move
     * @param change as it is sent: large unchanged values are missing
     * @param whole the row as it stands at the writer; empty row list for a delete
     */
    record Step(int key, int replaced, KeyChange change, List<Row> whole) {}
}
