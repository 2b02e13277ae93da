package org.pgchorus.verify;

/** What is known of one table after it was compared. */
public sealed interface Outcome {
    /** Every row of every node was compared, and is the same. */
    record Equal() implements Outcome {}

    /**
     * Rows differ, or the tables are not made alike.
     *
     * @param rows how many differ; 0 if only the tables are not made alike
     * @param more whether there may be more: it stopped there, or not all could be told
     */
    record Differs(long rows, boolean more) implements Outcome {}

    /**
     * Rows differed at every reading, but never stood still, or what is under way did not arrive.
     */
    record Unsettled(long rows, String reason) implements Outcome {}

    /** Not everything was compared. */
    record Incomplete(String reason) implements Outcome {}
}
