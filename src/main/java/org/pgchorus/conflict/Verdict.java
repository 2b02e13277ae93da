package org.pgchorus.conflict;

import org.pgchorus.model.Row;

/** What to do with the key of an incoming change. */
public sealed interface Verdict {
    /**
     * Make this the row, whatever stands there, under the incoming stamp.
     *
     * @param after complete
     */
    record Write(Row after) implements Verdict {}

    /**
     * Remove the row if there is one, and leave a tombstone with the incoming stamp in any case.
     */
    record Erase() implements Verdict {}

    /** Leave everything as it is. */
    record Keep() implements Verdict {}

    /**
     * The change wins, but its row lacks large unchanged values that what stands under its key
     * cannot supply. A row that was moved here may be had from its old key: {@link
     * Referee#completedByMove}. Otherwise ask the writer now, and {@link Referee#complete}. The
     * change is never skipped.
     */
    record Complete() implements Verdict {}

    /**
     * A function that the table's policy names makes one row of the one that stands here and the
     * incoming one; it stands under the higher of both stamps, so that all nodes agree on it.
     */
    record Combine() implements Verdict {}

    /** Nothing may be done, here or later on the same link, before a person has chosen. */
    record Halt() implements Verdict {}
}
