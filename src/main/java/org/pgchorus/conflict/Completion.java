package org.pgchorus.conflict;

import org.pgchorus.model.Row;
import org.pgchorus.model.Stamp;

/** What becomes of a change that lacked values, once its writer was asked. */
public sealed interface Completion {
    /**
     * Make this the row, under this stamp: the incoming change's, or that of the version that has
     * replaced it at the writer, maybe another node's. In the latter case commit wait holds for it
     * too: not before the local clock has passed the stamp's time.
     *
     * @param row complete
     */
    record Write(Row row, Stamp stamp) implements Completion {}

    /**
     * Remove the row if there is one, and leave a tombstone with this stamp in any case, but not
     * before the local clock has passed its time.
     */
    record Erase(Stamp stamp) implements Completion {}

    /** Leave everything as it is: what stands here is no older than what the writer shows. */
    record Keep() implements Completion {}

    /** Ask the writer again later: the change's transaction is not visible there yet. */
    record Wait() implements Completion {}
}
