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
     * The change wins, but its row lacks large unchanged values that no row here can supply. Read
     * the row from its writer now:
     *
     * <ul>
     *   <li>it still has exactly the incoming stamp: write it, under that stamp;
     *   <li>it is gone or has another stamp: the change is superseded, skip it. A version that
     *       beats it is on its way. Remember the highest stamp skipped under this key, in the same
     *       transaction, and give it to {@link Sight#afterSkipping} in later decisions about the
     *       key. It may be forgotten when a version with a higher stamp stands under the key, and
     *       not before, however old it is.
     * </ul>
     */
    record Complete() implements Verdict {}
}
